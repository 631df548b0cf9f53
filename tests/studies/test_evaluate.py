"""What `curriculum-rl evaluate` prints is read on a narrow screen: nothing of it is cut off."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from rich.console import Console

from curriculum_rl import load_world
from curriculum_rl.evaluation.outcomes import Outcomes
from curriculum_rl.studies.evaluate import find_policies, forms_table, taught_by
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return load_world("classroom")


@pytest.fixture(scope="module")
def outcomes(world: World) -> dict[str, Outcomes]:
    return taught_by(world, find_policies(world, ["random", "leitner"]), 40, 0)


def test_shares_of_many_forms_are_whole_at_eighty_columns_and_the_unused_left_out(
    world: World, outcomes: dict[str, Outcomes]
):
    out = io.StringIO()
    Console(file=out, width=80).print(forms_table(world, outcomes))
    assert "…" not in out.getvalue()
    assert len(world.actions.forms) > 10
    lines = out.getvalue().split("random", 1)[1].split("leitner", 1)
    for name, text in zip(outcomes, lines, strict=True):
        told = {form: int(share) for form, share in re.findall(r"([a-z ]+?) (\d+)%", " ".join(text.split()))}
        told = {form.strip(): share for form, share in told.items()}
        counts = outcomes[name].forms.sum(axis=0)
        usual = np.round(100 * counts / counts.sum()).astype(int)
        assert told == {form: n for form, n in zip(world.actions.forms, usual.tolist(), strict=True) if n}
        assert list(told.values()) == sorted(told.values(), reverse=True)


@pytest.mark.parametrize("students", [16, 31])
def test_policies_are_not_compared_on_less_than_two_classes(world: World, students: int):
    with pytest.raises(InvalidInput, match=f"students = {students}: must be at least 32, two classes of 16"):
        taught_by(world, {}, students, 0)
