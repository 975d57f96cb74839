"""`replay`: a recorded agent, call by call: its token counts and its waits, on our backends, caches and prices."""

from __future__ import annotations

from sim.agents.agent import FIRST_TURN, Agent, Life
from sim.call import Call, Kept
from sim.logs.prefixes import HEAD
from sim.logs.session import RecordedCall, Recording
from sim.sampling.decisions import TURNS


def replay(agent: Agent, recording: Recording) -> Life:
    """Send every recorded call; a wait before a user's call counts as the user's."""
    task, call, office = agent.task, agent.call, agent.office
    rows = office.streams.rows(int(TURNS.purpose), task.id, agent.branch, agent.page[FIRST_TURN:], 1)
    threads = _Threads(call)
    if recording.start_s:
        yield agent.wait_for(office.env.timeout(recording.start_s))
    for turn, row in enumerate(recording.calls):
        _, _, _, u_noise, u_error, _ = next(rows)
        if row.by_user and not agent.depth:
            task.wait_for_user(office.env.now, row.wait_s)
        threads.go_on(row, office.env.now + row.wait_s)
        call.as_billed = row
        if office.send(call, turn, row.input_tokens, row.output_tokens, 0, u_noise, u_error, row.wait_s) and (yield call).failed:
            return False
    return True


class _Threads:
    """The conversations of an agent (`sim.logs.prefixes`): what is kept of each."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._last = 1
        self._kept: dict[int, Kept] = {}
        self._warm = False

    def go_on(self, row: RecordedCall, at_s: float) -> None:
        """Before a call is sent that will be asked for at `at_s`: what of its prompt can be kept."""
        call, prefix = self._call, row.prefix_tokens
        if self._warm:
            call.cool()
        if row.thread != self._last or row.source != self._last:
            self._kept[self._last] = call.kept
            if row.source != self._last:
                call.come_back(self._kept.get(row.source))
            self._last = row.thread
        if prefix == HEAD:
            prefix = call.system_tokens if call.system_tokens <= row.input_tokens else 0
        call.keep_prefix(prefix)
        self._warm = row.warm_tokens > 0 and not (row.warm_tokens <= call.cached_tokens and at_s <= call.cached_until)
        if self._warm:
            call.warm(row.warm_tokens)
