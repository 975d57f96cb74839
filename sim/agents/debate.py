"""`debate`: m agents answer, read all answers, answer again, for t rounds; every prompt holds the whole board.

m = `fanout`, t = `turns`; In = m t B + m^2 y t (t-1) / 2 for answers of y tokens (F9). The root is one of the m.
"""

from __future__ import annotations

from simpy import Event

from sim.agents.agent import Agent, Life
from sim.call import Role
from sim.sampling.decisions import DEBATE_ROUNDS, DEBATE_TURN, WAVE
from sim.sampling.streams import ROW, child

_WORKER = int(Role.worker)


def debate(root: Agent) -> Life:
    """The root's life: it debates as the others do, and ends when all have."""
    office = root.office
    u_rounds = ROW.unpack_from(root.page, 8 * DEBATE_ROUNDS.first_column)[0]
    rounds = max(1, round(root.profile.turns(u_rounds)))
    size = office.fanout(*office.streams.draws(WAVE, root.task.id, root.branch, 1))
    board = Board(root, size)
    for index in range(1, size):
        other = Agent(office, root.task, office.lead, _WORKER, f"{root.path}.{index - 1}", child(root.branch, index), 1)
        other.start(_debater(other, board, rounds), lambda agent, completed: board.leave(agent if completed else None))
    completed = yield from _debater(root, board, rounds)
    if root.ahead:
        yield root.catch_up()
    board.leave(root if completed else None)
    if board.present:
        yield root.wait_for(board.empty)
    if office.outcome.settings.success_exponent:
        root.helpers = [debater.quality for debater in board.heard_out]
    return completed


class Board:
    """What all have said so far; a round ends when everybody present has spoken."""

    def __init__(self, root: Agent, size: int) -> None:
        self._env = root.office.env
        self.present = size
        self.said_tokens = 0
        self.heard_out: list[Agent] = []
        """Who has spoken in every round."""
        self._spoken = 0
        self._next: Event = self._env.event()
        self.empty: Event = self._env.event()

    def speak(self, tokens: int) -> Event:
        """Add an answer; the event comes with the last one of the round."""
        self.said_tokens += tokens
        self._spoken += 1
        following = self._next
        self._turn_page()
        return following

    def leave(self, heard_out: Agent | None) -> None:
        """One less to wait for."""
        self.present -= 1
        self.heard_out += [heard_out] if heard_out else []
        if self.present:
            self._turn_page()
        else:
            self.empty.succeed()

    def _turn_page(self) -> None:
        if self._spoken and self._spoken >= self.present:
            self._spoken = 0
            ended, self._next = self._next, self._env.event()
            ended.succeed()


def _debater(agent: Agent, board: Board, rounds: int) -> Life:
    """One debater: as many answers as there are rounds."""
    agent.settle()
    profile, call = agent.profile, agent.call
    heard = 0
    for turn in range(rounds):
        u_output, u_noise, u_error = agent.office.streams.draws(DEBATE_TURN, agent.task.id, agent.branch, turn + 1)
        output = int(profile.output_tokens(u_output) * agent.output_scale + 0.5) or 1
        reasoning = int(output * agent.reasoning_share + 0.5)
        if agent.office.send(call, turn, agent.context, output, reasoning, u_noise, u_error) and (yield call).failed:
            return False
        if turn + 1 < rounds:
            if agent.ahead:
                yield agent.catch_up()
            yield agent.wait_for(board.speak(output - int(output * agent.dropped_share + 0.5)))
            agent.context += board.said_tokens - heard
            heard = board.said_tokens
    return True
