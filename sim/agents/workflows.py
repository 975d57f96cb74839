"""Which workflows there are: what a task's root agent does, and what it is to its task."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from simpy import Event

from sim.agents.agent import Agent, Life
from sim.agents.chat import chat
from sim.agents.debate import debate
from sim.agents.orchestrator import orchestrate
from sim.agents.pipeline import pipeline
from sim.agents.react import react
from sim.call import Call, Role
from sim.errors import ConfigError, shown
from sim.scenario.custom import imported
from sim.settings.agent import AgentKind, AgentSettings
from sim.task import Task

KINDS = ("chat", "react", "orchestrator", "replay", "debate", "custom", "pipeline")
"""Names behind the `kind` column of tasks. Their order is inside rows and digests: append, never insert."""
CHAT = KINDS.index("chat")
_WORKFLOWS: dict[AgentKind, tuple[Callable[[Agent], Life], Role]] = {
    AgentKind.chat: (chat, Role.chat),
    AgentKind.react: (react, Role.agent),
    AgentKind.orchestrator: (orchestrate, Role.lead),
    AgentKind.debate: (debate, Role.agent),
}


def workflow(settings: AgentSettings) -> tuple[Callable[[Agent], Life], int]:
    """The life of a task's root agent, and its role."""
    if settings.kind is AgentKind.custom:
        return _held(imported(settings.workflow, "agent.workflow"), f"agent.workflow={settings.workflow}"), int(Role.agent)
    if settings.kind is AgentKind.pipeline:
        return pipeline, int(Role[settings.staged[0].role.value])
    life, role = _WORKFLOWS[settings.kind]
    return life, int(role)


_OF_A_TASK = ("id", "user", "kind", "t_arrive", "success", "finished", "tries", "u_difficulty", "chats", "urgent", "effort", "capped")
"""What nobody changes while an agent is at work."""


def _checked(send: Callable[..., Any], sent: dict[Any, Call], task: Task) -> Callable[..., Any]:
    """`Office.send` for whoever may send anything: a negative wait would turn the clock back. Raises `ValueError`.

    `sent`: which agent has which branch and which path, once it has sent something.
    """

    def checked(
        call: Call, turn: int, input_tokens: int, output_tokens: int, reasoning_tokens: int, u_noise: float, u_error: float,
        wait_s: float = 0.0,
    ) -> Any:  # fmt: skip
        counts = {"turn": turn, "input_tokens": input_tokens, "output_tokens": output_tokens, "reasoning_tokens": reasoning_tokens}
        for key, value in counts.items():
            if not isinstance(value, int | np.integer) or not 0 <= value < 2**32:
                raise ValueError(f"{key}={value!r:.80}: must be a whole number from 0 to {2**32 - 1:,}")
        if reasoning_tokens > output_tokens:
            raise ValueError(
                f"reasoning_tokens={reasoning_tokens}: must be at most output_tokens={output_tokens}, of which they are a part"
            )
        if not (0 < u_noise < 1 and 0 <= u_error <= 1):
            raise ValueError(f"u_noise={u_noise!r:.80}, u_error={u_error!r:.80}: must be random numbers between 0 and 1")
        if call.task is not task:
            raise ValueError("sends the call of another task's agent; send agent.call")
        if call.callbacks:
            raise ValueError("sends a call that is under way; yield what send gives back first")
        for one, of in ((call.branch, "branch: child(agent.branch, index)"), (call.agent, "path: its parent's with .index")):
            if sent.setdefault(one, call) is not call:
                raise ValueError(f"two agents of a task have one {of} is another for each, and with it their draws and rows")
        if not 0 <= wait_s < math.inf:
            raise ValueError(f"wait_s={wait_s!r:.80}: must be a number from 0 on")
        return send(call, turn, input_tokens, output_tokens, reasoning_tokens, u_noise, u_error, wait_s)

    checked.__qualname__ = "send"  # as a TypeError of Python's calls it
    return checked


def _held(life: Callable[[Agent], Life], name: str) -> Callable[[Agent], Life]:
    """A workflow of the user's, held to what it must yield and return: what nobody wakes would be missing without a word."""

    def lived(agent: Agent) -> Life:
        sent: dict[Any, Call] = {}
        task, agents = agent.task, agent.task.agents
        before, clock = [getattr(task, key) for key in _OF_A_TASK], agent.office.env
        agent.office = agent.office._replace(send=_checked(agent.office.send, sent, task))
        living = life(agent)
        if inspect.iscoroutine(living):
            living.close()
        if not isinstance(living, Generator):
            raise ConfigError(f"{name}: returned {shown(living)}, must be a generator: a function that yields")
        told: Any = None
        while True:
            try:
                event = living.send(told)
            except StopIteration as end:
                if not isinstance(end.value, bool):
                    raise ConfigError(f"{name}: ended with {shown(end.value)}, must return True or False: whether all went well") from None
                if not sent:
                    raise ConfigError(f"{name}: ended without a call; yield from sim.agents.react.react(agent), or send calls") from None
                if agent.call.callbacks:
                    raise ConfigError(f"{name}: ended before its call was answered; yield what send gives back") from None
                if agent.call.task is not task or task.agents < agents or [getattr(task, key) for key in _OF_A_TASK] != before:
                    raise ConfigError(f"{name}: changed the task of its call; by that its rows are counted, and it is judged") from None
                return end.value
            if not isinstance(event, Event) or not (event.callbacks if event is agent.call else event.callbacks is not None):
                rule = "must be an event that is yet to come: a timeout, or a call where `send` gives one back (None: the answer is there)"
                raise ConfigError(f"{name}: yielded {shown(event)}, {rule}")
            if event.env is not clock:
                raise ConfigError(f"{name}: yielded an event of another clock; agent.office.env is the one that turns")
            if event is not agent.call and agent.call.resume not in event.callbacks:
                agent.wait_for(event)
            asked = clock.now
            told = yield event
            if clock.now < asked:
                raise ConfigError(f"{name}: yielded an event at {clock.now:g} s, when it was {asked:g} s; time does not go back")

    return lived
