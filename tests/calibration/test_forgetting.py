"""Memory planted in simulated students is recovered from their times, and predicts unseen students better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.calibrate import calibrate
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.calibration.fit import Fit, silent
from curriculum_rl.calibration.fit_irt import fit_irt
from curriculum_rl.calibration.forgetting import CAP_DAYS, Forgetting, first_guess, fitted_names, retention
from curriculum_rl.calibration.gain import gain_of
from curriculum_rl.calibration.replay import replay, slope
from curriculum_rl.calibration.spread import Nodes, Spread, Volume
from curriculum_rl.logs.fitting_log import read_log
from curriculum_rl.students.knowledge.irt import IRT
from curriculum_rl.students.memory.consolidation import Consolidation
from curriculum_rl.students.memory.exponential import Exponential
from curriculum_rl.students.memory.power import Power
from curriculum_rl.violations import InvalidInput
from tests.calibration.simulated import some_attempts

CONCEPTS = 4
EACH = (1.0,) * CONCEPTS
MODEL = IRT(level=(-1.0,) * CONCEPTS, rise=(0.8,) * CONCEPTS, discrimination=EACH, guess=(0.05,) * CONCEPTS)
RULES = {
    "exponential": Exponential(2.0, CAP_DAYS, gain=0.1, spacing=1.5, cap_days=CAP_DAYS),
    "power": Power(2.0, CAP_DAYS, gain=0.1, spacing=1.5, cap_days=CAP_DAYS, decay=0.6),
}


def calendar(students: int, seed: int) -> Attempts:
    """Nobody's answers yet: eight sessions each, gaps of a day to a month between them, two tries a concept in each."""
    rng = np.random.default_rng(seed)
    gaps = np.exp(rng.uniform(0.0, np.log(30.0), (students, 8)))
    day = np.repeat(np.cumsum(gaps, axis=1), 2 * CONCEPTS, axis=1).reshape(-1)
    session = np.tile(np.repeat(np.arange(CONCEPTS), 2), 8)
    return Attempts(
        students=tuple(f"u{i}" for i in range(students)),
        concepts=tuple(f"c{k}" for k in range(CONCEPTS)),
        student=np.repeat(np.arange(students), 16 * CONCEPTS),
        item=np.tile(session, students),
        right=np.zeros(len(day)),
        first=np.arange(CONCEPTS),
        count=np.ones(CONCEPTS, dtype=np.int64),
        members=np.arange(CONCEPTS),
        combination=np.arange(CONCEPTS),
        unseen=np.arange(students) % 5 == 0,
        day=day,
    )


def planted(memory: Consolidation | None) -> Fit:
    """A population as if it had been fitted."""

    def no_answers(attempts: Attempts, grid: Nodes) -> Float:
        return np.full((len(attempts.student), len(grid.weight)), 0.5)

    return Fit(
        knowledge=MODEL,
        difficulty=np.zeros(CONCEPTS),
        difficulty_sd=0.0,
        spread=Spread(0.7, 1e-3, 0.0),
        volume=Volume(0.0, 1.0),
        log_likelihood=(),
        degenerate=("",) * CONCEPTS,
        right_at_nodes=no_answers,
        grid=(15, 1),
        memory=memory,
    )


def answered(memory: Consolidation | None, students: int, seed: int = 0) -> Attempts:
    """What students of this memory answer, by the package's own dynamics."""
    asked = calendar(students, seed)
    return replace(asked, right=replay(asked, planted(memory), seed, 1, own_answers=False).simulated[0])


def test_what_is_kept_is_what_the_students_keep() -> None:
    """The fit's R and the simulator's, on the same answers and gaps, one try at a time."""
    attempts = answered(RULES["power"], 5)
    chains, memory = attempts.chains, RULES["power"]
    kept = retention(memory, chains)
    assert chains.gap is not None
    yes = np.ones((1, 1), dtype=np.bool_)
    for c in range(chains.count):
        own = np.flatnonzero(chains.first == c)
        state = memory.start(np.ones(1), ~yes, 0.0, lambda kind: np.empty(0))
        day = 0.0
        for entry in own:
            day += chains.gap[entry]
            recalled = memory.recalled(state, np.zeros((1, 1), np.int64), day)
            assert kept[entry] == pytest.approx(recalled[0, 0], abs=1e-12)
            right = np.full((1, 1), chains.right[entry] > 0)
            memory.practise(state, np.zeros((1, 1), np.int64), np.full(1, day), recalled, yes, right, yes[0], ~yes)


def kept_by(memory: Consolidation, attempts: Attempts) -> Float:
    return retention(memory, attempts.chains)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "factor"), [("exponential", 1.1), ("power", 1.3)])
def test_planted_memory_is_recovered(kind: Any, factor: float) -> None:
    """400 students, 25,600 tries: what is kept is found better than by the planted rule with half-lives so much longer.

    The numbers of a rule trade off against one another, a power law's most; what they say is kept over a gap does not.
    """
    rule = RULES[kind]
    attempts = answered(rule, 400)
    fit = fit_irt(attempts, 40, silent, kind)
    assert fit.memory is not None
    truth = kept_by(rule, attempts)
    longer = kept_by(replace(rule, new_days=factor * rule.new_days), attempts)
    assert np.abs(kept_by(fit.memory, attempts) - truth).mean() < np.abs(longer - truth).mean()


def test_students_who_forget_nothing_are_found_to() -> None:
    """Planted without forgetting, what is kept over the longest gap of a calendar is nearly all."""
    attempts = answered(None, 100)
    fit = fit_irt(attempts, 20, silent, "exponential")
    assert fit.memory is not None
    assert kept_by(fit.memory, attempts).mean() > 0.9


