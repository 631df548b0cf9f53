"""A platform written as a catalogue and read again is the same one; an edited file is refused for all that is wrong."""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import random
from typing import Any

import numpy as np
import pytest

from curriculum_rl.batch import arrays
from curriculum_rl.envs.by_belief import view_by_belief
from curriculum_rl.export.catalogue import frameworks_of, read, written
from curriculum_rl.json_file import parsed
from curriculum_rl.policies.load import load_policy
from curriculum_rl.resources import configs_folder, pack_names
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform, load_world

WORLDS = [*pack_names(), *sorted(p.stem for p in (configs_folder() / "world").glob("*.yaml"))]
SLOW = {"vocabulary"}


@functools.cache
def platform_of(world: str) -> Platform:
    return load_world(world).platform


def again(platform: Platform) -> Platform:
    return read(parsed(json.dumps(written(platform)).encode(), "catalogue.json"))


@pytest.mark.filterwarnings("ignore::curriculum_rl.world.ExcludedGroup")
@pytest.mark.parametrize("world", [pytest.param(w, marks=[pytest.mark.slow] if w in SLOW else []) for w in WORLDS])
def test_what_is_read_is_what_was_written(world: str):
    first = platform_of(world)
    second = again(first)
    for name in ("curriculum", "course", "memory", "leak", "controls"):
        assert getattr(first, name) == getattr(second, name), name
    assert type(first.memory) is type(second.memory)
    assert (first.follows is None) == (second.follows is None)
    assert first.follows is None or np.array_equal(first.follows, second.follows)
    for name, value in vars(first.filter).items():
        assert np.array_equal(value, getattr(second.filter, name)), name
    assert [list(a.loads.items()) for a in first.curriculum.activities] == [
        list(a.loads.items()) for a in second.curriculum.activities
    ]
    assert written(second) == written(first)


@pytest.mark.parametrize("world", ["fractions", "new_material", "kss", "tms-binary-tests", "review-efc"])
def test_beliefs_and_probabilities_are_the_same_to_the_byte(world: str):
    first = platform_of(world)
    policy, tracker, rng = load_policy("greedy_credit"), BKTFilter(3), np.random.default_rng(0)
    goals = rng.random((20, len(first.curriculum.concepts))) < 0.7
    goals[:, 0] = True
    beliefs = [tracker.start(p, goals) for p in (first, again(first))]
    for _ in range(5):
        activity = rng.integers(0, len(first.curriculum.activities), 20)
        correct, elapsed = rng.random(20) < 0.6, rng.uniform(0.0, 1e-3, 20)
        for belief in beliefs:
            belief.update(activity, correct, elapsed)
    for (name, a), (_, b) in zip(arrays(beliefs[0]), arrays(beliefs[1]), strict=True):
        assert a.tobytes() == b.tobytes(), name
    mask = np.ones((20, len(first.curriculum.activities)), dtype=np.bool_)
    a, b = (policy.probabilities(view_by_belief(belief, np.arange(20), mask, 0.0)) for belief in beliefs)
    assert a.tobytes() == b.tobytes()


def test_frameworks_are_kept():
    content = written(platform_of("fractions"))
    entry = {"name": "Common Core", "id": "3.NF.A.1"}
    content["concepts"][0]["framework"], content["concepts"][1]["framework"] = entry, "https://example.org/4.NF"
    assert written(read(content), frameworks_of(content)) == content
    content["concepts"][2]["framework"] = {"name": "Common Core", "ids": "3"}
    assert "concepts[2].framework.ids = '3': no such setting. Did you mean id?" in told(content)


def edited(edit: Any) -> Any:
    content = copy.deepcopy(written(platform_of("fractions")))
    edit(content)
    return content


def told(content: object) -> str:
    with pytest.raises(InvalidInput) as refusal:
        read(content)
    return str(refusal.value)


def put(*path: Any) -> Any:
    """An edit that puts the last of these where the rest leads."""
    *keys, last, value = path

    def edit(content: Any) -> None:
        for key in keys:
            content = content[key]
        content[last] = value

    return edit


