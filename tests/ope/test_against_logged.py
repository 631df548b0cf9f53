"""The difference from what was logged: zero for the logged policy itself, and paired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.ope.against_logged import AgainstLogged
from curriculum_rl.ope.estimators.load import estimator_names, load_estimator
from curriculum_rl.ope.intervals.student_t import StudentT
from curriculum_rl.ope.processes import PROCESSES

LOG = PROCESSES["dropout"].simulate(np.random.default_rng(3), 300, 4)
SAME = replace(LOG, behaviour=LOG.target)


@pytest.mark.parametrize("name", [n for n in estimator_names() if n not in ("direct_neural", "direct_tree", "magic")])
def test_it_is_the_estimate_less_the_mean_return(name: str):
    estimator = load_estimator(name)
    of, difference = estimator.estimate(LOG, 0.9), AgainstLogged(estimator).estimate(LOG, 0.9)
    assert difference.value == pytest.approx(of.value - LOG.returns(0.9).mean(), abs=1e-12)
    assert difference.terms.mean() == pytest.approx(difference.value, abs=1e-9)


@pytest.mark.parametrize("name", ["is", "wis", "pdis", "pdwis"])
def test_the_logged_policy_is_no_better_than_itself_beyond_doubt(name: str):
    difference = AgainstLogged(load_estimator(name))
    estimate = difference.estimate(SAME)
    assert estimate.value == pytest.approx(0.0, abs=1e-12)
    assert StudentT().of(difference, SAME, estimate) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_pairing_narrows_the_interval_of_a_policy_that_is_nearly_the_logged_one():
    near = replace(LOG, behaviour=0.95 * LOG.target + 0.05 * LOG.behaviour)
    wis = load_estimator("wis")
    widths = []
    for estimator in (wis, AgainstLogged(wis)):
        low, high = StudentT().of(estimator, near, estimator.estimate(near))
        widths.append(high - low)
    assert widths[1] < 0.5 * widths[0]
