"""Which workflows there are: what a task's root agent does, and what it is to its task."""

from __future__ import annotations

from collections.abc import Callable

from sim.agents.agent import Agent, Life
from sim.agents.chat import chat
from sim.agents.debate import debate
from sim.agents.orchestrator import orchestrate
from sim.agents.pipeline import pipeline
from sim.agents.react import react
from sim.call import Role
from sim.scenario.custom import imported
from sim.settings.agent import AgentKind, AgentSettings

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
        return imported(settings.workflow, "agent.workflow"), int(Role.agent)
    if settings.kind is AgentKind.pipeline:
        return pipeline, int(Role[settings.staged[0].role.value])
    life, role = _WORKFLOWS[settings.kind]
    return life, int(role)