def test_fitted_forgetting_predicts_unseen_students_better() -> None:
    """Where students forget it gains, and the gain is counted by students; of equal predictions it is 0."""
    attempts = answered(RULES["exponential"], 100)
    fitting, unseen = attempts.of_students(~attempts.unseen), attempts.of_students(attempts.unseen)
    predicted, forgetless = (fit_irt(fitting, 10, silent, kind).predict(unseen) for kind in ("exponential", "none"))
    gain = gain_of(unseen, predicted, forgetless)
    assert gain.all > 2.0 * gain.error > 0.0
    assert gain.students == 20
    assert sum(row[1] for row in gain.by_gap) == gain.tries - 20 * CONCEPTS
    same = gain_of(unseen, predicted, predicted)
    assert (same.all, same.error, same.later) == (0.0, 0.0, 0.0)


def test_times_of_a_log(tmp_path: Path) -> None:
    """Seconds or dates; a row without a time, or dated before an earlier one, is rejected; equal times are refused."""
    log = tmp_path / "log.csv"
    head = "student,order,item,answer,skills,time\n"
    log.write_text(head + "a,0,i,1,k,0\na,1,i,1,k,86400\na,2,i,1,k,\na,3,i,0,k,3600\na,4,i,0,k,172800\n")
    read = read_log(log, timed=True)
    assert read.day is not None
    assert read.day.tolist() == [0.0, 1.0, 2.0]
    assert read.rejects.by_code() == {"time": 2}
    assert read_log(log).day is None
    log.write_text(head + "a,0,i,1,k,2020-01-01\na,1,i,1,k,2020-01-02T12:00:00Z\n")
    dated = read_log(log, timed=True).day
    assert dated is not None
    assert np.diff(dated).tolist() == [1.5]
    log.write_text(head + "a,0,i,1,k,0\na,1,i,1,k,0\n")
    with pytest.raises(InvalidInput, match="the same in all rows"):
        read_log(log, timed=True)
    log.write_text("student,order,item,answer,skills\na,0,i,1,k\n")
    with pytest.raises(InvalidInput, match="column time: is missing"):
        read_log(log, timed=True)


def test_gaps_of_chains() -> None:
    """Days since the chain's last try, or at its first since the student's first."""
    attempts = calendar(3, 1)
    chains, day = attempts.chains, attempts.day
    assert chains.gap is not None
    assert day is not None
    for entry in range(len(chains.row)):
        student, concept, row = chains.student[entry], chains.concept[entry], chains.row[entry]
        own = np.flatnonzero((attempts.student == student) & (attempts.item == concept))
        place = int(np.flatnonzero(own == row)[0])
        since = own[place - 1] if place else np.flatnonzero(attempts.student == student)[0]
        assert chains.gap[entry] == pytest.approx(day[row] - day[since])


def test_memory_is_fitted_with_growth_alone() -> None:
    with pytest.raises(InvalidInput, match="afm and irt"):
        CalibrationConfig(log=Path("x"), out=Path("y"), model="bkt", memory="exponential")


def test_slope_of_logits() -> None:
    """The regression against its closed form: with two opportunities and one concept, a difference of logits."""
    right = np.r_[np.repeat([1.0, 0.0], [300, 200]), np.repeat([1.0, 0.0], [400, 100])]
    found = slope(right, np.repeat([0, 1], 500), np.zeros(1000, dtype=np.int64))
    assert found == pytest.approx(np.log(4.0) - np.log(1.5), rel=1e-3)


def test_gaps_of_tries_are_those_of_the_items_first_concept() -> None:
    """Where items practise several concepts, each with gaps of its own."""
    attempts = some_attempts(students=6, tries=20, days=True)
    assert attempts.day is not None
    assert attempts.gap is not None
    firsts = attempts.members[attempts.first]
    for i, gap in enumerate(attempts.gap):
        concept = firsts[attempts.item[i]]
        before = [
            j
            for j in range(i)
            if attempts.student[j] == attempts.student[i]
            and concept in attempts.members[attempts.first[attempts.item[j]] :][: attempts.count[attempts.item[j]]]
        ]
        assert gap == pytest.approx(attempts.day[i] - attempts.day[before[-1]] if before else np.nan, nan_ok=True)
    entries = attempts.leading
    assert attempts.chains.row[entries].tolist() == list(range(len(attempts.item)))
    assert attempts.chains.concept[entries].tolist() == firsts[attempts.item].tolist()


def test_half_lives_may_reach_a_year_and_no_more() -> None:
    attempts = calendar(3, 1)
    memory = Forgetting.of(first_guess("exponential"), attempts.chains)
    for _ in range(30):
        names = len(fitted_names(memory.memory))
        memory = memory.moved(attempts.chains, lambda change, n=names: (np.full(n, 1e6), np.eye(n)))  # type: ignore[misc]
    assert memory.memory.new_days == pytest.approx(CAP_DAYS)


def test_a_log_whose_gaps_are_all_short_cannot_tell_forgetting(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = [f"u{i},{t},i{t % 2},{(i + t) % 2},k,{600 * t}" for i in range(40) for t in range(8)]
    log.write_text("\n".join(["student,order,item,answer,skills,time", *rows]) + "\n")
    config = CalibrationConfig(log=log, out=tmp_path / "pack", model="irt", memory="power", practice="as_logged")
    with pytest.raises(InvalidInput, match="no two tries of a concept are 12 hours or more apart"):
        calibrate(config)
    assert not (tmp_path / "pack").exists()
