"""What happens to a context that has grown too long."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from simpy import Event

from sim.agents.agent import Agent
from sim.call import Role
from sim.sampling.decisions import COMPACTION


def compact(agent: Agent, turn: int, wait_s: float) -> Generator[Event, Any, bool]:
    """Summarise the history: a call that is billed, after which nothing of the old prompt is cached.

    The new context is the system prompt, the first message, the summary and what is read again (F5). What does
    not fit the window is cut off the prompt of this call, as agents do. Returns whether the call succeeded.
    """
    call, profile = agent.call, agent.profile
    u_summary, u_noise, u_error, u_restore = agent.office.streams.draws(COMPACTION, agent.task.id, agent.branch, agent.compactions)
    agent.compactions += 1
    summary = profile.summary_tokens(u_summary)
    window = call.backend.window  # type: ignore[union-attr]
    role, call.role = call.role, int(Role.compaction)
    if agent.office.send(call, turn, min(agent.context, window), summary, 0, u_noise, u_error, wait_s):
        yield call
    call.role = role
    call.keep_prefix(0)
    agent.context = agent.first_tokens + summary + profile.restore_tokens(u_restore)
    return not call.failed
