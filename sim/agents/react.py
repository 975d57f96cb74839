"""`react`: reason, call a tool, observe, again; the whole context is sent every turn.

A user's message starts a run of turns; the next message comes after some thought and finds the context as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.agents.agent import FIRST_MESSAGE, FIRST_TURN, Agent, Life
from sim.agents.context import compact
from sim.sampling.decisions import FIRST_TURNS, MESSAGE
from sim.sampling.streams import ROW, ROWS

_TURN, _MESSAGE = int(FIRST_TURNS.purpose), int(MESSAGE.purpose)
FIRST_TURNS.in_order("output", "result", "tool_time", "noise", "error", "rewrite")
MESSAGE.in_order("turns", "message", "think_time")


def message_turns(agent: Agent) -> list[int]:
    """Turns of each message of an agent that has settled, as `react` draws them."""
    said = agent.office.streams.rows(_MESSAGE, agent.task.id, agent.branch)
    first = ROW.unpack_from(agent.page, FIRST_MESSAGE)[0]
    return [agent.turns_of(next(said)[0] if message else first) for message in range(agent.requests)]


def react(agent: Agent, handed_over: Callable[[Agent], Sequence[int]] | None = None) -> Life:
    """Work through all messages, with what `agent.pauses` puts after some of the turns.

    `handed_over` is asked once the agent has settled: how many turns of each message others do.
    """
    profile, task, branch, call = agent.profile, agent.task, agent.branch, agent.call
    limit, pauses = agent.settle(), agent.pauses
    less = handed_over(agent) if handed_over else None
    send, streams = agent.office.send, agent.office.streams
    output_of, result_of, tool_time_of = profile.output_tokens, profile.tool_result_tokens, profile.tool_time_s
    opening, opening_of = agent.opening_turns, profile.opening_result_tokens
    output_scale, result_scale = agent.output_scale, agent.result_scale
    reasoning_share, dropped_share, rewrite_rate = agent.reasoning_share, agent.dropped_share, profile.rewrite_rate
    page, at, row_size, unpack = agent.page, FIRST_TURN, ROW.size, ROW.unpack_from
    u_turns = unpack(page, FIRST_MESSAGE)[0]
    said = streams.rows(_MESSAGE, task.id, branch) if agent.requests > 1 else iter(())
    turn, wait_s = 0, 0.0
    for message in range(agent.requests):
        if message:
            u_turns, u_message, u_think, *_ = next(said)
            wait_s = profile.think_time_s(u_think)
            if agent.ahead:
                yield agent.catch_up()
            task.wait_for_user(agent.office.env.now, wait_s)
            agent.context += profile.request_tokens(u_message)
        turns = agent.turns_of(u_turns) - (less[message] if less else 0)
        for left in range(turns - 1, -1, -1):
            if at == len(page):
                page, at = streams.page(_TURN, task.id, branch, turn // ROWS), 0
            u_output, u_result, u_tool, u_noise, u_error, u_rewrite = unpack(page, at)
            at += row_size
            if agent.context > limit:
                if not (yield from compact(agent, turn, wait_s)):
                    return False
                wait_s = 0.0
            if u_rewrite < rewrite_rate:
                call.keep_prefix(0)
            context = agent.context
            output = int(output_of(u_output) * output_scale + 0.5) or 1
            reasoning = int(output * reasoning_share + 0.5) if reasoning_share else 0
            if send(call, turn, context, output, reasoning, u_noise, u_error, wait_s) and (yield call).failed:
                return False
            turn += 1
            context += output - int(output * dropped_share + 0.5) if dropped_share else output
            if left:
                context += int((result_of if turn > opening else opening_of)(u_result) * result_scale + 0.5)
                wait_s = tool_time_of(u_tool)
            agent.context = context
            if turn in pauses and not (yield from pauses[turn](agent)):
                return False
    return True
