"""The network that is fitted is the one that simulates; it stops in time, and predicts from the past alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit

from curriculum_rl.calibration.attempts import Attempts, build_attempts
from curriculum_rl.calibration.fit import Fit, silent
from curriculum_rl.calibration.fit_dkt import PATIENCE, _ability, _levels, _Network, _Sequences, fit_dkt
from curriculum_rl.calibration.provenance import provenance
from curriculum_rl.calibration.reference import ITEM, reference_predictions
from curriculum_rl.calibration.scores import scores
from curriculum_rl.logs.fitting_log import read_log
from curriculum_rl.packs import read_pack
from curriculum_rl.students.knowledge.bkt import BKT
from tests.calibration.simulated import write_log

TRUTH = BKT(initial=(0.3, 0.5, 0.4), learn=(0.15, 0.25, 0.2), forget=(0.0,) * 3, guess=(0.2,) * 3, slip=(0.1,) * 3)


@dataclass(frozen=True)
class Fitted:
    fit: Fit
    fitting: Attempts
    unseen: Attempts


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    path = tmp_path_factory.mktemp("dkt") / "log.csv"
    write_log(path, TRUTH, 1.5, 0.5, students=300, tries=8)
    attempts = build_attempts(read_log(path), None, 0.2)
    fitting, unseen = attempts.of_students(~attempts.unseen), attempts.of_students(attempts.unseen)
    return Fitted(fit_dkt(fitting, 40, silent), fitting, unseen)


@pytest.mark.parametrize("several", ["set", "each"])
def test_simulated_students_are_those_that_were_fitted(tmp_path: Path, several: str) -> None:
    """The same logit of every try, by torch while fitting and by the student model, items of several skills too."""
    path, rng = tmp_path / "log.csv", np.random.default_rng(0)
    skills = ("a", "b", "a;c", "b;c;d")
    rows = [
        f"s{s},{t},i{i},{rng.integers(2)},{skills[i]}" for s in range(9) for t in range(3 + s) for i in (s % 4, t % 4)
    ]
    path.write_text("student,order,item,answer,skills\n" + "\n".join(sorted(set(rows))) + "\n")
    attempts = build_attempts(read_log(path), None, 0.2, several)  # type: ignore[arg-type]
    torch.manual_seed(1)
    network = _Network(len(attempts.concepts), attempts.items, 0.3)
    sequences = _Sequences.of(attempts)
    batch = sequences.batch(np.arange(len(sequences.begin)))
    with torch.no_grad():
        padded = network(batch)
    expected = np.concatenate([row[there].numpy() for row, there in zip(padded, batch.there, strict=True)])
    np.testing.assert_allclose(_levels(network.model(), attempts), expected, rtol=0, atol=1e-5)


def test_fitting_stops_in_time(fitted: Fitted) -> None:
    history = np.array(fitted.fit.log_likelihood)
    assert history.max() > history[0]
    assert len(history) - 1 - history.argmax() == PATIENCE


def test_it_predicts_students_it_never_saw(fitted: Fitted) -> None:
    """Better than the item alone, and so than no knowledge of the student."""
    found = scores(fitted.fit.predict(fitted.unseen), fitted.unseen.right)
    item = scores(reference_predictions(fitted.fitting, fitted.unseen)[ITEM], fitted.unseen.right)
    assert found.log_loss < item.log_loss - 0.02
    assert found.auc > item.auc + 0.05


def test_prediction_uses_the_past_alone(fitted: Fitted) -> None:
    """Turning a student's last answer over leaves every prediction of that student as it was."""
    few = fitted.unseen
    last = np.r_[few.student[1:] != few.student[:-1], True]
    turned = replace(few, right=np.where(last, 1.0 - few.right, few.right))
    assert np.allclose(fitted.fit.predict(few), fitted.fit.predict(turned), rtol=0, atol=1e-9)


def test_seeds_are_fixed(fitted: Fitted) -> None:
    again = fit_dkt(fitted.fitting, 2, silent)
    torch.manual_seed(99)
    other = fit_dkt(fitted.fitting, 2, silent)
    assert again.log_likelihood == other.log_likelihood == fitted.fit.log_likelihood[:2]


def test_what_the_network_leaves_to_ability_is_found(fitted: Fitted) -> None:
    """Answers of students of known spread, around levels that know nothing of them: 240 of them, 24 tries each."""
    attempts, rng = fitted.fitting, np.random.default_rng(0)
    ability = rng.normal(0.0, 0.8, len(attempts.students))[attempts.student]
    level = rng.normal(0.0, 1.0, len(ability))
    answers = replace(attempts, right=(rng.random(len(ability)) < expit(level + ability)).astype(np.float64))
    spread = _ability(answers, level)
    assert spread.ability_sd == pytest.approx(0.8, abs=0.15)
    assert spread.rate_sd == 0.0


def test_the_pack_says_of_its_students_what_a_fit_says_of_them(fitted: Fitted) -> None:
    """Of ability alone: the network has no rate of learning, and a fit no spread of it."""
    assert fitted.fit.spread.rate_sd == 0.0
    said = provenance(fitted.fit, "a log")["groups"]
    assert said == read_pack("assistments09-dkt").provenance["groups"]
    assert "rate" not in said
