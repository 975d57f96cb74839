"""Tries at one task: again until an answer is accepted, several at once, or on ever stronger backends.

Every try is a whole workflow with random numbers of its own; what they share is the task's difficulty
(`sim.success`). The roots of later tries are called `1`, `2`, ..., their verifiers `0.v`, `1.v`, ...
"""

from __future__ import annotations

from collections.abc import Callable

from sim.agents.agent import Agent, Life, Office
from sim.agents.react import react
from sim.call import Role
from sim.sampling.decisions import PICK, TRY
from sim.sampling.distributions import distribution, whole
from sim.sampling.streams import child
from sim.settings.tries import Pick
from sim.task import Task

_FIRST_BRANCH = 1 << 20
"""Branches of later tries and of verifiers lie beyond those of any team."""


class Tries:
    """One task's tries; `over` is told at the end whether the answer that was taken is right."""

    def __init__(self, office: Office, task: Task, workflow: Callable[[Agent], Life], role: int, over: Callable[[bool], None]) -> None:
        self.office = office
        self.task = task
        self._settings = office.settings.tries
        self._workflow = workflow
        self._role = role
        self._over = over
        self._kept_tokens = 0
        self._right: list[bool] = []
        """Of the answers that were accepted."""
        self._rejected: list[bool] = []

    def begin(self) -> None:
        """Start the first try, or all of them."""
        for number in range(self._settings.most if self._settings.parallel else 1):
            self._start(number)

    def _start(self, number: int) -> None:
        office, task, settings = self.office, self.task, self._settings
        if settings.backends:
            office.assign(task, settings.backends[min(number, len(settings.backends) - 1)])
        task.tries += 1
        branch = child(0, _FIRST_BRANCH + number) if number else 0
        u_score, u_accepted, u_kept = office.streams.draws(TRY, task.id, branch)
        score = office.outcome.score(task.u_difficulty, u_score)
        agent = Agent(office, task, office.lead, self._role, str(number), branch)
        if not number:
            office.heard(agent.requests)
        agent.context += self._kept_tokens

        def answered(root: Agent, completed: bool) -> None:
            right = solved(root, completed, score)
            task.finished |= completed
            accepted = u_accepted < (settings.true_positive if right else settings.false_positive)
            if settings.verifier is None:
                self._judged(number, right, accepted)
            else:
                checker = Agent(office, task, office.verifier, int(Role.verifier), f"{number}.v", child(branch, _FIRST_BRANCH), 1)
                checker.start(react(checker), lambda agent, completed: self._judged(number, right, accepted))

        agent.start(self._until_lost(agent, score) if settings.stop_when_lost else self._workflow(agent), answered)
        if settings.keep_tokens:
            self._kept_tokens += whole(distribution(settings.keep_tokens), 0)(u_kept)

    def _until_lost(self, agent: Agent, score: float) -> Life:
        """The workflow, up to the turn in which it goes wrong on the backend that it got."""
        agent.call.input_tokens = agent.context
        quality = self.office.choose(agent.call).quality
        agent.pauses[self.office.outcome.lost_at(score, quality)] = _give_in
        return (yield from self._workflow(agent))

    def _judged(self, number: int, right: bool, accepted: bool) -> None:
        """An answer is there; take it, wait for the others, or try again."""
        (self._right if accepted else self._rejected).append(right)
        settings = self._settings
        if len(self._right) + len(self._rejected) == settings.most:
            self._over(self._pick(right))
        elif not settings.parallel:
            if accepted and settings.pick is Pick.accepted:
                self._over(right)
            else:
                self._start(number + 1)

    def _pick(self, last: bool) -> bool:
        """Whether the answer is right that is taken of all: the last one where they came one after another."""
        settings, answers = self._settings, self._right + self._rejected
        if settings.pick is Pick.majority:
            return 2 * sum(answers) > len(answers)
        if not settings.parallel:
            return last
        open_to_choice = self._right or self._rejected
        u = self.office.streams.draws(PICK, self.task.id, 0, 1)[0]
        return open_to_choice[int(u * len(open_to_choice))]


def _give_in(agent: Agent) -> Life:
    """The work has gone wrong, and the agent sees it: that is an answer too."""
    yield from ()
    agent.task.finished = True
    return False


def solved(root: Agent, completed: bool, score: float) -> bool:
    """Whether a try has succeeded: it ended, and its backend is up to a task of this score and length; unknown quality is enough."""
    backend = root.call.backend
    if not completed or backend is None:
        return False
    quality = backend.quality
    return quality is None or score < root.office.outcome.chance(quality, root.call.turn + 1, root.helpers or ())
