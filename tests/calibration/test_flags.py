"""What is wrong with a fit is said by name; what is not wrong is not said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.comparison import Judged
from curriculum_rl.calibration.fit import Fit
from curriculum_rl.calibration.flags import flags
from curriculum_rl.calibration.reference import ITEM
from curriculum_rl.calibration.scores import Scores
from curriculum_rl.calibration.spread import Spread, Volume
from curriculum_rl.students.knowledge.bkt import BKT
from tests.calibration.simulated import some_attempts

SOUND = BKT(initial=(0.3,) * 3, learn=(0.2,) * 3, forget=(0.01,) * 3, guess=(0.2,) * 3, slip=(0.1,) * 3)
ATTEMPTS = some_attempts(students=160, tries=4)
ALL = np.ones(3, dtype=np.bool_)


def fit(knowledge: BKT = SOUND, **others: Any) -> Fit:
    made = Fit(
        knowledge=knowledge,
        difficulty=np.zeros(6),
        difficulty_sd=0.5,
        spread=Spread(1.0, 0.5, 0.3),
        volume=Volume(0.0, 1.0),
        log_likelihood=(-0.5,),
        degenerate=("", "", ""),
        right_at_nodes=lambda attempts, grid: np.zeros((0, 0)),
        grid=(3, 3),
    )
    return replace(made, **others)


def judged(own: float = 0.75, item: float = 0.7) -> dict[str, Judged]:
    return {name: Judged(Scores(100, auc, 0.4, 0.5, ())) for name, auc in (("BKT", own), (ITEM, item))}


def found(of: Fit, attempts: Attempts = ATTEMPTS, enough: Any = ALL, **aucs: float) -> tuple[str, ...]:
    return flags(of, "BKT", judged(**aucs), attempts, enough)


def test_a_sound_fit_has_no_flag() -> None:
    assert found(fit()) == ()


@pytest.mark.parametrize(
    ("knowledge", "name"),
    [
        (replace(SOUND, guess=(0.2, 0.48, 0.2), slip=(0.1, 0.45, 0.1)), "guess + slip near 1"),
        (replace(SOUND, learn=(0.2, 0.96, 0.2)), "learned at once"),
        (replace(SOUND, learn=(0.2, 0.0005, 0.2), forget=(0.01, 0.0, 0.01)), "never learned"),
        (replace(SOUND, forget=(0.01, 0.3, 0.01)), "forgotten faster than learned"),
    ],
)
def test_faults_of_a_concept_are_named_with_the_concept(knowledge: BKT, name: str) -> None:
    (flag,) = found(fit(knowledge))
    assert flag.startswith(name)
    assert flag.endswith("1 concept (sb)")
    assert found(fit(knowledge), enough=np.array([True, False, True])) == ()  # not in the pack, so of no matter


def test_degenerate_concepts_are_named_and_said_to_be_left_out() -> None:
    (flag,) = found(fit(degenerate=("guess above .5", "", "guess above .5")))
    assert flag == "guess above .5: 2 concepts (sa, sc); left out of the pack"


def test_faults_of_the_whole_fit() -> None:
    assert found(fit(), item=0.75)[0].startswith("no better than the items: AUC 0.750, item-only model 0.750")
    assert found(fit(), some_attempts(students=40, tries=4))[0].startswith("few students: 30 to fit and 10 to judge on")
    wide = found(fit(spread=Spread(9.0, 5.3, 0.99)))
    assert [flag.split(":")[0] for flag in wide] == ["ability without bound", "ability and rate not told apart"]
