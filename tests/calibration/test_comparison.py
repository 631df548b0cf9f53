"""Models beside each other on the same students: areas by their definition, and what a draw of students does."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.batch import Float, Int
from curriculum_rl.calibration.comparison import Ranked, judge
from curriculum_rl.calibration.reference import BEST
from curriculum_rl.calibration.scores import log_losses, scores
from tests.calibration.simulated import some_attempts


def pairs_won(predicted: Float, right: Float) -> float:
    """P(a right answer was predicted higher than a wrong one), ties half, by going through all pairs."""
    won = [(p > q) + 0.5 * (p == q) for p in predicted[right > 0] for q in predicted[right == 0]]
    return sum(won) / len(won)


@pytest.mark.parametrize("seed", range(4))
def test_the_weighted_area_is_that_of_students_written_so_often(seed: int) -> None:
    rng = np.random.default_rng(seed)
    student = rng.integers(0, 5, 60)
    predicted, right = 0.05 + 0.9 * np.round(rng.random(60), 1), (rng.random(60) < 0.5).astype(float)
    drawn = rng.multinomial(5, np.full(5, 0.2))
    often: Int = np.concatenate([np.flatnonzero(student == s) for s in range(5) for _ in range(drawn[s])])
    area = Ranked.of(predicted, right, student).area(drawn.astype(float))
    assert area == pytest.approx(pairs_won(predicted[often], right[often]))
    everybody = Ranked.of(predicted, right, student).area(np.ones(5))
    assert everybody == pytest.approx(scores(predicted, right).auc)


def test_a_model_is_no_better_than_itself_and_a_better_one_is() -> None:
    attempts = some_attempts(students=60, tries=30)
    rng = np.random.default_rng(0)
    good = np.clip(0.5 + 0.3 * (attempts.right - 0.5) + rng.normal(0.0, 0.1, len(attempts.right)), 0.01, 0.99)
    bad = rng.random(len(good)) * 0.98 + 0.01
    found = judge({"good": good, "same": bad.copy(), BEST: bad}, attempts)
    assert found[BEST].auc is None
    same, better = found["same"].auc, found["good"].auc
    assert same is not None
    assert better is not None
    assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)
    assert better.low > 0.0
    assert better.low < better.mean < better.high
    assert better.mean == pytest.approx(found["good"].scores.auc - found[BEST].scores.auc)
    again = judge({BEST: bad, "good": good}, attempts)
    assert again["good"] == found["good"]  # the draws do not depend on who else is judged


def test_the_interval_of_a_mean_loss_has_the_width_of_students_as_units() -> None:
    """Answers of one student go together: the bootstrap's error is that of a ratio of students' sums."""
    attempts = some_attempts(students=300, tries=10)
    rng = np.random.default_rng(1)
    own = np.repeat(rng.uniform(0.2, 0.8, 300), 10)
    best = np.full(len(own), 0.5)
    interval = judge({"own": own, BEST: best}, attempts)["own"].log_loss
    assert interval is not None
    off = (log_losses(own, attempts.right) - np.log(2.0)).reshape(300, 10)
    error = off.mean(axis=1).std(ddof=1) / np.sqrt(300)
    assert interval.mean == pytest.approx(off.mean())
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.1)
