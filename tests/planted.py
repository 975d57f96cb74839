"""The faults of `tests.faults`: each an exact edit of one file, and the tests that have to see it.

Nobody writes them on purpose; each is what a hurried hand leaves behind when lines are moved, a part is added, a name is mistaken.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """`old` stands in the file once, and `new` is put in its place."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    """As pytest names them. Frozen digests and generated worlds do not count: they see that something is wrong, not what is right."""


_WORLD, _DISPATCH, _DESK, _LEDGER = (f"sim/engine/{name}.py" for name in ("world", "dispatch", "desk", "ledger"))
_REPLICATION, _LOOKAHEAD = "sim/engine/replicate.py", "sim/engine/lookahead.py"
_BUILD, _BACKEND, _QUEUE = (f"sim/backends/{name}.py" for name in ("build", "backend", "queue"))
_MARKET, _ROUTER, _RUN, _WORKLOAD, _BUDGET, _AGENT, _TRAITS = (
    f"sim/settings/{name}.py" for name in ("market", "router", "run", "workload", "budget", "agent", "traits")
)
_PRICING, _OF_PRICING, _BY_HAND = "sim/backends/pricing.py", "tests/backends/test_pricing.py::", "tests/backends/test_bills_by_hand.py::"
_CALENDAR, _TARIFF, _OF_TARIFF = "sim/calendar.py", "sim/backends/tariff.py", "tests/backends/test_tariff.py::"
_BUDGETS, _OF_BUDGETS = "sim/engine/budgets.py", "tests/engine/test_budgets.py::"
_OF_FORECAST = "tests/theory/expected/test_forecast.py::"
_LIMITS, _OF_LIMITS = "sim/backends/limits.py", "tests/backends/test_limits.py::"
_OF_SERVICE = "tests/backends/test_service.py::"
_CACHE, _OF_CACHE = "sim/backends/cache.py", "tests/backends/test_cache.py::"
_TALLY, _OF_TALLY = "sim/meter/tally.py", "tests/meter/test_tally.py::"
_CLOCKS = ("tests/test_calendar.py::test_day_and_second_are_those_of_the_clocks_there",)
_DECISIONS, _SOURCES, _COUPLING = "sim/sampling/decisions.py", "sim/workload/sources.py", "sim/scenario/coupling.py"

_OF_WORLD, _OF_BUILD, _OF_TRAITS = "tests/engine/test_world.py::", "tests/backends/test_build.py::", "tests/settings/test_traits.py::"
_OF_DRAWS, _OF_TABLE, _OF_AHEAD = "tests/sampling/test_draws.py::", "tests/sampling/test_decisions.py::", "tests/engine/test_lookahead.py::"
_LINE = (f"{_OF_AHEAD}test_where_a_line_forms_the_run_starts_again",)
_SLOTS = (f"{_OF_WORLD}test_meter_and_laws_know_the_slots_of_the_settings_whoever_looks",)
_EACH_WAITS = (f"{_OF_WORLD}test_every_backend_serves_as_many_as_it_has_slots_and_the_rest_wait",)
_LISTS = (f"{_OF_WORLD}test_every_backend_charges_by_its_own_list",)
_THROUGH = (f"{_OF_WORLD}test_a_ledger_lets_every_row_through",)
_TOLD = (f"{_OF_WORLD}test_a_policy_that_learns_is_told_of_every_task_what_it_cost_how_long_it_was_worked_on_and_whether_it_is_solved",)
_OUTLASTS = (f"{_OF_WORLD}test_nothing_of_a_call_that_outlasts_the_run_is_in_its_books_whichever_way_it_is_run",)
_SLOT_BACK = (f"{_OF_WORLD}test_a_failed_attempt_gives_its_slot_back_and_one_that_never_had_a_slot_does_not",)
_PARTS = (f"{_OF_BUILD}test_each_part_does_its_work_by_itself",)
_SHARE = (f"{_OF_BUILD}test_a_shard_has_its_share_of_what_is_shared",)
_BATCH = (f"{_OF_BUILD}test_the_batch_queue_has_no_doors",)
_STEPS = (f"{_OF_TRAITS}test_what_touches_others_is_run_step_by_step",)
_TOUCH = (f"{_OF_TRAITS}test_the_settings_that_touch_other_tasks_are_these",)
_UNDECLARED = (f"{_OF_TRAITS}test_what_declares_nothing_is_taken_to_touch_everything_once_it_is_set",)
_WHERE = (f"{_OF_DRAWS}test_every_draw_is_made_where_the_table_says_and_nowhere_else",)
_TOLD_TO_WAIT = ("tests/backends/test_admission.py::test_a_client_waits_as_long_as_it_is_told",)

_COMPILED, _OF_TWIN = "sim/engine/compiled/", "tests/engine/compiled/test_desk.py::test_named_worlds_have_the_same_bits"
_OF_BATCH = "tests/engine/compiled/test_batch.py::"

_SEATS = "sim/engine/seats/seats.py"
_OF_EVENTS, _OF_SEATS = "tests/settings/events/test_event.py::", "tests/engine/seats/test_seats.py::"

_FALLBACK = "sim/router/fallback.py"
_RETRIES = ("tests/router/test_fallback.py::test_two_retries_then_the_next_backend_and_each_call_begins_anew",)
_COOLED = ("tests/router/test_fallback.py::test_fails_of_more_than_a_minute_ago_count_no_more",)

_LOG, _BILL, _OF_CLAUDE = "sim/logs/gathered/rows.py", "sim/results/billed/bill.py", "tests/logs/readers/harnesses/test_claude_code.py::"

FAULTS = {
    # logs of others
    "a call counts as often as it is in the log": Fault(
        _LOG, "if slot != self._rows:", "if False:",
        (f"{_OF_CLAUDE}test_a_call_is_one_however_many_lines_it_has",),
    ),
    "the first copy is kept, whatever it says": Fault(
        _LOG, "(row, old) if (row[_RANK], _total(row)) > (old[_RANK], _total(old)) else (old, row)", "(old, row)",
        (f"{_OF_CLAUDE}test_of_copies_the_main_thread_comes_first_then_the_whole_answer",),
    ),
    "who counts reads beside input is not believed for its other calls": Fault(
        "sim/logs/whole.py", "beside |= its", "beside |= shows",
        ("tests/logs/readers/gateways/test_otel.py::test_who_counts_reads_beside_input_shows_it_and_is_believed",),
    ),
    "the hour's writes cost what five minutes' do": Fault(
        _BILL, "short[:, WRITE] += hour *", "short[:, WRITE] += 0 *",
        (f"{_OF_CLAUDE}test_what_is_written_for_an_hour_has_its_own_price",),
    ),
    "an hour's cache is thought to die after five minutes": Fault(
        "sim/results/billed/rewritten.py", '(calls["cache_write_1h_tokens"][last] > 0, ONE_HOUR_S, lives)',
        '(calls["cache_write_1h_tokens"][last] > 0, lives, lives)',
        ("tests/results/billed/test_rewritten.py::test_an_hours_cache_lives_for_an_hour",),
    ),
    "a log's batch is priced as if it were none": Fault(
        _BILL, "(of_batch == batch)", "np.array(not batch)",
        (f"{_OF_CLAUDE}test_tiers_of_service_searches_and_dollars_are_kept",),
    ),
    "a child's replay of its parent is work": Fault(
        "sim/logs/readers/harnesses/codex.py", "if mark and mark in", "if mark not in",
        ("tests/logs/readers/harnesses/test_codex.py::test_a_child_begins_with_a_replay_of_its_parent",),
    ),
    "a span that sums up others is a call": Fault(
        "sim/logs/readers/gateways/otel.py", "if place in sums:", "if False:",
        ("tests/logs/readers/gateways/test_otel.py::test_of_two_libraries_that_see_one_call_the_inner_one_counts",),
    ),
    # fallback, and waits over the attempts of a call
    "the next backend has one retry less": Fault(_FALLBACK, "call.since = call.attempt + 1", "call.since = call.attempt", _RETRIES),
    "fails are counted for ever": Fault(_FALLBACK, "while left[0] <= now - MINUTE_S:", "while left[0] <= now - 1e9:", _COOLED),
    "a wait begins with the last attempt": Fault(
        "sim/meter/waits.py", "+= asked - call.ended_s", "+= 0 * (asked - call.ended_s)",
        ("tests/meter/test_waits.py::test_a_call_waits_from_its_first_request_to_the_attempt_that_answers_however_its_rows_come",),
    ),
    # how far it is
    "whoever has called before is connected": Fault(
        "sim/backends/service.py", "call.connected_to is call.backend and now <= call.connected_until", "call.connected_to is call.backend",
        ("tests/settings/provider/test_place.py::test_a_connection_is_made_once_and_lasts_until_it_is_not_used",),
    ),
    "a connection to anybody is one to all": Fault(
        "sim/backends/service.py", "connected = call.connected_to is call.backend and now", "connected = now",
        ("tests/settings/provider/test_place.py::test_every_agent_has_its_own_and_one_to_each_backend",),
    ),
    "a connection outlives what an outage breaks off": Fault(
        "sim/backends/service.py", "        call.connected_to = None\n", "        self._stay_connected(call, breaks_s)\n",
        ("tests/settings/provider/test_place.py::test_what_fails_keeps_its_connection_but_not_what_an_outage_breaks_off",),
    ),
    "handshakes go through the gateway": Fault(
        "sim/settings/provider/place.py", "self.handshake_round_trips * there_and_back_s", "self.handshake_round_trips * far.network_rtt_s",
        ("tests/settings/provider/test_place.py::test_a_gateway_is_on_the_way_of_every_attempt_and_handshakes_go_without_it",),
    ),
    # the provider's side
    "what a cache had is prefilled too": Fault(
        "sim/results/provider/sides.py", "fleet.serves(whole - cached, cached,", "fleet.serves(whole, cached,",
        ("tests/results/provider/test_sides.py::test_energy_and_cost_are_those_of_the_tokens",),
    ),
    "a router's surcharge is its provider's": Fault(
        "sim/results/provider/sides.py", "index) / (1 + providers.surcharges[index])", "index)",
        ("tests/results/provider/test_sides.py::test_what_those_who_serve_take_in_is_what_users_pay",),
    ),
    "tokens are exported by whose model it is": Fault(
        "sim/results/provider/sides.py", "served_in = tuple(model.served_in for", "served_in = tuple(model.origin for",
        ("tests/results/provider/test_sides.py::test_tokens_are_exported_by_where_they_are_served_and_not_by_whose_model_it_is",),
    ),
    "calls that seats cover are paid by the list": Fault(
        "sim/results/provider/sides.py", "seated=bool(plan.name),", "seated=False,",
        ("tests/results/provider/test_sides.py::test_with_seats_they_take_in_the_fees_and_what_goes_beyond",),
    ),
    # events, and who pays
    "nobody is launched or retired": Fault(
        _BUILD, "        presence=presence(scenario.events_of(plan.name), scenario.start_time()),\n", "",
        (f"{_OF_EVENTS}test_before_its_launch_no_router_picks_a_backend",),
    ),
    "everybody meets the events of all backends": Fault(
        _BUILD, "lists_over_time(scenario.market.models[name], scenario.events_of(name), start)",
        "lists_over_time(scenario.market.models[name], scenario.events, start)",
        (f"{_OF_EVENTS}test_routers_follow_a_price_at_its_second",),
    ),
    "a price holds a second too late": Fault(
        _PRICING, "bisect_right(self._from_s, t_s) - 1", "bisect_right(self._from_s, t_s - 1) - 1",
        (f"{_OF_EVENTS}test_a_router_at_the_very_second_of_a_change",),
    ),
    "an agent stays with who is gone": Fault(
        _LOOKAHEAD, " or (self._come_and_go and not backend.there)", "",
        (f"{_OF_EVENTS}test_an_agent_goes_on_elsewhere_without_its_cache",),
    ),
    "a retry goes to who is gone": Fault(
        _DISPATCH, "if self._come_and_go and not backend.there:\n            backend = self.choose(call)\n            if call.input",
        "if False:\n            backend = self.choose(call)\n            if call.input",
        (f"{_OF_EVENTS}test_a_call_that_tries_again_goes_to_who_is_there_then",),
    ),
    "what seats covered is not handed over": Fault(
        _WORLD, "tally.seats = self.ledger.seats.sums", "pass", (f"{_OF_SEATS}test_what_a_seat_is_worth_by_hand",),
    ),
    "seats cover everybody's backends": Fault(
        _SEATS, "covered = backend.covered and", "covered =",
        (f"{_OF_SEATS}test_dollars_are_conserved_between_seats_overflow_and_vendors",),
    ),
    "what goes beyond takes from the windows": Fault(
        _SEATS, "        if covered:\n", "        if backend.covered:\n",
        (f"{_OF_SEATS}test_what_goes_beyond_is_paid_by_the_list_and_takes_nothing_from_the_window",),
    ),
    # order of construction, and what is handed over at birth
    "the meter sees unlimited slots": Fault(
        _WORLD, "[plan.slots for plan in plans]", "[math.inf if lookahead else plan.slots for plan in plans]", _LINE
    ),
    "plans have no limit before the meter is born": Fault(
        _WORLD, "plans = blueprints(scenario, shard, some_batch=some_batch)",
        "plans = [plan._replace(slots=math.inf) if lookahead else plan for plan in blueprints(scenario, shard)]", _SLOTS,
    ),
    "slots in another order than backends": Fault(
        _WORLD, "[plan.slots for plan in plans]", "[plan.slots for plan in reversed(plans)]", _SLOTS
    ),
    "prices in another order than backends": Fault(
        _WORLD, "[plan.price for plan in plans]", "[plan.price for plan in reversed(plans)]", _LISTS
    ),
    "the meter's prices in another order than the ledger's": Fault(
        _WORLD, "clock, prices, slots, scenario.log,", "clock, prices[::-1], slots, scenario.log,", _LISTS
    ),
    "rows come priced and there is no ledger": Fault(
        _WORLD, "lookahead=lookahead, priced=priced", "lookahead=lookahead, priced=True", _LISTS
    ),
    "a budget without a ledger": Fault(
        _WORLD, "priced = needs_ledger(scenario, some_batch)", "priced = False", (f"{_OF_WORLD}test_all_budgets_are_kept",)
    ),
    "the ledger is bypassed": Fault(_WORLD, "recorder = self.ledger or self.meter", "recorder = self.meter", _LISTS),
    "the ledger has another meter behind it": Fault(
        _WORLD, "keep(scenario.all_budgets(), prices, self.meter, clock,",
        "keep(scenario.all_budgets(), prices, Meter(clock, prices, slots, scenario.log, 1, horizon_s, priced=True), clock,", _THROUGH,
    ),
    "the ledger keeps answers to itself": Fault(
        _LEDGER, "        self._meter.answered(call, start_s, first_token_s, end_s, read_tokens, write_tokens, usd)\n", "", _THROUGH
    ),
    "the ledger keeps refusals to itself": Fault(_LEDGER, "self._meter.refused(call, status, now)", "return", _THROUGH),
    "the ledger bills failures for nothing": Fault(
        _LEDGER, "end_s, billed, self._bill(call, billed, end_s), status", "end_s, billed, 0.0, status", _THROUGH
    ),
    "only one budget is handed over": Fault(
        _WORLD, "keep(scenario.all_budgets(),", "keep([scenario.budget],", (f"{_OF_WORLD}test_all_budgets_are_kept",)
    ),
    "the horizon is not handed to the meter": Fault(
        _WORLD, "scenario.log_sample, horizon_s, progress", "scenario.log_sample, math.inf, progress", _OUTLASTS
    ),
    "the horizon is not handed to lookahead": Fault(
        _WORLD, "scenario.retry, recorder, horizon_s)", "scenario.retry, recorder, math.inf)", _OUTLASTS
    ),
    "the horizon is not handed to the desk": Fault(
        _WORLD, "self.dispatch, clock, horizon_s)", "self.dispatch, clock, math.inf)",
        (f"{_OF_AHEAD}test_looking_ahead_changes_no_bit[teams of teams, a horizon]",),
    ),
    "the cut is not handed to the meter": Fault(
        _WORLD, "horizon_s, progress, cut_s, lookahead", "horizon_s, progress, 0.0, lookahead",
        ("tests/engine/test_warmup.py::test_the_summary_is_of_what_came_after_the_cut_and_the_rest_of_the_whole_run",),
    ),
    "the clock of lookahead at the desk": Fault(_WORLD, "self.dispatch, clock, horizon_s)", "self.dispatch, env, horizon_s)", _OUTLASTS),
    "the clock of lookahead at the source": Fault(
        _WORLD, "Source(scenario.workload, clock,", "Source(scenario.workload, env,", _OUTLASTS
    ),
    "the clock of lookahead at the meter": Fault(
        _WORLD, "self.meter = Meter(\n            clock,", "self.meter = Meter(\n            env,",
        (f"{_OF_WORLD}test_ahead_of_the_clock_rows_are_kept_back_until_the_clock_has_come_there",),
    ),
    "backends on the clock that agents are ahead of": Fault(
        _WORLD, "backends_of(scenario, plans, env, recorder,", "backends_of(scenario, plans, clock, recorder,",
        (f"{_OF_AHEAD}test_looking_ahead_changes_no_bit[solo that fails]",),
    ),
    "a line is kept ahead of the clock": Fault(_WORLD, "recorder, unlimited=lookahead)", "recorder)", _SLOTS),
    "two clocks step by step and one ahead": Fault(
        _WORLD, "env = Clock() if lookahead else clock", "env = clock if lookahead else Clock()", _EACH_WAITS
    ),
    "lookahead has the dispatch of the clock": Fault(_WORLD, "        if lookahead:\n", "        if not lookahead:\n", _EACH_WAITS),
    "ahead where a run may not be": Fault(
        _REPLICATION, "if in_line or not alone:", "if in_line:", _STEPS
    ),
    "ahead where a run may not be, and the other way round": Fault(
        _REPLICATION, "if in_line or not alone:", "if in_line or alone:", _STEPS
    ),
    "a shard sends every task": Fault(
        _WORLD, "Source(scenario.workload, clock, streams, shard,", "Source(scenario.workload, clock, streams, Shard(),",
        (f"{_OF_WORLD}test_each_shard_sends_the_tasks_that_are_dealt_to_it",),
    ),
    "a backend is not dealt to shards": Fault(
        _BUILD, "dealt(with_router_fee(model, scenario), shard)", "with_router_fee(model, scenario)", _SHARE,
    ),
    "the router's fee is dropped": Fault(
        _BUILD, "dataclasses.replace(model, fee=max(model.fee, scenario.router.fee))", "model",
        ("tests/router/test_policies.py::test_a_routers_fee_is_on_every_bill_once",),
    ),
    "prices do not know when the run starts": Fault(
        _BUILD, "scenario), start, batch=", "scenario), batch=",
        (f"{_OF_BUILD}test_the_hour_of_a_price_is_counted_from_the_start_of_the_run",),
    ),
    "prices do not know of the batch queue": Fault(
        _BUILD, "start, batch=scenario.batch)", "start)", _BATCH
    ),
    "the batch queue has slots": Fault(
        _BUILD, "if settings.slots is None or scenario.batch else", "if settings.slots is None else", _BATCH
    ),
    "every replication has the luck of the first": Fault(
        _WORLD, "Streams(scenario.seed, index)", "Streams(scenario.seed, 0)",
        (f"{_OF_WORLD}test_each_replication_has_luck_of_its_own_or_that_which_it_is_given",),
    ),
    "random numbers that are given are not taken": Fault(
        _WORLD, "streams = streams or Streams(", "streams = Streams(",
        (f"{_OF_WORLD}test_each_replication_has_luck_of_its_own_or_that_which_it_is_given",),
    ),
    "workers have the system prompt of their lead": Fault(
        _WORLD, "worker=Profile(agent.worker, 1)", "worker=Profile(agent.worker, 0)",
        ("tests/backends/test_cache.py::test_agents_of_another_kind_have_another_head",),
    ),
    "a chat is the agent's work": Fault(
        _WORLD, "chat=Profile(scenario.matched_chat, 3)", "chat=Profile(agent, 3)",
        (f"{_OF_WORLD}test_every_kind_of_agent_has_a_profile_of_its_own",),
    ),
    "a verifier works as a worker does": Fault(
        _WORLD, "Profile(agent.tries.verifier or agent.worker, 2)", "Profile(agent.worker, 2)",
        (f"{_OF_WORLD}test_every_kind_of_agent_has_a_profile_of_its_own",),
    ),
    # parts of a backend
    "no gate for a full line": Fault(_BUILD, "gates.append(QueueLimit(settings.queue_limit, slots, queue))", "pass", _PARTS),
    "no gate for rate limits": Fault(_BUILD, "gates.append(limit)", "pass", _PARTS),
    "gates are not handed to the backend": Fault(_BUILD, "service=service, gates=gates,", "service=service, gates=(),", _PARTS),
    "a gateway turns away": Fault(
        _BUILD, "if settings.limit_gateway:", "if False:",
        ("tests/backends/test_gateway.py::test_calls_over_a_limit_wait_their_turn_instead_of_being_turned_away",),
    ),
    "rate limits come before the line": Fault(
        _BUILD, "gates.append(limit)", "gates.insert(0, limit)",
        (f"{_OF_BUILD}test_who_finds_the_line_full_does_not_count_against_the_rate_limits",),
    ),
    "a gate looks at other slots": Fault(
        _BUILD, "QueueLimit(settings.queue_limit, slots, queue)", "QueueLimit(settings.queue_limit, Slots(slots.most), queue)", _PARTS
    ),
    "a gate looks at another line": Fault(
        _BUILD, "QueueLimit(settings.queue_limit, slots, queue)", "QueueLimit(settings.queue_limit, slots, deque())", _PARTS
    ),
    "rate limits look into another cache": Fault(
        _BUILD, "RateLimit(limits, cache)", "RateLimit(limits, PromptCache(settings))",
        (f"{_OF_BUILD}test_rate_limits_see_what_the_backends_own_cache_will_read",),
    ),
    "one cache for all backends": Fault(
        _BUILD, 'def _backend(scenario: Scenario, plan: Blueprint, env: Environment, recorder: Recorder) -> Backend:\n'
        '    settings, slots = plan.settings, Slots(plan.slots)\n'
        '    cache = (RecordedCache if scenario.as_billed else PromptCache)(settings)',
        'def _backend(scenario, plan, env, recorder, caches=[]) -> Backend:\n'
        '    caches[:] = caches if plan.number else [PromptCache(plan.settings)]\n'
        '    settings, slots, cache = plan.settings, Slots(plan.slots), caches[0]',
        (f"{_OF_BUILD}test_backends_have_caches_of_their_own",),
    ),
    "nobody loses patience": Fault(
        _BUILD, "return ImpatientLine(env, recorder)", "return Line()",
        (f"{_OF_BUILD}test_impatience_and_urgency_are_parts_of_the_line",),
    ),
    "nobody is urgent": Fault(
        _BUILD, "return Line() if scenario.workload.urgent_share else deque()", "return deque()",
        (f"{_OF_BUILD}test_impatience_and_urgency_are_parts_of_the_line",),
    ),
    "decoding is not shared": Fault(_BUILD, "shares = bool(settings.decode_slowdown)", "shares = False", _PARTS),
    "the Retry-After is lost at the door": Fault(
        _BACKEND, "call.client.attempt_refused(call, retry_after_s)", "call.client.attempt_refused(call, 0.0)", _TOLD_TO_WAIT
    ),
    "the Retry-After is heeded elsewhere": Fault(
        _DISPATCH, "if call.backend is refused_by:", "if call.backend is not refused_by:", _TOLD_TO_WAIT
    ),
    "the Retry-After is heeded everywhere": Fault(
        _DISPATCH, "if call.backend is refused_by:", "if True:",
        ("tests/backends/test_admission.py::test_a_prompt_that_no_bucket_holds_is_given_up_at_once_or_taken_elsewhere",),
    ),
    # limits and clients that give up
    "what was set aside is not given back": Fault(
        _LIMITS, "                limit.give_back(output_tokens, taken_s, now)\n", "                pass\n",
        (f"{_OF_LIMITS}test_output_is_reserved_until_it_is_there",),
    ),
    "a gateway does not look when something is given back": Fault(
        _BACKEND, "            self._gateway.look()\n", "            pass\n", (f"{_OF_LIMITS}test_output_is_reserved_until_it_is_there",)
    ),
    "a limit that changes stays as it is": Fault(
        _BUILD, "changes = limits_over_time(scenario.events_of(plan.name), start)", "changes = limits_over_time([], start)",
        (f"{_OF_LIMITS}test_a_limit_that_changes_at_a_date",),
    ),
    "teams with limits of their own share them": Fault(
        _BUILD, "limits = [own[place] for place in scenario.workload.team_of]", "limits = shared",
        ("tests/results/teams/test_metrics.py::test_a_team_that_asks_ten_times_as_often_leaves_the_other_little_unless_each_has_its_own",),
    ),
    "calls are counted for another team": Fault(
        _WORLD, "team_of=scenario.workload.team_of,", "team_of=scenario.workload.team_of[::-1],",
        ("tests/results/teams/test_metrics.py::test_what_a_team_got_is_what_its_rows_say",),
    ),
    "nobody gives up an answer": Fault(
        _BUILD, "timeout_s = math.inf if scenario.retry.timeout_s is None else scenario.retry.timeout_s", "timeout_s = math.inf",
        (f"{_OF_SERVICE}test_what_had_come_by_then_is_billed",),
    ),
    "nobody in line gives up": Fault(
        _BUILD, "if scenario.retry.patience_s is not None or scenario.retry.timeout_s is not None:",
        "if scenario.retry.patience_s is not None:", (f"{_OF_SERVICE}test_who_is_overtaken_in_line_leaves_it_at_the_deadline",),
    ),
    "nobody at the gateway gives up": Fault(
        _BUILD, "deadlines=scenario.retry.timeout_s is not None, breaker", "deadlines=False, breaker",
        (f"{_OF_SERVICE}test_a_gateway_lets_go_of_a_call_that_is_given_up_and_looks_at_the_next",),
    ),
    "a breaker hears of no failure": Fault(
        _DISPATCH, "        call.backend.failed(call)  #", "        call.backend.release(call)  #",
        ("tests/backends/test_admission.py::test_a_breaker_opens_tries_once_in_a_while_and_closes_again",),
    ),
    "everybody heeds the Retry-After": Fault(
        _DISPATCH, "if self._heeds or retry_after_s == math.inf:", "if True:",
        ("tests/engine/test_dispatch.py::test_a_client_that_does_not_heed_retry_after_asks_in_vain",),
    ),
    # callbacks
    "another backend's slot is given back": Fault(
        _DISPATCH, "call.then = [backend.release, call.resume]", "call.then = [self.router.backends[0].release, call.resume]", _EACH_WAITS
    ),
    "no slot is given back": Fault(_DISPATCH, "call.then = [backend.release, call.resume]", "call.then = [call.resume]", _EACH_WAITS),
    "an agent goes on before its slot is free": Fault(
        _DISPATCH, "call.then = [backend.release, call.resume]", "call.then = [call.resume, backend.release]",
        (f"{_OF_WORLD}test_who_gives_its_slot_back_finds_it_free",),
    ),
    "a failed attempt keeps its slot": Fault(
        _DISPATCH, "        call.backend.failed(call)  # type: ignore[union-attr]\n", "", _SLOT_BACK
    ),
    "a refused attempt gives a slot back": Fault(
        _DISPATCH, "        if call.attempt + 1 == self._attempts:\n",
        "        call.backend.release(call)\n        if call.attempt + 1 == self._attempts:\n", _SLOT_BACK,
    ),
    "who gives up is not counted": Fault(_DISPATCH, "        self._gave_up(call)\n", "", _THROUGH),
    "refusals are not recorded": Fault(_BACKEND, "        self._refused(call, status, self.env.now)\n", "", _PARTS),
    "a withdrawn call is forgotten": Fault(
        _QUEUE, "        call.client.attempt_refused(call, 0.0)\n", "", (f"{_OF_BUILD}test_impatience_and_urgency_are_parts_of_the_line",)
    ),
    "dollars and seconds are told the other way round": Fault(
        _DESK, "self._learn(task.backend, usd, task.t_end - task.t_arrive - task.thinking_s, task.success)",
        "self._learn(task.backend, task.t_end - task.t_arrive - task.thinking_s, usd, task.success)", _TOLD,
    ),
    "a user's thinking is told as work": Fault(
        _DESK, "self._learn(task.backend, usd, task.t_end - task.t_arrive - task.thinking_s, task.success)",
        "self._learn(task.backend, usd, task.t_end - task.t_arrive, task.success)", _TOLD,
    ),
    "the books of a task are closed before its bill is read": Fault(
        _DESK, "            usd = self._ledger.close(task)\n",
        "            self._ledger.close(task)\n            usd = self._ledger.close(task)\n", _TOLD,
    ),
    # a field overwritten after birth
    "the router forgets whom to tell": Fault(
        _WORLD, "        office = _office(", "        self.dispatch.router.learn = None\n        office = _office(", _TOLD
    ),
    "the dispatch loses its ledger": Fault(
        _WORLD, "        office = _office(", "        self.dispatch.ledger = None\n        office = _office(",
        ("tests/engine/test_ledger.py::test_a_run_stops_at_its_budget",),
    ),
    "a backend's slots are lifted after birth": Fault(
        _WORLD, "        self.router = Router(", "        self.backends[0].slots.most = math.inf\n        self.router = Router(", _SLOTS
    ),
    "the meter's slots are lifted after birth": Fault(
        _WORLD, "        self.router = Router(",
        "        self.meter.slots = [backend.slots.most for backend in self.backends]\n        self.router = Router(", _SLOTS,
    ),
    # traits
    "slots of calls that take no time: alone": Fault(
        _MARKET, "setting(None, low=1, traits=_on_trust)", "alone(None, low=1)", _STEPS
    ),
    "full lines: alone": Fault(_MARKET, "setting(None, low=0, traits=_METERED)", "alone(None, low=0)", _STEPS),
    "rate limits: alone": Fault(
        _MARKET, "    requests_per_min: float | None = setting(None, above=0, traits=_METERED)",
        "    requests_per_min: float | None = alone(None, above=0)", _STEPS,
    ),
    "shared decoding: alone": Fault(
        _MARKET, "setting(0.0, low=0, traits=ALONE._replace(waits=True))", "alone(0.0, low=0)", _STEPS
    ),
    "a shared system prompt: alone": Fault(
        _MARKET, "setting(False, traits=ALONE._replace(looks=True))", "alone(False)", _STEPS
    ),
    "patience: alone": Fault(
        _RUN, 'setting(None, above=0, quantity=True, traits=ALONE._replace(waits=True, unsolved="calls that lose patience in line"))',
        "alone(None, above=0, quantity=True)", _TOUCH,
    ),
    "urgent tasks: alone": Fault(
        _WORKLOAD, "urgent_share: float = setting(0.0, low=0, high=1, traits=ALONE._replace(waits=True))",
        "urgent_share: float = alone(0.0, low=0, high=1)", _TOUCH,
    ),
    "a budget: alone": Fault(_BUDGET, "setting(None, above=0, traits=_spent_by)", "alone(None, above=0)", _STEPS),
    "everybody's budget is dealt as a task's own": Fault(
        _BUDGET, "return touches if budget.per is Per.task else", "return touches if budget.per is not Per.task else",
        (f"{_OF_TRAITS}test_a_budget_stops_calls_and_is_dealt_only_where_each_task_has_its_own",),
    ),
    "thompson: alone": Fault(_ROUTER, 'thompson = "thompson", _LEARNS', 'thompson = "thompson", ALONE', _STEPS),
    "inertia: alone": Fault(
        _ROUTER, "review_tasks: int | None = setting(None, low=1, traits=ALONE._replace(remembers=True))",
        "review_tasks: int | None = alone(None, low=1)", _TOUCH,
    ),
    "a warm-up: alone": Fault(_RUN, 'fixed = "fixed", _CUT\n', 'fixed = "fixed", ALONE\n', _STEPS),
    "a workflow without traits": Fault(_AGENT, 'debate = "debate", ALONE', 'debate = "debate"', _TOUCH),
    "a policy without traits": Fault(_ROUTER, 'cheapest = "cheapest", _CHOOSES', 'cheapest = "cheapest"', _TOUCH),
    "a workflow of one's own: alone": Fault(_AGENT, '    custom = "custom"\n', '    custom = "custom", ALONE\n', _TOUCH),
    "a choice that declares nothing is alone": Fault(
        _TRAITS, "declared: Declared = CAUTIOUS) -> Feature:", "declared: Declared = ALONE) -> Feature:", _UNDECLARED
    ),
    "a setting that declares nothing is alone": Fault(
        _COUPLING, 'field.metadata.get("traits", CAUTIOUS)',
        'field.metadata.get("traits", CAUTIOUS._replace(remembers=False, looks=False, waits=False))', _UNDECLARED,
    ),
    "budgets by name are not looked at": Fault(
        _COUPLING, "elif isinstance(value, dict) and any(map(dataclasses.is_dataclass, value.values())):", "elif False:", _STEPS
    ),
    "one setting that is alone is enough": Fault(_COUPLING, "return all(traits.alone", "return any(traits.alone", _STEPS),
    # price lists
    "one batch discount for all kinds of token": Fault(
        _PRICING, "settings.batch_discounts.get(kind, settings.batch_discount)", "settings.batch_discount",
        (f"{_OF_PRICING}test_batch_discounts_by_kind_of_token", f"{_BY_HAND}test_a_batch_of_gemini_reads_the_cache_at_the_usual_price"),
    ),
    "a batch discount by kind without a batch": Fault(
        _PRICING, "settings.batch_discount) if batch else 1.0 for", "settings.batch_discount) for",
        (f"{_OF_PRICING}test_batch_discounts_by_kind_of_token",),
    ),
    "a region costs what any other does": Fault(
        _MARKET, "self.regional_surcharges.get(self.region, 0.0)", "0.0",
        (f"{_OF_PRICING}test_a_region_costs_more_of_every_token_and_of_nothing_else",),
    ),
    "a region's surcharge is on fees too": Fault(
        _PRICING, "self._fee_usd = settings.request_usd * factor", "self._fee_usd = settings.request_usd * a_token",
        (f"{_OF_PRICING}test_a_region_costs_more_of_every_token_and_of_nothing_else",),
    ),
    # the calendar
    "a weekday of UTC": Fault(
        _TARIFF, "Calendar(start, window.zone)", "Calendar(start)", (f"{_OF_TARIFF}test_a_weekday_is_that_of_the_zone",)
    ),
    "a night belongs to the day on which it ends": Fault(
        _CALENDAR, "            day -= 1\n", "            pass\n", (f"{_OF_TARIFF}test_a_night_belongs_to_the_day_on_which_it_began",)
    ),
    "a night of many rows belongs to the day on which it ends": Fault(
        _CALENDAR, "day = day - (second < self.until_s)", "day = day - 0",
        (f"{_OF_TARIFF}test_a_night_belongs_to_the_day_on_which_it_began", f"{_OF_TARIFF}test_many_moments_cost_as_each_alone"),
    ),
    "the last window that holds counts": Fault(
        _TARIFF, "in reversed(self._windows)", "in self._windows", (f"{_OF_TARIFF}test_many_moments_cost_as_each_alone",)
    ),
    "weekdays a day off": Fault(_CALENDAR, "_THURSDAY = 3", "_THURSDAY = 4", _CLOCKS),
    "clocks are never set": Fault(_CALENDAR, "if t_s < turn.from_s else turn.after_s", "if True else turn.after_s", _CLOCKS),
    "clocks are set a second late": Fault(
        _CALENDAR, "return Turn(before_s, begins_s + high, after_s)", "return Turn(before_s, begins_s + high + 1, after_s)",
        ("tests/test_calendar.py::test_the_second_at_which_clocks_are_set",),
    ),
    "a day begins at midnight of UTC": Fault(
        _CALENDAR, "datetime.min.time(), self._zone)", "datetime.min.time(), UTC)",
        ("tests/test_calendar.py::test_a_day_begins_at_midnight_there_and_is_as_long_as_it_is",),
    ),
    # budgets
    "budgets turn by the clocks of UTC": Fault(
        _BUDGETS, "Calendar(start, settings.zone)", "Calendar(start)",
        (f"{_OF_BUDGETS}test_a_day_turns_at_midnight_of_its_zone", f"{_OF_BUDGETS}test_an_hour_turns_at_the_full_hour_of_its_zone"),
    ),
    "budgets turn by the start of the run": Fault(
        _LEDGER, "budget_of(budget, start)", "budget_of(budget, start.replace(hour=0, minute=0))",
        (f"{_OF_BUDGETS}test_a_day_turns_at_midnight_of_its_zone",),
    ),
    "a day is spent for good": Fault(
        _BUDGETS, "(spent if last == window else 0.0) + usd", "spent + usd", (f"{_OF_BUDGETS}test_a_day_is_as_long_as_its_clocks_say",)
    ),
    "a window that rolls gives all back with the first dollar": Fault(
        _BUDGETS, "            self._spent[team] -= back.popleft()[1]", "            self._spent[team] = 0 * back.popleft()[1]",
        (f"{_OF_BUDGETS}test_hours_that_roll_give_each_dollar_back_in_its_time",),
    ),
    "a window that rolls is waited out in full": Fault(
        _BUDGETS, "            if spent < self._limit:\n", "            if spent <= 0:\n",
        (f"{_OF_BUDGETS}test_hours_that_roll_give_each_dollar_back_in_its_time",),
    ),
    "windows of hours taken for seconds": Fault(
        _BUDGETS, "settings.window_h * HOUR_S", "settings.window_h", (f"{_OF_BUDGETS}test_five_hours_and_a_week_at_once",)
    ),
    "a team's window is everybody's": Fault(
        _BUDGETS, "return 0 if settings.users is None else task.user // settings.users", "return 0",
        (f"{_OF_BUDGETS}test_teams_have_windows_of_their_own",),
    ),
    # fees
    "a fee in one place alone": Fault(
        _PRICING, "dollars[:, 4] = prompt + dollars[:, 3] > 0", "dollars[:, 4] = 0",
        (f"{_OF_PRICING}test_many_calls_at_once_cost_the_same",),
    ),
    "whoever is refused pays the fee": Fault(
        _PRICING, "fee_usd if usage.total_tokens else 0.0", "fee_usd",
        (f"{_OF_PRICING}test_a_request_has_a_fee_whatever_its_tokens", f"{_OF_PRICING}test_many_calls_at_once_cost_the_same"),
    ),
    "a router's surcharge leaves fees out": Fault(
        _PRICING, "settings.request_usd * factor", "settings.request_usd", (f"{_OF_PRICING}test_a_request_has_a_fee_whatever_its_tokens",)
    ),
    "a forecast forgets the fee": Fault(
        _PRICING, "self._bill(usage, self._tier(usage.input_tokens), self._fee_usd)",
        "self._bill(usage, self._tier(usage.input_tokens), 0.0)", (f"{_OF_FORECAST}test_a_forecast_multiplies_the_fee_by_the_calls",),
    ),
    "theory forgets the fee": Fault(
        "sim/theory/expected/loop.py", "(*rates[:4], self.site.price.fee(0.0))", "(*rates[:4], 0.0)",
        (f"{_OF_FORECAST}test_theory_knows_fees_and_so_do_the_faster_ways",),
    ),
    "the cheapest backend is found without its fee": Fault(
        "sim/router/policies.py", "return tokens + backend.price.fee(backend.env.now)", "return tokens",
        (f"{_OF_FORECAST}test_a_policy_that_weighs_bills_counts_the_fee_of_the_hour",),
    ),
    "a thousand searches cost as one": Fault(
        "sim/settings/scenario.py", "self.web_searches_per_call * model.web_search_usd_per_1k / 1000",
        "self.web_searches_per_call * model.web_search_usd_per_1k", (f"{_BY_HAND}test_ten_dollars_for_a_thousand_searches",),
    ),
    # limits
    "a joint limit counts input alone": Fault(
        _LIMITS, "output_tokens, input_tokens + output_tokens)", "output_tokens, input_tokens)",
        (f"{_OF_LIMITS}test_input_and_output_share_a_limit", f"{_OF_LIMITS}test_hours_that_roll"),
    ),
    "one quota of several is looked at": Fault(
        _LIMITS, "max(limit.wait_s(amounts[which], now) for which, limit in self._limits)",
        "self._limits[0][1].wait_s(amounts[self._limits[0][0]], now)",
        (f"{_OF_LIMITS}test_five_hours_and_a_week_at_once", f"{_OF_LIMITS}test_a_joint_limit_stands_beside_the_others"),
    ),
    "Retry-After is the least of several limits": Fault(
        _LIMITS, "wait_s = max(limit.wait_s(", "wait_s = min(limit.wait_s(",
        (f"{_OF_LIMITS}test_who_is_refused_by_several_limits_waits_for_the_last_of_them",),
    ),
    "a quota gives all back at once": Fault(
        _LIMITS, "self._used -= self._taken.popleft()[1]", "self._used = 0 * self._taken.popleft()[1]",
        (f"{_OF_LIMITS}test_every_window_holds_and_no_wait_is_too_long",),
    ),
    "a quota's hours taken for seconds": Fault(
        _LIMITS, "Window(most, hours * HOUR_S)", "Window(most, hours)", (f"{_OF_LIMITS}test_five_hours_and_a_week_at_once",)
    ),
    "a quota's day turns at midnight of UTC": Fault(
        _LIMITS, "Calendar(start, quota.zone)", "Calendar(start)", (f"{_OF_LIMITS}test_a_day_from_midnight_to_midnight",)
    ),
    "each shard has the whole quota": Fault(
        "sim/scenario/shards.py", "quotas={name: quota(whole) for", "quotas={name: whole for", _SHARE
    ),
    "a quota: alone": Fault(
        "sim/settings/capacity/limits.py", "    requests: float | None = setting(None, above=0, high=1e15, traits=DEALT)",
        "    requests: float | None = alone(None, above=0, high=1e15)", _STEPS,
    ),
    # two lifetimes in one prompt
    "the head lives as long as the rest": Fault(
        _CACHE, "now <= call.cached_until + self._longer_s", "now <= call.cached_until",
        (f"{_OF_CACHE}test_a_head_outlives_the_rest_of_its_prompt",),
    ),
    "the rest lives as long as the head": Fault(
        _CACHE, "read = min(call.cached_tokens, prompt, self._head)", "read = min(call.cached_tokens, prompt)",
        (f"{_OF_CACHE}test_a_head_outlives_the_rest_of_its_prompt",),
    ),
    "a shared head lives as long as the rest": Fault(
        _CACHE, "[Shared(self._head, HOUR_S)]", "[Shared(self._head, self.ttl_s)]", (f"{_OF_CACHE}test_agents_share_a_head_for_an_hour",)
    ),
    "a head that was read is written again": Fault(
        _PRICING, "min(written, max(0, self._head - usage.cache_read_tokens))", "min(written, self._head)",
        (f"{_OF_PRICING}test_a_head_is_written_for_an_hour_and_the_rest_for_minutes",),
    ),
    "the hour's price in one place alone": Fault(
        _PRICING, "dollars[:, 2] += for_an_hour * rates[..., _HOUR]", "dollars[:, 2] += for_an_hour * rates[..., 2]",
        (f"{_OF_PRICING}test_many_calls_at_once_cost_the_same",),
    ),
    "a head too short to be cached is kept": Fault(
        _MARKET, "return self.cache_1h_tokens if self.cache_1h_tokens >= self.cache_min_tokens else 0", "return self.cache_1h_tokens",
        (f"{_OF_CACHE}test_a_head_that_is_too_short_to_be_cached_by_itself_is_not",),
    ),
    # the smallest prompt, and when what is shared is there
    "the smallest prompt that is cached is not read": Fault(
        _CACHE, "if prompt < self.minimum:", "if prompt <= self.minimum:", (f"{_OF_CACHE}test_the_smallest_prompt_that_is_cached",)
    ),
    "the smallest prompt that is cached is not kept": Fault(
        "sim/backends/service.py", "if prompt >= cache.minimum and", "if prompt > cache.minimum and",
        (f"{_OF_CACHE}test_short_prompts_are_not_cached",),
    ),
    "the smallest head that is shared is not kept": Fault(
        _CACHE, "if call.system_tokens < self.minimum:", "if call.system_tokens <= self.minimum:",
        (f"{_OF_CACHE}test_the_smallest_head_that_is_shared",),
    ),
    "a shared head is there before it was read": Fault(
        _CACHE, "shared.keep(call, now, first_token)", "shared.keep(call, now, now)", (f"{_OF_CACHE}test_the_smallest_head_that_is_shared",)
    ),
    "a shared entry is there from its request on": Fault(
        _CACHE, "(available, first_token + self._ttl_s)", "(now, first_token + self._ttl_s)",
        (f"{_OF_CACHE}test_a_shared_entry_is_there_from_its_first_token_on_and_for_its_lifetime_after_it",),
    ),
    "a use of a shared entry takes it away until it is read again": Fault(
        _CACHE, "(available, first_token + self._ttl_s)", "(first_token, first_token + self._ttl_s)",
        (f"{_OF_CACHE}test_a_live_shared_entry_stays_there_while_it_is_used_and_one_that_ran_out_is_made_anew",),
    ),
    "two who share are as far as each alone when a third joins": Fault(
        "sim/backends/sharing.py", "self._decoded_since(now) / self._stretch()", "self._decoded_since(now)",
        ("tests/backends/test_sharing.py::test_who_joins_two_finds_them_as_far_as_their_shared_speed_has_taken_them",),
    ),
    # sums
    "wasted tokens without output": Fault(
        _TALLY, 'failed["input_tokens"].sum(dtype=np.int64) + failed["output_tokens"].sum(dtype=np.int64)',
        'failed["input_tokens"].sum(dtype=np.int64)',
        (f"{_OF_TALLY}test_what_is_wasted_is_the_input_and_the_output_and_the_bill_of_tasks_that_failed",),
    ),
    "shards side by side take as long as the first": Fault(
        _TALLY, "ended_s = max(self.ended_s, other.ended_s)", "ended_s = self.ended_s",
        (f"{_OF_TALLY}test_shards_are_parts_of_one_run_that_ends_with_the_last_of_them",),
    ),
    "shards side by side take as long as one after another": Fault(
        _TALLY, "ended_s = max(self.ended_s, other.ended_s)", "ended_s = self.ended_s + other.ended_s",
        (f"{_OF_TALLY}test_shards_are_parts_of_one_run_that_ends_with_the_last_of_them",),
    ),
    "a wait in line is of those turned away too": Fault(
        "sim/results/metrics.py", "t.calls - int(t.attempts[:, Status.rate_limited].sum())", "t.calls",
        ("tests/results/test_metrics_by_hand.py::test_mean_wait_in_line_is_of_those_who_stood_in_line",),
    ),
    "a percentile is the edge of its bin": Fault(
        "sim/meter/histogram.py", "GROWTH ** (place - 1 + within)", "GROWTH ** place",
        ("tests/meter/test_histogram.py::test_a_percentile_lies_between_the_edges_of_its_bin_by_the_share_of_it",),
    ),
    # numbers that are off by one
    "an opening is a turn shorter": Fault(
        "sim/agents/react.py", "if turn > opening else", "if turn >= opening else",
        ("tests/agents/test_react.py::test_the_results_of_the_opening_turns_are_those_of_the_opening",),
    ),
    "slots that are left over go to nobody": Fault(
        "sim/scenario/shards.py", "most // shard.of + (shard.number < most % shard.of)", "most // shard.of",
        ("tests/scenario/test_shards.py::test_slots_and_places_are_dealt_out_to_the_last_one",),
    ),
    "slots that are left over go to one shard too many": Fault(
        "sim/scenario/shards.py", "(shard.number < most % shard.of)", "(shard.number <= most % shard.of)",
        ("tests/scenario/test_shards.py::test_slots_and_places_are_dealt_out_to_the_last_one",),
    ),
    "a day's money is back a second late": Fault(
        _BUDGETS, "return self._calendar.midnight(self._window(now) + 1)", "return self._calendar.midnight(self._window(now) + 1) + 1",
        (f"{_OF_BUDGETS}test_a_day_turns_at_midnight_of_its_zone",),
    ),
    "an hour's money is back a second late": Fault(
        _BUDGETS, "return self._calendar.hour_at(self._window(now) + 1)", "return self._calendar.hour_at(self._window(now) + 1) + 1",
        (f"{_OF_BUDGETS}test_an_hour_turns_at_the_full_hour_of_its_zone",),
    ),
    "money of a window that rolls is back a second late": Fault(
        _BUDGETS, "                return moment\n", "                return moment + 1\n",
        (f"{_OF_BUDGETS}test_hours_that_roll_are_no_hours_of_the_clock",),
    ),
    # random numbers
    "awareness in the table on the numbers of likings": Fault(
        _DECISIONS, "AWARENESS = Decisions(Purpose.AWARENESS,", "AWARENESS = Decisions(Purpose.TASTE,",
        (f"{_OF_TABLE}test_no_two_decisions_share_a_column",),
    ),
    "awareness drawn from the numbers of likings": Fault(
        "sim/router/inertia.py", "streams.draws(AWARENESS, user, 0, 0, len(hears))",
        "streams.draws(AWARENESS._replace(purpose=9), user, 0, 0, len(hears))", _WHERE,
    ),
    "a user's gaps in the table on the branch of tasks' gaps": Fault(
        _DECISIONS, 'USER_GAP = Decisions(Purpose.ARRIVAL, ("gap",), ("workload/sources.py",), branch=1)',
        'USER_GAP = Decisions(Purpose.ARRIVAL, ("gap",), ("workload/sources.py",), branch=0)',
        (f"{_OF_TABLE}test_no_two_decisions_share_a_column",),
    ),
    "a user's gaps drawn on the branch of tasks' gaps": Fault(
        _SOURCES, "self._draws(USER_GAP, user, 1, session)", "self._draws(USER_GAP, user, 0, session)", _WHERE
    ),
    "a divided job drawn on the page of its task": Fault(
        "sim/agents/orchestrator.py", "draws(JOB, lead.task.id, 0, 1)", "draws(JOB, lead.task.id, 0, 0)", _WHERE
    ),
    "patience has the number of backoff": Fault(
        _DISPATCH, "*_, u_patience = self", "u_patience, *_ = self", (f"{_OF_DRAWS}test_what_the_number_of_patience_decides",)
    ),
    "noise and error of a retry exchanged": Fault(
        _DISPATCH, "u_backoff, u_noise, u_error, _ = self", "u_backoff, u_error, u_noise, _ = self",
        (f"{_OF_DRAWS}test_what_the_numbers_of_a_retry_decide",),
    ),
    "urgent and chats exchanged": Fault(
        _DESK, "u_difficulty, u_urgent, u_chat = self", "u_difficulty, u_chat, u_urgent = self",
        (f"{_OF_DRAWS}test_what_the_numbers_of_a_task_decide",),
    ),
    "a user's likings drawn for each task": Fault(
        _DISPATCH, "return self.streams.draws(TASTE, task.user, 0, 0, count)", "return self.streams.draws(TASTE, task.id, 0, 0, count)",
        ("tests/router/test_policies.py::test_people_differ_for_good_and_leave_when_another_gets_better",),
    ),
    # recorded sessions
    "an agent's calls as they stand in the file": Fault(
        "sim/logs/trace.py", 'lexsort((calls.numbers["call_index"], calls.agent, calls.trace))', "lexsort((calls.agent, calls.trace))",
        ("tests/logs/files/test_table.py::test_the_clock_of_another_agent_may_stand_elsewhere",),
    ),
    "an agent's first call waits since another's last": Fault(
        "sim/logs/session.py", "np.where(first, 0.0, _waits(calls, rows))", "_waits(calls, rows)",
        ("tests/logs/test_trace.py::test_a_runs_own_calls_come_back_call_for_call",),
    ),
    # what is kept
    "a key that no longer holds is not noticed": Fault(
        "sim/sweeps/folder.py", "if read_by(result.scenario) != self._read:", "if not self._key:",
        ("tests/sweeps/test_folder.py::test_a_key_is_taken_before_the_run_and_must_still_hold_after_it",),
    ),
    "files that change during a run are not noticed": Fault(
        "sim/engine/parallel.py", "            run.check_unchanged()\n", "            pass\n",
        ("tests/engine/test_parallel.py::test_a_file_that_changes_during_a_run_ends_it",),
    ),
    "where it ran counts as what a run is": Fault(
        "sim/scenario/scenario.py", '"shards_on": ShardsOn.local, ', "",
        ("tests/engine/workers/test_cluster.py::test_where_it_ran_is_not_part_of_what_a_run_is",),
    ),
    "a saved run goes to a cluster unasked": Fault(
        "sim/scenario/load.py", "        scenario.shards_on = ShardsOn.local\n", "        pass\n",
        ("tests/engine/workers/test_cluster.py::test_a_saved_run_is_run_here_unless_it_is_trusted",),
    ),
    "a machine with other software takes part": Fault(
        "sim/engine/workers/remote.py", "        _check_same(scenario, wanted, files)\n", "",
        ("tests/engine/workers/test_remote.py::test_another_version_is_refused",),
    ),
    "a trace is kept by its path": Fault(
        "sim/engine/recorded.py", "workload.trace_sha256 or content(file).sha256)", '"")',
        ("tests/engine/test_recorded.py::test_a_trace_edited_between_two_runs_of_a_process_is_another_trace",),
    ),
    "a module stays as it was imported first": Fault(
        "sim/scenario/custom.py", "if name in sys.modules and _as_read(name, now):", "if name in sys.modules:",
        ("tests/scenario/test_custom.py::test_a_function_is_what_its_files_say_now",),
    ),
    "what a module imports does not count": Fault(
        "sim/scenario/sources.py", "ahead += _imported_by(file, module, content(file).sha256)", "pass",
        ("tests/scenario/test_sources.py::test_imported_local_modules_are_found_without_running_any",),
    ),
    "the list of files comes before them": Fault(
        "sim/results/kept/manifest.py", "        super().remove(NOTE)\n", "",
        ("tests/results/kept/test_manifest.py::test_who_is_killed_between_two_files_leaves_no_run",),
    ),
    "a signal that Python drops is lost": Fault(
        "sim/engine/parallel.py", "        stop_if_noted()\n        if self._progress", "        if self._progress",
        ("tests/engine/test_stop.py::test_a_signal_that_python_drops_stops_the_run_all_the_same",),
    ),
    "an error that a signal led to is told as a mistake": Fault(
        "sim/engine/stop.py", "        stop_if_noted()  # an error", "        pass  # an error",
        ("tests/engine/test_stop.py::test_an_error_of_what_a_signal_left_half_done_is_a_stop",),
    ),
    "a signal comes between two files": Fault(
        "sim/results/kept/manifest.py", "with held_off():", "with contextlib.nullcontext():",
        ("tests/results/kept/test_manifest.py::test_a_signal_waits_until_all_files_are_in_their_places",),
    ),
    "temporary files of the living are cleared": Fault(
        "sim/meter/leftover.py", 'str(_began(int(found["process"]))) == found["began"]', "False",
        ("tests/meter/test_leftover.py::test_what_a_process_that_has_ended_left_goes_and_nothing_else",),
    ),
    "a stranger's code is trusted": Fault(
        "sim/scenario/load.py", "in own_code(scenario) if not trust else ():", "in own_code(scenario) if trust else ():",
        ("tests/shell/verbs/test_again.py::test_a_strangers_code_is_imported_by_those_who_trust_it_alone",),
    ),
    "a saved scenario is filled in": Fault(
        "sim/scenario/load.py", 'next(_texts(saved, "${"), None)', 'next(_texts(saved, "${now"), None)',
        ("tests/shell/verbs/test_again.py::test_a_saved_scenario_is_plain_values",),
    ),
    "a cell is a formula": Fault(
        "sim/results/files.py", "partial(in_cells(table).to_csv", "partial(table.to_csv",
        ("tests/shell/verbs/test_again.py::test_what_is_shown_of_a_strangers_names_is_text",),
    ),
    "again compares digests alone": Fault(
        "sim/shell/verbs/again.py", "if not differ and result", "if result",
        ("tests/shell/verbs/test_again.py::test_the_same_comes_out_or_it_is_said_what_does_not",),
    ),
    "folders that were there count as new": Fault(
        "sim/shell/footprint.py", "if not each.exists()]", "]",
        ("tests/shell/test_footprint.py::test_a_refused_setting_leaves_folders_as_they_were",),
    ),
    "nobody looks at what is composed": Fault(
        "sim/scenario/hydra_private.py", "        look(composed)\n", "",
        ("tests/scenario/test_hydra_host.py::test_settings_of_others_run_nothing_and_read_nothing_of_ours",),
    ),
    "the environment is read": Fault(
        "sim/scenario/hydra_host.py", '"oc.env", _no_environment', '"oc.env_of_ours", _no_environment',
        ("tests/scenario/test_hydra_host.py::test_settings_of_others_run_nothing_and_read_nothing_of_ours",),
    ),
    "one process saves nothing until all are composed": Fault(
        "sim/engine/parallel.py", "elif run.processes == 1:", "elif patient and run.processes == 1:",
        ("tests/shell/test_jobs.py::test_one_process_saves_each_scenario_before_the_next_is_composed",),
    ),
    # what is asked about beforehand
    "nobody weighs what a run will take": Fault(
        "sim/results/simulate.py", "    weigh(scenarios)\n    with Runs", "    with Runs",
        ("tests/theory/expected/test_effort.py::test_who_says_yes_is_not_asked",),
    ),
    "half of the shards counted whole": Fault(
        "sim/theory/expected/effort.py", "tasks *= replications * run / scenario.shards", "tasks *= replications",
        ("tests/theory/expected/test_effort.py::test_the_calls_are_those_that_come",),
    ),
    # code of the user's
    "a workflow of the user's is not held to what it yields": Fault(
        "sim/agents/workflows.py", '_held(imported(settings.workflow, "agent.workflow"), f"agent.workflow={settings.workflow}"), int',
        'imported(settings.workflow, "agent.workflow"), int',
        ("tests/scenario/test_custom.py::test_a_broken_workflow_is_one_line",),
    ),
    "what the user's code raises has no place": Fault(
        "sim/engine/replicate.py", "with no_garbage_collection(), _users_code_named(scenario):", "with no_garbage_collection():",
        ("tests/scenario/test_custom.py::test_a_broken_policy_is_one_line",),
    ),
    # settings of the user's
    "files of settings are not looked at": Fault(
        "sim/scenario/hydra_host.py", "        kept.enter_context(files_looked_at(_refuse_misread))\n", "",
        ("tests/scenario/test_text.py::test_an_experiment_is_of_all_settings_whatever_its_first_line",),
    ),
    # what is paid by the hour
    "who decodes goes on while a prompt is read": Fault(
        "sim/backends/capacity/replica.py", "max(self._virtual_at, min(now, self._reads_until))", "self._virtual_at",
        ("tests/backends/capacity/test_self_hosted.py::test_who_decodes_stands_still_while_another_is_read",),
    ),
    "of two that end at once one waits for a prompt": Fault(
        "sim/backends/capacity/replica.py", " if left_s > _AT_ONCE_S else 0.0", "",
        ("tests/backends/capacity/test_self_hosted.py::test_every_call_ends_when_a_server_that_is_worked_off_step_by_step_has_it",),
    ),
    "memory is not given back": Fault(
        "sim/backends/capacity/replica.py", "        self.held_tokens -= self.needs(tokens)\n", "",
        ("tests/backends/capacity/test_self_hosted.py::test_memory_bounds_what_runs_and_the_head_of_the_line_holds_up_those_behind",),
    ),
    "who leaves the line of own servers lets nobody in": Fault(
        "sim/backends/capacity/self_hosted.py", "        super().left(call)\n        self._serve_line()\n", "        super().left(call)\n",
        ("tests/backends/capacity/test_self_hosted.py::test_who_leaves_the_line_lets_those_behind_it_in",),
    ),
    "nobody looks whether a new server is up": Fault(
        "sim/backends/capacity/self_hosted.py", "            heappush(self._events, self._wake)\n", "            pass\n",
        ("tests/backends/capacity/test_autoscaler.py::test_from_no_server_at_all_the_first_call_waits_for_one",),
    ),
    "a server is paid from when it is up": Fault(
        "sim/backends/capacity/fleet.py", "((until_s - each.ordered_s, ", "((until_s - each.ready_s, ",
        ("tests/backends/capacity/test_autoscaler.py::test_a_server_is_ordered_at_a_look_takes_calls_when_it_is_up_and_is_paid_from_its_order",),
    ),
    "servers that have stopped are free": Fault(
        "sim/backends/capacity/fleet.py", "spans = [*self._gone, *self._running(until_s)]", "spans = [*self._running(until_s)]",
        ("tests/backends/capacity/test_autoscaler.py::test_a_server_that_is_not_needed_stops_and_one_that_has_a_call_ends_it_first",),
    ),
    "hours of the warm-up are paid": Fault(
        _WORLD, "backend.paid(self.clock.now), before)", "backend.paid(self.clock.now), Paid())",
        ("tests/backends/capacity/test_self_hosted.py::test_hours_before_the_warm_up_has_ended_do_not_count",),
    ),
    "what units take is paid all the same": Fault(
        _LEDGER, "            usd = 0.0\n", "            pass\n",
        ("tests/engine/seats/test_units.py::test_who_finds_units_free_is_taken_and_the_rest_is_paid_by_the_list",),
    ),
    "what units take is paid by the kind of token": Fault(
        _TALLY, "                dollars[cost == 0] = 0.0  # taken by reserved units\n", "                pass\n",
        ("tests/engine/seats/test_units.py::test_what_units_take_is_free_for_budgets_and_of_each_kind_of_token",),
    ),
    "hours are not in what a task costs": Fault(
        "sim/results/hourly/metrics.py", "return t.task_cost_usd + t.capacity.fixed_usd", "return t.task_cost_usd",
        ("tests/backends/capacity/test_self_hosted.py::test_hours_are_paid_whether_or_not_there_are_calls",),
    ),
    # people on a market
    "people come and are not added": Fault(
        "sim/population/days.py", " + self._newcomers(day, self._come[day], chosen)", "",
        ("tests/population/test_days.py::test_nobody_is_lost_and_nothing_is_used_twice",),
    ),
    "what was heard of cannot be chosen": Fault(
        "sim/population/days.py", "(self._calendar.open | (told > 0))[:, None, :]", "self._calendar.open[None, None, :]",
        ("tests/population/test_days.py::test_what_is_new_is_heard_of_before_it_is_chosen",),
    ),
    "whoever hears of a model stays all the same": Fault(
        "sim/population/days.py", "((1 - thinks) * (1 - hears) ** unheard)[:, None, None]", "(1 - thinks)",
        ("tests/population/test_days.py::test_people_go_from_model_to_model_as_worked_out_state_by_state",),
    ),
    "a price of people's bills that never changes": Fault(
        "sim/population/days.py", "usd = self._usd[self._segment] * self._calendar.prices[day]", "usd = self._usd[self._segment]",
        ("tests/population/test_days.py::test_habit_holds_people_who_do_not_think",),
    ),
    "hours of reserved units that nobody takes in": Fault(
        "sim/results/provider/sides.py", "side.revenue_usd + servers + units", "side.revenue_usd + servers",
        ("tests/results/provider/test_sides.py::test_hours_of_reserved_units_are_taken_in_whoever_uses_them",),
    ),
    "a router's fee that nobody weighs": Fault(
        "sim/population/days.py", "usd = self._usd[self._segment]", "usd = self._work.usd[self._segment]",
        ("tests/population/test_days.py::test_a_fee_weighs_and_is_paid_as_so_much_more_of_every_price",),
    ),
    "everybody comes over on each day of the terms": Fault(
        "sim/population/adoption.py", "event.share / (end - begin)", "event.share",
        ("tests/population/test_adoption.py::test_terms_send_people_over_on_their_days",),
    ),
    "a knob that multiplies sets": Fault(
        "sim/population/calibrated.py", "one * value if factor else value", "value",
        ("tests/population/test_calibrated.py::test_turning_leaves_the_population_as_it_was",),
    ),
    # the compiled twin: it differs from the model, or the model from it
    "the twin keeps what a compaction has summed up": Fault(
        f"{_COMPILED}agent.c", "            forget_prefix(agent);\n            if (agent->answer", "            if (agent->answer",
        (f"{_OF_TWIN}[agents that fail, by call]",),
    ),
    "the twin's workers all start when the first does": Fault(
        f"{_COMPILED}team.c", "while (team->room && team->next", "while (team->next", (f"{_OF_TWIN}[teams of teams, a horizon]",)
    ),
    "the twin's line is served from slots that nobody gave back": Fault(
        f"{_COMPILED}backend.c", "        ++*in_service;\n", "",
        ("tests/engine/compiled/test_desk.py::test_where_a_line_forms_calls_meet_on_the_twins_clock[teams]",),
    ),
    "a line is sought ahead of the clock, and never found": Fault(
        _REPLICATION, "return _on_clock(scenario, index, shard, tell, cut_s, left)._replace(line_formed=True)",
        "return _on_clock(scenario, index, shard, tell, cut_s, left)",
        ("tests/engine/compiled/test_desk.py::test_where_a_line_forms_calls_meet_on_the_twins_clock[teams]",),
    ),
    "the twin sends no substitute": Fault(
        f"{_COMPILED}team.c", "settings->on_worker_failure == SEND_ANOTHER && ", "0 && ", (f"{_OF_TWIN}[substitutes for workers]",)
    ),
    "the twin's choice by call is made once": Fault(
        f"{_COMPILED}call.c", "    if (world->router.per == PER_CALL)\n        choose(agent);\n    if (refused", "    if (refused",
        (f"{_OF_TWIN}[agents that fail, by call]",),
    ),
    "the model waits for its tools again after a compaction, and its twin does not": Fault(
        "sim/agents/react.py", "                wait_s = 0.0\n", "", (f"{_OF_TWIN}[agents that fail, by call]",)
    ),
    "the model hands over another turn, and its twin does not": Fault(
        "sim/agents/handover.py", "total = min(int(share * sum(turns) + 0.5), most)", "total = min(int(share * sum(turns) + 1.5), most)",
        (f"{_OF_TWIN}[teams that share a job out]",),
    ),
    "tasks come when the run has ended": Fault(
        f"{_COMPILED}batch.py", "int(np.searchsorted(moments, self._horizon_s))", "len(moments)",
        (f"{_OF_BATCH}test_tasks_that_come_when_the_run_has_ended_are_none",),
    ),
    "gaps of a page are added to nothing": Fault(
        "sim/workload/arrivals.py", "            between[0] += moment\n", "",
        ("tests/workload/test_arrivals.py::test_the_same_numbers_at_the_same_moments",),
    ),
    "a list that has one place less": Fault(
        "sim/population/days.py", "np.where(weekly >= least, weekly, 0.0)", "np.where(weekly > least, weekly, 0.0)",
        ("tests/population/test_days.py::test_the_list_leaves_out_who_is_small",),
    ),
}  # fmt: skip