FAULTS = {
    "unknown concept": (put("activities", 0, "concepts", {"naming": 1.0}), "activities[0].concepts = 'naming': is no"),
    "shares": (put("activities", 3, "concepts", {"CONCEPT": 0.5}), "shares must sum to 1"),
    "too many": (put("activities", 1, "concepts", {}), "activities[1].concepts = []: must name 1 to 4 concepts"),
    "minutes": (put("activities", 2, "minutes", 0), "activities[2].minutes = 0.0: must be a finite number above 0"),
    "NaN": (put("activities", 4, "difficulty", float("nan")), "activities[4].difficulty = nan: must be a finite"),
    "infinite": (put("concepts", 1, "guess", float("inf")), "concepts[1].guess = inf: must be a finite number above 0"),
    "guess and slip": (put("concepts", 1, "guess", 0.95), "concepts[1].guess + concepts[1].slip = "),
    "not a number": (put("concepts", 2, "initial", "half"), "concepts[2].initial = 'half': must be a number"),
    "tries": (put("concepts", 3, "tries", -1), "concepts[3].tries = -1: must be a finite number at least 0"),
    "a truth": (put("activities", 0, "answered", 1), "activities[0].answered = 1: must be true or false"),
    "typo": (put("activities", 5, "minuts", 3.0), "activities[5].minuts = 3.0: no such setting. Did you mean minutes"),
    "typo at the top": (put("prerequisits", []), "prerequisits = []: no such setting. Did you mean prerequisites?"),
    "threshold": (put("thresholds", "mastered", 1.5), "thresholds.mastered = 1.5: must be a finite number"),
    "leak": (put("platform", "leak", -1), "platform.leak = -1.0: must be a finite number at least 0 and at most 1"),
    "days": (put("platform", "course", "days", [3, 1]), "platform.course.days = (3.0, 1.0): must rise"),
    "spread": (put("platform", "students", "rate_sd", -1), "platform.students.rate_sd = -1.0: must be"),
    "control": (
        put("platform", "controls", ["stopp"]),
        "platform.controls[0] = 'stopp': is no control. Did you mean stop?",
    ),
    "memory": (put("platform", "memory", "gain", -1), "platform.memory.gain = -1.0: must be a finite number"),
    "no memory": (put("platform", "memory", {}), "platform.memory._target_: is missing"),
    "another class": (
        put("platform", "memory", {"_target_": "curriculum_rl.world.World"}),
        "must be curriculum_rl.students.memory.consolidation.Consolidation",
    ),
    "follows": (put("platform", "follows", {"nothing": []}), "platform.follows[nothing] = 'nothing': is no concept"),
    "no list": (put("activities", {}), "activities = {}: must be a list"),
    "no mapping": (put("activities", 0, 7), "activities[0] = 7: must be a mapping of settings"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_place(fault: str):
    edit, expected = FAULTS[fault]
    content = edited(edit)
    if fault == "shares":
        content["activities"][3]["concepts"] = {content["concepts"][0]["id"]: 0.5}
    message = told(content)
    assert expected in message
    assert "1 thing to mend" in message


def test_everything_is_said_at_once_and_nothing_twice():
    faults = [fault for fault in FAULTS if fault not in ("no list", "no memory", "another class", "guess and slip")]
    faults = [fault for fault in faults if fault not in ("a truth", "no mapping")]  # of activities that have another
    content = edited(lambda content: [FAULTS[fault][0](content) for fault in faults])
    content["activities"][3]["concepts"] = {content["concepts"][0]["id"]: 0.5}
    content["activities"][7]["id"] = content["activities"][6]["id"]
    first = content["prerequisites"][0]
    content["prerequisites"].append(
        {"prerequisite": first["concept"], "concept": first["prerequisite"], "strength": 0.5}
    )
    with pytest.raises(InvalidInput) as refusal:
        read(content)
    lines = refusal.value.violations
    for fault in faults:
        assert any(FAULTS[fault][1] in line for line in lines), fault
    assert any("stands twice" in line for line in lines)
    assert any("go in a circle" in line and " -> " in line for line in lines)
    assert len(lines) == len(set(lines)) == len(faults) + 2


@pytest.mark.parametrize("content", [None, [], 3, "text", {}])
def test_what_is_no_catalogue_is_refused(content: object):
    assert "to mend" in told(content)


JUNK = (None, True, -1, 0, 1e300, float("nan"), "", "x", "???", [], {}, [None], {"": {}}, {"_target_": 3})
JUNK = (*JUNK, {"_target_": "curriculum_rl.course.Course"}, 10**200, "${oc.env:HOME}")


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in it."""
    keys = content if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else ()
    return [path, *(p for key in keys for p in places(content[key], (*path, key)))]


@pytest.mark.parametrize("world", ["kss", "tms-binary"])
def test_junk_anywhere_is_refused_or_read_and_nothing_else(world: str):
    whole, rng = written(platform_of(world)), random.Random(0)
    everywhere, told = places(whole)[1:], []
    for _ in range(150):
        content = copy.deepcopy(whole)
        for path in rng.sample(everywhere, 2):
            with contextlib.suppress(KeyError, IndexError, TypeError):  # what the first of the two took away
                put(*path, copy.deepcopy(rng.choice(JUNK)))(content)
        try:
            read(content)
        except InvalidInput as refusal:
            told.append(refusal.violations)
    assert len(told) > 100
    assert all(len(lines) == len(set(lines)) for lines in told)


def test_json_is_read_strictly():
    def refused(text: bytes) -> str:
        with pytest.raises(InvalidInput) as refusal:
            parsed(text, "catalogue.json")
        return str(refusal.value)

    said = refused(b'{"a": [{"id": "x", "minutes": 1, "minutes": 2}, {"id": "y", "id": "z"}], "b": 1, "b": 1}')
    assert "minutes of 'x': is given 2 times" in said
    assert "\n  id: is given 2 times" in said
    assert "\n  b: is given 2 times" in said
    assert "is not JSON" in refused(b'{"a": }')
    assert "not UTF-8" in refused(b'"\xff"')
    assert "nested too deeply" in refused(b"[" * 100_000)
    assert "surrogate" in refused(b'"\\ud800"')
    found = parsed(b"\xef\xbb\xbf[NaN, 1e400, 12, " + b"9" * 10_000 + b"]", "x")
    assert found[1:] == [float("inf"), 12, float("inf")]
