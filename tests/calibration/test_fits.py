"""Parameters of simulated students are recovered, and no iteration of a fit makes the log less likely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from curriculum_rl.batch import Float, Int
from curriculum_rl.calibration.attempts import Attempts, build_attempts
from curriculum_rl.calibration.calibrate import fitter
from curriculum_rl.calibration.config import Model
from curriculum_rl.calibration.fit import Fit, silent
from curriculum_rl.calibration.scores import scores
from curriculum_rl.logs.fitting_log import read_log
from curriculum_rl.students.knowledge.afm import AFM
from curriculum_rl.students.knowledge.bkt import BKT
from curriculum_rl.students.knowledge.irt import IRT
from curriculum_rl.students.knowledge.pfa import PFA
from tests.calibration.simulated import write_log

TRUTH: dict[Model, tuple[Any, float, float]] = {
    "bkt": (
        BKT(
            initial=(0.3, 0.5, 0.4, 0.6),
            learn=(0.15, 0.25, 0.2, 0.3),
            forget=(0.01,) * 4,
            guess=(0.2, 0.15, 0.25, 0.2),
            slip=(0.1, 0.15, 0.12, 0.08),
        ),
        1.5,
        0.8,
    ),
    "afm": (AFM(intercept=(-0.5, 0.0, 0.5, 1.0), slope=(0.05, 0.1, 0.2, 0.1)), 1.0, 0.0),
    "irt": (
        IRT(level=(-0.5, 0.0, 0.5, 0.2), rise=(0.3, 0.2, 0.4, 0.3), discrimination=(1.0,) * 4, guess=(0.1,) * 4),
        1.0,
        0.0,
    ),
    "pfa": (PFA(intercept=(-0.5, 0.0, 0.5, 0.0), right=(0.1, 0.3, 0.2, 0.1), wrong=(-0.2, 0.1, 0.0, -0.1)), 1.0, 0.0),
}


@dataclass(frozen=True)
class Fitted:
    fit: Fit
    attempts: Attempts
    true_difficulty: Float  # (J,)
    item_concept: Int  # (J,)


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fitted]:
    found = {}
    for name, (model, ability_sd, rate_sd) in TRUTH.items():
        path = tmp_path_factory.mktemp(name) / "log.csv"
        difficulty = write_log(path, model, ability_sd, rate_sd, students=400, tries=10)
        log = read_log(path)
        attempts = build_attempts(log, None, 0.2)
        true = np.array([difficulty[item] for item in log.items])
        found[name] = Fitted(fitter(name)(attempts, 40, silent), attempts, true, attempts.combination)
    return found


def column(fitted: Fitted, field: str) -> Float:
    return np.array(getattr(fitted.fit.knowledge, field))


def mean_difficulty(difficulty: Float, fitted: Fitted) -> Float:
    return np.array([difficulty[fitted.item_concept == k].mean() for k in range(4)])


@pytest.mark.parametrize("name", TRUTH)
def test_likelihood_rises(name: str, fits: dict[str, Fitted]) -> None:
    """No iteration loses more than the priors, which move too, may cost."""
    history = np.array(fits[name].fit.log_likelihood)
    assert len(history) > 5
    assert history[-1] > history[0]
    assert np.diff(history).min() > -2e-5


@pytest.mark.parametrize("name", TRUTH)
def test_items_are_recovered(name: str, fits: dict[str, Fitted]) -> None:
    """500 answers an item: within a concept, fitted and true difficulty correlate above .8."""
    fitted = fits[name]
    for concept in range(4):
        own = fitted.item_concept == concept
        assert np.corrcoef(fitted.true_difficulty[own], fitted.fit.difficulty[own])[0, 1] > 0.8


def test_bkt_is_recovered(fits: dict[str, Fitted]) -> None:
    """400 students and 4 concepts: logits within .6, spreads within a third. Items' mean is 0 only in expectation."""
    fitted = fits["bkt"]
    truth = TRUTH["bkt"][0]
    for field in ("initial", "learn", "guess", "slip"):
        off = logit(column(fitted, field)) - logit(np.array(getattr(truth, field)))
        assert np.abs(off).max() < 0.6, f"{field} is off by {off}"
    assert fitted.fit.spread.ability_sd == pytest.approx(1.5, rel=0.33)
    assert fitted.fit.spread.rate_sd == pytest.approx(0.8, rel=0.5)
    assert set(fitted.fit.degenerate) == {""}


def test_afm_is_recovered(fits: dict[str, Fitted]) -> None:
    """On items of mean difficulty; standard errors are about .06 for intercepts and .015 for slopes."""
    fitted = fits["afm"]
    truth = TRUTH["afm"][0]
    true, own = mean_difficulty(fitted.true_difficulty, fitted), mean_difficulty(fitted.fit.difficulty, fitted)
    assert np.abs((column(fitted, "intercept") - own) - (np.array(truth.intercept) - true)).max() < 0.2
    assert np.abs(column(fitted, "slope") - np.array(truth.slope)).max() < 0.05
    assert fitted.fit.spread.ability_sd == pytest.approx(1.0, abs=0.1)


def test_pfa_is_recovered(fits: dict[str, Fitted]) -> None:
    """On items of mean difficulty; the prior draws steps after wrong answers together by about a third."""
    fitted = fits["pfa"]
    truth = TRUTH["pfa"][0]
    true, own = mean_difficulty(fitted.true_difficulty, fitted), mean_difficulty(fitted.fit.difficulty, fitted)
    assert np.abs((column(fitted, "intercept") - own) - (np.array(truth.intercept) - true)).max() < 0.25
    assert np.abs(column(fitted, "right") - np.array(truth.right)).max() < 0.1
    assert np.abs(column(fitted, "wrong") - np.array(truth.wrong)).max() < 0.1
    assert fitted.fit.spread.ability_sd == pytest.approx(1.0, abs=0.15)


def test_irt_curve_is_recovered(fits: dict[str, Fitted]) -> None:
    """Level, luck and slope trade off; the chance of an average student on an item of mean difficulty does not."""
    fitted = fits["irt"]
    truth = TRUTH["irt"][0]
    mean, own = mean_difficulty(fitted.true_difficulty, fitted), mean_difficulty(fitted.fit.difficulty, fitted)
    guess, slope = column(fitted, "guess"), column(fitted, "discrimination")
    first = guess + (1 - guess) * expit(slope * (column(fitted, "level") - own))
    expected = np.array(truth.guess) + (1 - np.array(truth.guess)) * expit(np.array(truth.level) - mean)
    assert np.abs(first - expected).max() < 0.05


def test_wrong_model_predicts_worse(fits: dict[str, Fitted]) -> None:
    """On students of knowledge tracing, knowledge tracing predicts better than growth without answers."""
    attempts = fits["bkt"].attempts
    own = scores(fits["bkt"].fit.predict(attempts), attempts.right)
    other = scores(fitter("afm")(attempts, 20, silent).predict(attempts), attempts.right)
    assert own.log_loss < other.log_loss
    assert own.auc > other.auc


def test_prediction_uses_the_past_alone(fits: dict[str, Fitted]) -> None:
    """Turning a student's last answer over leaves every prediction of that student as it was."""
    fitted = fits["bkt"]
    few = fitted.attempts.of_students(np.arange(len(fitted.attempts.students)) < 5)
    last = np.r_[few.student[1:] != few.student[:-1], True]
    turned = replace(few, right=np.where(last, 1.0 - few.right, few.right))
    assert np.allclose(fitted.fit.predict(few), fitted.fit.predict(turned), rtol=0, atol=1e-9)
