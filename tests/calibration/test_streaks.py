"""Three in a row, the stop, and wheel-spinning, on examples worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum_rl.calibration.streaks import WITHIN, leaving, practice, stopped, streaks

# Five pairs: mastered at the third try and went on; mastered at the ninth; spun; left early; three in a row too late.
PAIRS = ("11100", "1101101111", "1101101100", "01", "01011011010111")


def tries(pairs: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    pair = np.repeat(np.arange(len(pairs)), [len(p) for p in pairs])
    return pair, np.array([answer == "1" for p in pairs for answer in p])


def test_runs_break_at_wrong_answers_and_between_pairs() -> None:
    right = np.array([1, 1, 0, 1, 1, 1], dtype=bool)
    assert streaks(right, np.array([0, 1, 2, 3, 0, 1])).tolist() == [1, 2, 0, 1, 1, 2]


def test_nothing_counts_after_the_third_in_a_row() -> None:
    right = np.array([1, 1, 1, 0, 1, 0, 1], dtype=bool)
    opportunity = np.array([0, 1, 2, 3, 4, 0, 1])
    after = stopped(streaks(right, opportunity), opportunity)
    assert after.tolist() == [False, False, False, True, True, False, False]


def test_wheel_spinning_by_hand() -> None:
    pair, right = tries(PAIRS)
    counted = practice(pair, right, pair)
    # Determinate: all but the one that left. Spinning: ten tries without three in a row, whatever came later.
    assert (counted.spinning, counted.determinate) == (2, 4)
    assert counted.wheel_spinning == 0.5
    assert counted.tries.tolist() == [5, 5, 4, 3, 3, 3, 3, 3, 3, 2]
    assert counted.right[0] == 3
    assert counted.accuracy[1] == pytest.approx(5 / 5)


def test_order_of_pairs_in_the_log_does_not_matter() -> None:
    pair, right = tries(PAIRS)
    mixed = np.argsort(np.concatenate([np.arange(len(p)) for p in PAIRS]), kind="stable")
    together, apart = practice(pair, right, pair), practice(pair[mixed], right[mixed], pair[mixed])
    assert apart.tries.tolist() == together.tries.tolist()
    assert (apart.spinning, apart.determinate) == (together.spinning, together.determinate)


def test_leaving_counts_those_who_could_have_gone_on() -> None:
    pair, right = tries(("0", "0", "01", "00", "111"))
    chance = leaving(pair, right, np.zeros(len(pair), dtype=np.int64), shrink=0.0001)
    assert chance[0, 0, 0, 0] == pytest.approx(2 / 4)  # after a wrong first answer two of four leave
    assert chance[0, 0, 1, 1] == 0.0  # after a right one nobody does
    assert chance[0, 1, 1, 1] == pytest.approx(1.0)
    assert chance.shape[1] == WITHIN + 1
