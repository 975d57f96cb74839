"""Studies of seats, routes and promotions: what each counts, by hand or on a small crowd."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments import free_promotion, oauth_crackdown, team_of_50


def test_who_has_left_is_told_by_most_of_their_tokens() -> None:
    """Of three users one is mostly elsewhere; of what left three quarters went to one model."""
    after = pd.DataFrame(
        {
            "user": [0, 0, 1, 2, 2],
            "vendor": ["Anthropic", "MiniMax", "Anthropic", "MiniMax", "Z.ai"],
            "label": ["Opus", "M2.5", "Opus", "M2.5", "GLM-5"],
            "tokens": [60, 40, 10, 50, 30],
        }
    )
    gone, where = oauth_crackdown.left(after)
    assert gone == pytest.approx(1 / 3)
    assert where.replace("\N{NO-BREAK SPACE}", " ") == "M2.5 75 %, GLM-5 25 %"
    assert oauth_crackdown.share(after, "vendor", "Anthropic") == pytest.approx(70 / 190)


@pytest.mark.slow
def test_a_gateway_follows_a_promotion_to_its_cliff() -> None:
    """Every session that begins while GLM-5 is free goes there and costs nothing; the first ones after the cliff are paid by the list."""
    calls = free_promotion.lived("glm_5", free_promotion.CHOICES["a gateway"], tasks=800)
    begins, ends = (day * free_promotion.DAY_S for day in (free_promotion.BEGINS, free_promotion.BEGINS + free_promotion.LASTS))
    free = calls[(calls["t_request_s"] >= begins) & (calls["t_request_s"] < ends)]
    begun = free[free["task"].isin(calls.groupby("task")["t_request_s"].min().loc[lambda first: first >= begins].index)]
    assert begun["mine"].all()
    assert free[free["mine"]]["cost_usd"].sum() == 0
    outside = calls.drop(free.index)
    assert (outside[outside["mine"] & (outside["status"] == "ok")]["cost_usd"] > 0).all()


@pytest.mark.slow
def test_seats_that_wait_cost_their_fee_and_no_more() -> None:
    people, _ = team_of_50.MIX["rarely"]
    wait, beyond = (team_of_50.months("rarely", (plan,), tasks=40) for plan in (team_of_50.SEAT, team_of_50.OVERFLOW))
    assert wait.usd == pytest.approx([200 * people] * 2, rel=1e-3)
    assert (beyond.usd >= wait.usd).all()
    assert beyond.sessions >= wait.sessions
    assert beyond.blocked_h == 0
