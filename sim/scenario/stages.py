"""What has to fit together in a pipeline: stages that exist, in an order that can run, and that end some day."""

from __future__ import annotations

import dataclasses
import math
import re

from sim.errors import ConfigError, did_you_mean
from sim.sampling.distributions import distribution
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.profile import AtCap, LoopSettings, StageRole, staff

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def check_stages(agent: AgentSettings, most_agents: float, most_calls: float) -> None:
    """Raise `ConfigError` for what cannot be; caps are refused where they would not hold."""
    if agent.kind is not AgentKind.pipeline:
        for cap in ("max_agents", "max_tokens"):
            if getattr(agent, cap) is not None:
                raise ConfigError(f"agent.{cap}={getattr(agent, cap)}: needs agent.kind=pipeline; others are bounded by budget.usd")
        return
    _check_order(agent)
    _check_own_loop(agent)
    if agent.at_cap is AtCap.skip and agent.max_agents is not None and agent.max_agents < len(agent.order):
        raise ConfigError(f"agent.max_agents={agent.max_agents}: must be at least {len(agent.order)}, one a stage, where at_cap=skip")
    for name, each in staff(agent.order, agent.stages).items():
        stage, key = agent.stages[name], f"agent.stages.{name}"
        if each.agents > most_agents:
            raise ConfigError(f"{key}: {each.agents:,.0f} agents a task on average, must be at most {most_agents:,}")
        calls = each.agents * math.prod(distribution(law).mean for law in (stage.requests, stage.turns, stage.turns_scale))
        if calls > most_calls:
            raise ConfigError(f"{key}: {calls:,.0f} calls a task on average, must be at most {most_calls:,}")


def _check_order(agent: AgentSettings) -> None:
    order = agent.order
    if not order:
        known = ", ".join(agent.stages) or "none yet"
        raise ConfigError(f"agent.order=[]: name the stages of the pipeline in their order; agent.stages has {known}")
    if len(set(order)) != len(order):
        raise ConfigError(f"agent.order=[{','.join(order)}]: names a stage twice")
    for place, name in enumerate(order):
        if name not in agent.stages:
            raise ConfigError(f"agent.order: '{name}' is not in agent.stages; {did_you_mean(name, agent.stages)}")
        if not _NAME.fullmatch(name):
            raise ConfigError(f"agent.stages.{name}: a stage is called by a letter, then letters, digits, _ or -")
        stage, before = agent.stages[name], order[:place]
        for key, other in [("each", stage.each)] * (stage.each is not None) + [("reads", read) for read in stage.reads]:
            if other not in before:
                said = f"the stages before it are {', '.join(before)}" if before else "there is no stage before it"
                raise ConfigError(f"agent.stages.{name}.{key}={other}: {said}")
    if agent.stages[order[0]].role is StageRole.verifier:
        raise ConfigError(f"agent.stages.{order[0]}.role=verifier: the first stage has nothing to verify")


def _check_own_loop(agent: AgentSettings) -> None:
    plain = LoopSettings()
    for field in dataclasses.fields(LoopSettings):
        if getattr(agent, field.name) != getattr(plain, field.name):
            raise ConfigError(f"agent.{field.name}: a pipeline has no loop of its own; set agent.stages.NAME.{field.name}")
