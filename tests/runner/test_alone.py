"""One student at a time is as in a batch, whoever else asks at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import read_bundle
from curriculum_rl.runner.runner import Runner, Step
from curriculum_rl.world import load_world

STUDENTS = 200


@pytest.fixture(scope="module")
def runner() -> Runner:
    return Runner(read_bundle(make("thompson", load_policy("thompson"), load_world("fractions"), 1000).content))


def asked(runner: Runner) -> dict[str, Any]:
    rng, activities = np.random.default_rng(0), len(runner.activities)
    return {
        "state": runner.start(STUDENTS),
        "last_activity": rng.integers(-1, activities, STUDENTS),
        "correct": rng.integers(0, 2, STUDENTS).astype(np.float32),
        "elapsed_s": (rng.random(STUDENTS) * 1e5).astype(np.float32),
        "allowed": rng.random((STUDENTS, activities)) < 0.7,
    }


def same(found: Step, whole: Step, row: int) -> bool:
    pairs = ((getattr(found, name), getattr(whole, name)[[row]]) for name in Step.__dataclass_fields__)
    return all(np.allclose(a, b, rtol=1e-6, atol=1e-6) for a, b in pairs)


def test_one_student_is_as_in_a_batch_and_what_was_given_out_stays(runner: Runner):
    given = asked(runner)
    whole = runner.step(**given)
    ones = [runner.step(**{name: array[[row]] for name, array in given.items()}) for row in range(STUDENTS)]
    assert all(same(one, whole, row) for row, one in enumerate(ones))


def test_threads_do_not_meet(runner: Runner):
    given = asked(runner)
    whole = runner.step(**given)

    def check(row: int) -> bool:
        return same(runner.step(**{name: array[[row]] for name, array in given.items()}), whole, row)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(check, [row for row in range(STUDENTS) for _ in range(5)]))


@pytest.mark.parametrize("name", ["state", "allowed"])
def test_a_row_that_is_cut_short_is_not_spread(runner: Runner, name: str):
    given = {key: array[[0]] for key, array in asked(runner).items()}
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        runner.step(**(given | {name: given[name][:, :1]}))
