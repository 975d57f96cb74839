"""What the first replications of many say, to first order: of a mean it is exact."""

from __future__ import annotations

import numpy as np
import pytest

from sim.results.sample import Sample

VALUES = np.array([3.0, 5.0, 10.0, 2.0, 7.0])


def sample(values: np.ndarray) -> Sample:
    """Of a metric that is the mean of one value a replication."""
    n = len(values)
    return Sample({"mean": float(values.mean())}, {"mean": (values.sum() - values) / (n - 1)})


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_first_of_many_are_as_if_there_had_been_no_others(n: int) -> None:
    first, alone = sample(VALUES).first(n), sample(VALUES[:n])
    assert first.whole["mean"] == pytest.approx(alone.whole["mean"])
    np.testing.assert_allclose(first.without["mean"], alone.without["mean"])


def test_all_of_them_are_the_sample_itself() -> None:
    whole = sample(VALUES)
    assert whole.first(5) is whole
    assert whole.replications == 5
    assert Sample({"mean": 3.0}, {}).replications == 0
