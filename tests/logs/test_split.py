"""Laws of the split of students: disjoint, the same wherever and whenever, and found again from its prints."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from curriculum_rl.logs.split import PRINTS, fitted_on, fitting, prints
from curriculum_rl.violations import InvalidInput

IDS = [f"student {i}" for i in range(2000)]


def test_the_part_of_a_student_depends_on_nothing_but_the_id():
    own = fitting(IDS, 0.7)
    order = np.random.default_rng(0).permutation(len(IDS))[:500]
    assert (fitting([IDS[i] for i in order], 0.7) == own[order]).all()


def test_a_greater_share_only_adds_students():
    parts = [fitting(IDS, share) for share in (0.2, 0.5, 0.9)]
    assert all((small <= large).all() for small, large in pairwise(parts))
    assert [part.mean() for part in parts] == pytest.approx([0.2, 0.5, 0.9], abs=4 * 0.5 / 2000**0.5)


def test_those_fitted_on_are_found_again_and_nobody_else():
    own = fitting(IDS, 0.7)
    record = {PRINTS: prints([student for student, is_own in zip(IDS, own, strict=True) if is_own])}
    assert (fitted_on(record, IDS) == own).all()
    assert not fitted_on(record, ["student 0 ", "0", "nobody"]).any()
    assert not fitted_on({}, IDS).any()


def test_ids_that_look_alike_have_other_prints():
    assert len(set(prints(["007", "7", " 7"]))) == 3


@pytest.mark.parametrize("share", [0.0, 1.0, -1, 2, float("nan"), "half", 1e-9, 1 - 1e-9])
def test_shares_that_leave_a_part_empty_are_refused(share: object):
    with pytest.raises(InvalidInput, match="share = "):
        fitting(IDS[:50], share)  # type: ignore[arg-type]
