"""What Hydra refuses is said in one line, with the likely setting of the group that it is about."""

from __future__ import annotations

import pytest

import sim

TYPOS = {
    "workload.taks=3": "workload.taks: 'taks' is not a setting; did you mean 'tasks'?",
    "retry.atempts=3": "retry.atempts: 'atempts' is not a setting; did you mean 'attempts'?",
    "agent.tries.mots=3": "agent.tries.mots: 'mots' is not a setting; did you mean 'most'?",
    "sensitivity.rnges={}": "an empty mapping changes nothing",
    "goal.success_flor=0.8": "goal.success_flor: 'success_flor' is not a setting; did you mean 'success_floor'?",
    "sead=3": "sead: 'sead' is not a setting; did you mean 'seed'?",
    "agent=teem": "Could not find 'agent/teem'",
    "backends=claude_opus_4_6": "backends: must be a list such as [a,b]",
    "+market.models.mine={input_usd_per_mtok: 1}": "market.models.mine: is not in the market; a backend of your own is a file",
    "agent.turns=[3]": "agent.turns: must be a number or a mapping with 'dist', not a list",
}


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "told"), TYPOS.items())
def test_a_typo_gets_the_likely_setting_of_its_group(typed: str, told: str) -> None:
    with pytest.raises(sim.ConfigError) as refused:
        sim.load(typed)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
