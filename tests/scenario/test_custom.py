"""Policies and workflows of the user's: as their files are now; those that are broken are one line, with their own file and line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.scenario.custom import imported
from sim.settings.agent import AgentKind
from sim.settings.router import Policy, RouterSettings
from tests.worlds import agent, run

HEAD = "from sim.agents.react import react\n"
ABSTRACT = "import abc\nclass f(abc.ABC):\n  def __init__(self, known): pass\n  @abc.abstractmethod\n  def g(self): pass"
CHANGES = "def f(known):\n    def g(call, draws):\n        {}\n        return known.backends[0]\n    return g"
LEARNS = (
    "class f:\n    def __init__(self, known): self.one = known.backends[0]\n    def __call__(self, call, draws): return self.one\n    {}"
)
EQUALS_ALL = "class E:\n    def __eq__(self, other): return True\ndef f(known): return lambda call, draws: E()"
NAMELESS = """class F:
    def __call__(self, known): return lambda call, draws: known.backends[0]
    def __getattr__(self, name): raise RuntimeError('no ' + name)
f = F()"""
TRAITS = "import sim\ndef f(known): return lambda call, draws: known.backends[0]\nf.traits = sim.ALONE._replace({})"
POLICIES = {
    "def f(known): return 1 / 0": "mine.py, line 2: ZeroDivisionError: division by zero",
    "def f(known):\n    return lambda call, draws: 1 / 0": "mine.py, line 3: ZeroDivisionError: division by zero",
    "def g(known): pass\nF = g": "mine has no 'f'; did you mean 'F'?",
    "def f(known): return None": "returned None, must return a function of a call and its random numbers",
    "def f(known): return lambda call, draws: None": "chose None, must be one of known.backends",
    "def f(known): return lambda call, draws: 'one'": "chose 'one', must be one of known.backends",
    "def f(known): return lambda call, draws: known.backends": "chose a list, must be one of known.backends",
    "def f(known): return lambda call: known.backends[0]": "its choice: takes (call), must take 2 arguments, call, draws (mine.py, line 2)",
    "def f(): pass": "takes (), must take 1 argument, known (mine.py, line 2)",
    "def f(known, more): pass": "takes (known, more), must take 1 argument, known (mine.py, line 2)",
    "def f(known):\n    def g(call, draws): raise StopIteration\n    return g": "mine.py, line 3: StopIteration",
    "class B(BaseException): pass\ndef f(known): raise B('x')": "mine.py, line 3: B: x",
    "raise GeneratorExit": "mine.py, line 2: GeneratorExit",
    ABSTRACT: "cannot be called: Can't instantiate abstract class f",
    "def f(known): import sys; sys.exit(0)": "mine.py, line 2: calls sys.exit(0)",
    "import os\ndef f(known): os._exit(0)": "mine.py, line 3: calls os._exit(0)",
    "import os; os._exit(0)": "mine.py, line 2: calls os._exit(0)",
    "class E(Exception):\n    def __str__(self): raise ValueError\ndef f(known): raise E": "mine.py, line 4: E",
    "async def f(known): pass": "returned a coroutine, must return a function",
    CHANGES.format("call.input_tokens = 0"): "changed the call that it was asked about",
    CHANGES.format("call.task.id = 7"): "changed the call that it was asked about",
    LEARNS.format("learn = 5"): "its learn is 5, must be a function of backend, usd, seconds, success",
    LEARNS.format("def learn(self): pass"): "its learn: takes (), must take 4 arguments, backend, usd, seconds, success",
    LEARNS.format("def learn(self, *told): pass"): "its learn is told what a task has brought, so router.per=agent must be task",
    CHANGES.format("call.cached_tokens = 10**6"): "changed the call that it was asked about",
    CHANGES.format("call.task.effort = 0.01"): "changed the call that it was asked about; a policy chooses, and leaves call",
    CHANGES.format("known.backends[0].env._now += 1000"): "changed the call that it was asked about",
    CHANGES.format("known.backends[0].settings.input_usd_per_mtok = 0.0"): "changed a backend; what a policy or a workflow is shown",
    CHANGES.format("known.backends[0].price = None"): "changed a backend",
    LEARNS.format("def learn(self, *told): yield"): "its learn yields, and would never run",
    EQUALS_ALL: "chose a E, must be one of known.backends",
    NAMELESS: "its traits cannot be had: RuntimeError: no traits",
    TRAITS.format("unsolved='{nothing}'"): "its traits say why not in texts, in which {key} and {value} alone are filled in",
    TRAITS.format("looks_at=5"): "mine.py, line 4: ValueError: Got unexpected field names",
    "class C:\n    def f(known): pass": "mine has no 'f'",
    "f = 3": "must be a function",
    "def f(known:": "mine.py, line 2: SyntaxError: ",
    "import nowhere_at_all": "No module named 'nowhere_at_all'",
    "from sim import nothing_such": "mine.py, line 2: ImportError: cannot import name 'nothing_such'",
    "raise SystemExit": "mine.py, line 2: calls sys.exit()",
    "import sys; sys.exit(0)": "mine.py, line 2: calls sys.exit(0)",
    "{}['key']": "mine.py, line 2: KeyError: 'key'",
    "g = 1": "mine has no 'f'",
    "\x00": "source code string cannot contain null bytes",  # a ValueError before Python 3.11.4
}
SENDS = "def f(agent):\n    agent.settle()\n    yield agent.office.send(agent.call, 0, "
SECOND = """from sim.agents.agent import Agent
def f(agent):
    other = Agent(agent.office, agent.task, agent.office.worker, 3, '{}', {}, 0)
    other.start(react(other), lambda *_: None)
    return (yield from react(agent))"""
WORKFLOWS = {
    "def f(agent): raise ValueError('no')": "mine.py, line 2: ValueError: no",
    "def f(agent):\n    yield from react(agent)\n    raise ValueError": "mine.py, line 4: ValueError",
    "def f(agent): return True": "returned True, must be a generator: a function that yields",
    "def f(agent):\n    yield 3": "yielded 3, must be an event that is yet to come",
    "def f(agent):\n    yield": "yielded None, must be an event that is yet to come",
    "def f(agent):\n    yield agent.call": "yielded a Call, must be an event",
    "def f(agent):\n    yield agent.office.env.timeout(-1)": "mine.py, line 3: ValueError: Negative delay -1",
    "def f(agent):\n    return True\n    yield": "ended without a call",
    "def f(agent):\n    yield from react(agent)": "ended with None, must return True or False",
    "def f(agent):\n    agent.settle()\n    yield agent.office.send(agent.call, 0)": "mine.py, line 4: TypeError: send() missing 5",
    "def f(agent):\n    yield from react(agent)\n    agent.call.task.id = 99\n    return True": "changed the task of its call",
    SENDS + "'many', 5, 0, 0.5, 1.0)": "input_tokens='many': must be a whole number",
    SENDS + "9, 5, 6, 0.5, 1.0)": "reasoning_tokens=6: must be at most output_tokens=5",
    SENDS + "-9, 5, 0, 0.5, 1.0)":
        "mine.py, line 4: ValueError: input_tokens=-9: must be a whole number from 0 to 4,294,967,295",
    SENDS + "9.5, 5, 0, 0.5, 1.0)": "input_tokens=9.5: must be a whole number",
    SENDS + "9, 5, 0, 5.0, 1.0)": "u_noise=5.0, u_error=1.0: must be random numbers between 0 and 1",
    "def f(agent):\n    agent.settle()\n    return True\n    yield": "ended without a call",
    "import os\ndef f(agent):\n    os._exit(3)\n    yield": "mine.py, line 4: calls os._exit(3)",
    "def f(agent):\n    yield from react(agent)\n    return (yield from react(agent))":
        "mine.py, line 4: ValueError: an agent settles once, or its turns are multiplied twice; start a second Agent",
    SENDS + "9, 5, 0, 0.5, 1.0) and agent.office.send(agent.call, 1, 9, 5, 0, 0.5, 1.0)":
        "mine.py, line 4: ValueError: sends a call that is under way",
    "def f(agent):\n    agent.settle()\n    agent.office.send(agent.call, 0, 9, 5, 0, 0.5, 1.0)\n    return True\n    yield":
        "ended before its call was answered; yield what send gives back",
    "def f(agent):\n    yield agent.office.env.at(-5)": "yielded an event at -5 s, when it was 0 s; time does not go back",
    "import simpy\ndef f(agent):\n    yield simpy.Environment().timeout(1)": "yielded an event of another clock; agent.office.env is",
    "def f(agent):\n    done = yield from react(agent)\n    agent.task.t_arrive -= 9\n    return done": "changed the task of its call",
    "def f(agent):\n    done = yield from react(agent)\n    agent.task.success = True\n    return done": "and it is judged",
    "def f(agent):\n    done = yield from react(agent)\n    agent.task.agents = 0\n    return done": "changed the task of its call",
    SECOND.format("0.0", "agent.branch"): "ValueError: two agents of a task have one branch: child(agent.branch, index) is",
    SECOND.format("0", "7"): "ValueError: two agents of a task have one path: its parent's with .index is another for each",
    SENDS + "9, 5, 0, 0.5, 1.0, -5.0)": "wait_s=-5.0: must be a number from 0",
    SENDS + "9, 5, 0, 0.5, 1.0, float('nan'))": "wait_s=nan: must be",
    "def f(agent):\n    yield agent.office.env.timeout(float('inf'))\n    return (yield from react(agent))": "with it the run comes to ",
    "def f(): yield": "takes (), must take 1 argument, agent (mine.py, line 2)",
    "import sys\ndef f(agent):\n    yield from react(agent)\n    sys.exit(0)": "mine.py, line 5: calls sys.exit(0)",
}  # fmt: skip


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of the user's, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    sys.modules.pop("mine", None)
    yield tmp_path / "mine.py"
    sys.modules.pop("mine", None)


@pytest.mark.parametrize("code", POLICIES)
def test_a_broken_policy_is_one_line(mine: Path, code: str) -> None:
    mine.write_text(HEAD + code)
    with pytest.raises(sim.ConfigError) as refused:
        run(agent(turns=2), router=RouterSettings(policy=Policy.custom, custom="mine:f"))
    assert str(refused.value).startswith("router.custom=mine:f: ")
    assert POLICIES[code] in str(refused.value)


@pytest.mark.parametrize(("named", "likely"), [("mine.py:f", "mine:f"), ("./mine:f", "mine:f"), ("./pack/mine.py:f", "pack.mine:f")])
def test_a_file_in_the_place_of_a_module_gets_the_modules_name(mine: Path, named: str, likely: str) -> None:
    mine.write_text("def f(known): return lambda call, draws: known.backends[0]")
    with pytest.raises(sim.ConfigError) as refused:
        run(agent(turns=2), router=RouterSettings(policy=Policy.custom, custom=named))
    told = f"router.custom={named}: is a file; name its module, as in {likely}, from the current folder on"
    assert str(refused.value) == told


@pytest.mark.parametrize("code", WORKFLOWS)
def test_a_broken_workflow_is_one_line(mine: Path, code: str) -> None:
    mine.write_text(HEAD + code)
    with pytest.raises(sim.ConfigError) as refused:
        run(agent(kind=AgentKind.custom, workflow="mine:f", turns=2))
    assert str(refused.value).startswith("agent.workflow=mine:f: ")
    assert WORKFLOWS[code] in str(refused.value)


def test_a_workflow_may_wait_as_simpy_waits(mine: Path) -> None:
    """A second to think, a call of a second, a second again."""
    mine.write_text(f"{HEAD}def f(agent):\n  yield agent.office.env.timeout(1)\n  done = yield from react(agent)\n"
                    "  yield agent.office.env.timeout(1)\n  return done")  # fmt: skip
    assert run(agent(kind=AgentKind.custom, workflow="mine:f", turns=1)).mean("task_latency_mean_s") == pytest.approx(3)


def test_an_error_that_is_not_the_users_goes_on_as_it_is() -> None:
    def progress(calls: int) -> None:
        raise RuntimeError("of the host")

    with pytest.raises(RuntimeError, match="of the host"):
        sim.simulate(sim.load("replications=1", "processes=1", "workload.tasks=400"), progress)


HELPER = "RATE = 1\n"
POLICY = "import own_helper\ndef rate(known=None):\n    return own_helper.RATE\n"


def test_a_function_is_what_its_files_say_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own_policy.py").write_text(POLICY)
    Path("own_helper.py").write_text(HELPER)
    before = list(sys.path), sys.dont_write_bytecode
    first = imported("own_policy:rate", "router.custom")
    assert first() == 1
    assert imported("own_policy:rate", "router.custom") is first
    Path("own_helper.py").write_text(HELPER.replace("1", "7"))
    assert imported("own_policy:rate", "router.custom")() == 7, "a helper, of the same size, within the same second"
    Path("own_policy.py").write_text(POLICY.replace("RATE", "RATE * 2"))
    assert imported("own_policy:rate", "router.custom")() == 14
    assert (list(sys.path), sys.dont_write_bytecode) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own_helper.py", "own_policy.py"], "no bytecode"


def test_what_somebody_else_has_imported_is_imported_anew_once_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "their_policy.py").write_text("def rate(known=None):\n    return 1\n")
    import their_policy  # type: ignore[import-not-found]

    assert their_policy.rate() == 1
    (tmp_path / "their_policy.py").write_text("def rate(known=None):\n    return 2\n")
    assert imported("their_policy:rate", "router.custom")() == 2
