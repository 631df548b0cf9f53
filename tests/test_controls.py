"""Controls as a world names them: what is refused, what an action is the number of, where a world says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from curriculum_rl.controls import ADVANCE, CONTROLS, STOP, Actions
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import WorldConfig, load_world
from tests.worlds import made_world


def test_actions_are_the_activities_then_the_controls():
    curriculum = made_world().curriculum
    plain, actions = Actions(curriculum), Actions(curriculum, CONTROLS)
    assert len(plain) == len(curriculum.activities) == len(actions) - 2
    assert actions.ids == (*plain.ids, STOP, ADVANCE)
    assert actions.forms == (*curriculum.forms, STOP, ADVANCE)
    np.testing.assert_array_equal(plain.form, curriculum.form)
    assert [actions.forms[f] for f in actions.form] == [*(a.form for a in curriculum.activities), STOP, ADVANCE]


def test_the_default_world_that_may_be_stopped_is_the_default_world_otherwise():
    plain, stops = load_world("new_material"), load_world("may_stop")
    assert stops.controls == stops.platform.controls == CONTROLS
    for part in ("curriculum", "population", "course", "digest"):
        assert getattr(plain, part) == getattr(stops, part)
    assert stops.provenance["controls"] == "assumed: stop, advance, set by the world's configuration"
    assert "controls" not in plain.provenance


def test_a_configuration_may_name_them_in_any_order():
    assert WorldConfig("fractions", controls=(ADVANCE, STOP)).load().controls == CONTROLS
    assert WorldConfig("fractions", controls=(ADVANCE,)).load().controls == (ADVANCE,)


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        (("pause",), r"controls\[0\] = 'pause': is no control. There are: advance, stop"),
        (("stop", "advnce"), r"controls\[1\] = 'advnce': is no control. Did you mean advance\?"),
        (("stop", "advance", "stop"), r"controls\[2\] = 'stop': stands twice. Name it once"),
        ((3,), r"controls\[0\] = 3: is no control"),
    ],
)
def test_what_is_no_control_is_refused_wherever_it_is_named(controls: Any, message: str):
    with pytest.raises(InvalidInput, match=message):
        WorldConfig("fractions", controls=controls)
    with pytest.raises(InvalidInput, match=message):
        replace(made_world(), controls=controls)


@pytest.mark.parametrize(("field", "what"), [("id", "an activity"), ("form", "a form")])
def test_a_name_of_the_catalogue_is_no_name_of_a_control(field: str, what: str):
    world = made_world()
    first, *others = world.curriculum.activities
    curriculum = replace(world.curriculum, activities=(replace(first, **{field: "stop"}), *others))
    assert replace(world, curriculum=curriculum, controls=(ADVANCE,)).controls == (ADVANCE,)
    with pytest.raises(InvalidInput, match=rf"controls\[0\] = 'stop': is {what} of this catalogue too"):
        replace(world, curriculum=curriculum, controls=(STOP,))
