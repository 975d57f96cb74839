"""`replay`: a recorded agent, call by call: its token counts and its waits, on our backends, caches and prices."""

from __future__ import annotations

from sim.agents.agent import FIRST_TURN, Agent, Life
from sim.logs.session import Recording
from sim.sampling.decisions import TURNS


def replay(agent: Agent, recording: Recording) -> Life:
    """Send every recorded call; a wait before a user's call counts as the user's."""
    task, call, office = agent.task, agent.call, agent.office
    rows = office.streams.rows(int(TURNS.purpose), task.id, agent.branch, agent.page[FIRST_TURN:], 1)
    if recording.start_s:
        yield agent.wait_for(office.env.timeout(recording.start_s))
    for turn, row in enumerate(recording.calls):
        _, _, _, u_noise, u_error, _ = next(rows)
        if row.by_user and not agent.depth:
            task.wait_for_user(office.env.now, row.wait_s)
        call.keep_prefix(row.prefix_tokens)
        if office.send(call, turn, row.input_tokens, row.output_tokens, 0, u_noise, u_error, row.wait_s) and (yield call).failed:
            return False
    return True
