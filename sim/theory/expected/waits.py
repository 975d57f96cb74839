"""Mean waits in line of a scenario, where one of the textbook's queues is exactly what it is (F14): Poisson tasks of one call each."""

from __future__ import annotations

import math

from sim.sampling.distributions import distribution
from sim.sampling.shapes import Exponential
from sim.scenario.scenario import Scenario
from sim.settings.agent import AgentKind
from sim.settings.workload import WorkloadKind
from sim.theory import queues
from sim.theory.expected.moments import nodes
from sim.theory.expected.sizes import Sizes, constant
from sim.theory.expected.spent import Site, Spent

FINE_TOKENS = 100
"""From so many in the mean, exponential outputs in whole tokens are as good as exponential."""


def one_call_each(scenario: Scenario, spent: Spent) -> bool:
    """Whether every task is one call that succeeds at once."""
    agent = scenario.agent
    alone = agent.kind in (AgentKind.chat, AgentKind.react) and agent.tries.most == 1 and agent.tries.verifier is None
    failing = any(backend.error_rate for backend in scenario.chosen().values())
    return alone and not failing and abs(spent.attempts - 1) < 1e-9


def wait_s(scenario: Scenario, site: Site, share: float) -> tuple[float, str]:
    """(mean seconds in line at a backend that gets this share of the tasks, each of one call; why it is nan, if it is).

    Steady state. Tasks that are sent to several backends by chance are Poisson at each of them.
    """
    slots = site.backend.slots
    if slots is None or site.alone:
        return 0.0, ""
    if why := _unlike_a_queue(scenario, site, share):
        return math.nan, why
    rate, batch = share / distribution(scenario.workload.interarrival_s).mean, nodes(scenario.workload.batch_size).rounded(1)
    mean, variance = _service(scenario, site)
    load = rate * batch.mean * mean / slots
    if load >= 1:
        return math.nan, f"{load:.3g} times what can be served is asked for"
    if not load:
        return 0.0, ""
    if slots > 1:
        return queues.line(rate=rate, service_s=mean, slots=slots).wait_s, ""
    size2 = batch.variance + batch.mean**2
    return queues.batch_line(rate=rate, size=batch.mean, size2=size2, service_s=mean, cv2=variance / mean**2).wait_s, ""


def _unlike_a_queue(scenario: Scenario, site: Site, share: float) -> str:
    """What keeps a line from being M[X]/G/1 or M/M/c; empty where nothing does."""
    backend, workload = site.backend, scenario.workload
    gap = distribution(workload.interarrival_s)
    together = not (nodes(workload.batch_size).rounded(1).values == 1).all()
    reasons = {
        "tasks that do not arrive at random (Poisson)": not (
            workload.kind is WorkloadKind.open and isinstance(gap, Exponential) and gap.mean > 0
        ),
        "tasks that arrive together and go to several backends": together and share < 1,
        "decoding that others slow down": backend.decode_slowdown > 0,
        "prompts whose heads others have read": backend.share_system and backend.prefill_tokens_per_s is not None,
        "several slots, and tasks that arrive together": backend.slots != 1 and together,
        "several slots, and times that are not exponential": backend.slots != 1 and not _exponential(scenario, site),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _service(scenario: Scenario, site: Site) -> tuple[float, float]:
    """Mean and variance of the seconds that a call holds a slot."""
    backend, noise = site.backend, math.exp(site.backend.noise_sigma**2)
    sizes = Sizes(scenario.agent, backend)
    prompt = nodes(scenario.agent.prompt_tokens).rounded(0).variance + nodes(scenario.agent.prior_tokens).rounded(0).variance
    token_s = _prompt_token_s(site)
    word_s = 1 / backend.decode_tokens_per_s if backend.decode_tokens_per_s else 0.0
    mean = backend.ttft_s + token_s * (sizes.first + sizes.prior) + word_s * sizes.output
    variance = token_s**2 * prompt + word_s**2 * sizes.words.variance
    return backend.network_rtt_s + math.sqrt(noise) * mean, noise**2 * (variance + mean**2) - noise * mean**2


def _prompt_token_s(site: Site) -> float:
    prefill = site.backend.prefill_tokens_per_s
    return (1 / prefill if prefill else 0.0) + site.backend.context_s_per_100k_tokens / 1e5


def _exponential(scenario: Scenario, site: Site) -> bool:
    """Whether a call takes an exponential time: its output alone, and nothing else, decides it."""
    backend, agent = site.backend, scenario.agent
    law = distribution(agent.output_tokens)
    bare = not (backend.ttft_s or backend.network_rtt_s or backend.noise_sigma or _prompt_token_s(site))
    drawn = isinstance(law, Exponential) and constant(agent.output_scale)
    return bare and drawn and law.mean * distribution(agent.output_scale).mean * backend.verbosity >= FINE_TOKENS
