"""A bundle for a changed catalogue is what an export there would have been, or is refused with the reason."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from curriculum_rl import cli
from curriculum_rl.agents.learned import LearnedPolicy, untrained
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.envs.believed import Believed
from curriculum_rl.export.bundle import bundled, make
from curriculum_rl.export.catalogue import read
from curriculum_rl.export.changes import changes
from curriculum_rl.export.recatalogue import Recatalogued, recatalogue
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Policy
from curriculum_rl.policies.sequence import Sequence
from curriculum_rl.runner.bundle import Bundle, open_bundle, read_bundle
from curriculum_rl.runner.runner import Event, Runner
from curriculum_rl.runner.verify import verify
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world

FEW = 1000
"""Observations that are compared here."""
Edit = Callable[[dict[str, Any]], Any]


@functools.cache
def world(name: str = "fractions") -> World:
    return load_world(name)


def network(kind: Any) -> LearnedPolicy:
    """A network with weights that matter, and are the same in every run."""
    policy = untrained(world().platform, kind, BKTFilter(1))
    for parameter in policy.actor.parameters():
        parameter.copy_(0.1 * torch.cos(torch.arange(parameter.numel()) ** 2).reshape(parameter.shape))
    return policy


@functools.cache
def policy_of(name: str) -> Policy:
    kinds: dict[str, Callable[[], Policy]] = {
        "scorer": lambda: network(ConceptScorer(8)).drawn(),
        "flat": lambda: network(Flat((8,))),
        "sequence": Sequence,
        "sequence of two": lambda: Sequence(tuple(a.id for a in world().curriculum.activities[:2])),
    }
    return kinds[name]() if name in kinds else load_policy(name)


@functools.cache
def content_of(policy: str, pack: str = "fractions") -> bytes:
    return make(policy, policy_of(policy), world(pack), FEW).content


def new(content: dict[str, Any], **how: Any) -> dict[str, Any]:
    return {**content["activities"][0], "id": "new", "name": "", **how}


def appended(content: dict[str, Any]) -> None:
    content["activities"].append(new(content, difficulty=1.5, minutes=7.0))


def first_gone(content: dict[str, Any]) -> None:
    del content["activities"][0]


def concept_gone(content: dict[str, Any]) -> None:
    gone = content["concepts"].pop()["id"]
    content["activities"] = [a for a in content["activities"] if gone not in a["concepts"]]
    links = content["prerequisites"]
    content["prerequisites"] = [p for p in links if gone not in (p["prerequisite"], p["concept"])]


def everything(content: dict[str, Any]) -> None:
    concept_gone(content)
    content["concepts"].insert(0, {**content["concepts"][0], "id": "first", "initial": 0.4, "framework": "urn:x:1"})
    content["activities"].insert(3, new(content, concepts={"first": 0.5, content["concepts"][1]["id"]: 0.5}))
    content["prerequisites"].append({"prerequisite": "first", "concept": content["concepts"][1]["id"], "strength": 0.7})
    content["thresholds"]["mastered"] = 0.9
    content["platform"]["leak"] = 0.3
    content["activities"][5]["minutes"] = 11.0


def carried(folder: Path, edit: Edit, policy: str = "scorer", pack: str = "fractions") -> tuple[Recatalogued, Bundle]:
    """What comes of an edit, and the new bundle."""
    bundle, edited = folder / "old.zip", folder / "edited.json"
    bundle.write_bytes(content_of(policy, pack))
    content = copy.deepcopy(dict(open_bundle(bundle).catalogue))
    edit(content)
    edited.write_text(json.dumps(content))
    found = recatalogue(bundle, edited, FEW)
    return found, read_bundle(found.made.content)


@pytest.mark.parametrize(
    ("policy", "edit"),
    [pytest.param("scorer", everything, marks=pytest.mark.slow), ("mastery", appended), ("mastery", first_gone)],
)
def test_it_is_what_an_export_there_would_have_been(policy: str, edit: Edit, tmp_path: Path):
    found, bundle = carried(tmp_path, edit, policy)
    platform, there = read(bundle.catalogue), policy_of(policy)
    if isinstance(there, LearnedPolicy):
        there = there.on(platform)
    exported = read_bundle(bundled(policy, there, platform, {"world": "x"}, lambda parity: "", FEW).content)
    assert (bundle.graph, bundle.lines) == (exported.graph, exported.lines)
    assert np.array_equal(bundle.initial_state, exported.initial_state)
    (tmp_path / "new.zip").write_bytes(found.made.content)
    assert verify(tmp_path / "new.zip")[0].digest == bundle.digest


def test_the_gate_goes_with_it(tmp_path: Path):
    old, edited, gate = tmp_path / "old.zip", tmp_path / "edited.json", Believed(0.5)
    old.write_bytes(make("mastery", policy_of("mastery"), world(), FEW, gate).content)
    content = copy.deepcopy(dict(open_bundle(old).catalogue))
    appended(content)
    edited.write_text(json.dumps(content))
    bundle = read_bundle(recatalogue(old, edited, FEW).made.content)
    there = bundled("mastery", policy_of("mastery"), read(content), {"world": "x"}, lambda parity: "", FEW, gate)
    assert bundle.graph == read_bundle(there.content).graph
    assert bundle.manifest["gate"]["believed"] == 0.5


@pytest.mark.parametrize("policy", [pytest.param("scorer", marks=pytest.mark.slow), "mastery"])
def test_there_and_back_is_where_it_was(policy: str, tmp_path: Path):
    old = read_bundle(content_of(policy))
    found, there = carried(tmp_path, everything, policy)
    assert there.graph != old.graph
    assert there.catalogue["concepts"][0]["framework"] == "urn:x:1"
    (tmp_path / "there.zip").write_bytes(found.made.content)
    (tmp_path / "back.json").write_text(json.dumps(old.catalogue))
    back = read_bundle(recatalogue(tmp_path / "there.zip", tmp_path / "back.json", FEW).made.content)
    assert (back.graph, back.lines, back.catalogue) == (old.graph, old.lines, old.catalogue)
    assert [one["bundle"] for one in back.manifest["recatalogued"]] == [old.digest, there.digest]
    assert back.before == ()


def test_the_changes_are_told(tmp_path: Path):
    found, _ = carried(tmp_path, everything)
    told = {(change.part, change.what): change.names for change in found.changes}
    assert told["concepts", "added"] == ("first",)
    assert told["concepts", "removed"] == (world().curriculum.concepts[-1].id,)
    assert told["activities", "added"] == ("new",)
    assert len(told["activities", "changed"]) == 1
    assert told["prerequisites", "added"] == (f"first -> {world().curriculum.concepts[0].id}",)
    assert told["settings", "changed"] == ("mastered", "leak")


def test_an_edit_is_told_for_what_it_is():
    before = read_bundle(content_of("mastery")).catalogue
    assert changes(before, before) == []
    after = copy.deepcopy(dict(before))
    after["activities"] = [*before["activities"][1:], before["activities"][0]]
    (moved,) = changes(before, after)
    assert (moved.part, moved.what, set(moved.names)) == (
        "activities",
        "moved",
        {a["id"] for a in before["activities"]},
    )
    assert str(moved).endswith(f"and {len(before['activities']) - 5} more")


def test_where_concepts_stay_a_state_means_the_same(tmp_path: Path):
    found, bundle = carried(tmp_path, appended)
    assert found.states_fit
    assert bundle.before == (read_bundle(content_of("scorer")).digest,)
    old, there = Runner(read_bundle(content_of("scorer"))), Runner(bundle)
    events = [Event(a % len(old.activities), a % 2, 600.0 * a) for a in range(15)]
    state = old.after(events)
    assert np.array_equal(state, there.after(events))
    steps = [
        runner.step(state, [2], [1.0], [60.0], np.ones((1, len(runner.activities)), dtype=np.bool_))
        for runner in (old, there)
    ]
    assert np.array_equal(steps[0].state, steps[1].state)
    assert np.array_equal(steps[0].mastery, steps[1].mastery)


@pytest.mark.parametrize(
    ("policy", "pack", "edit", "fit"),
    [
        ("mastery", "fractions", first_gone, True),
        ("mastery", "fractions", concept_gone, False),
        pytest.param("mastery", "kss", appended, True, marks=pytest.mark.slow),
        ("mastery", "kss", first_gone, False),  # who comes next depends on what was done last, held by its place
        ("sequence", "fractions", first_gone, False),
        ("sequence", "fractions", appended, True),
    ],
)
def test_whether_states_fit(policy: str, pack: str, edit: Edit, fit: bool, tmp_path: Path):
    assert carried(tmp_path, edit, policy, pack)[0].states_fit is fit


def test_the_card_and_the_manifest_say_where_it_comes_from(tmp_path: Path):
    found, bundle = carried(tmp_path, appended)
    old = read_bundle(content_of("scorer"))
    assert bundle.manifest["study"] is None
    assert bundle.manifest["recatalogued"] == [{"bundle": old.digest, "study": None, "states_fit": True}]
    assert bundle.manifest["world"] == "fractions"
    assert bundle.card.startswith(old.card.partition("\n\n")[0])
    flat = " ".join(bundle.card.split())
    assert f"Made from the bundle `{old.digest}`" in flat
    assert "On this one, nothing was measured" in flat
    assert "- activities: 1 added: new" in flat
    assert flat.count("Graph and package agree over") == 1
    assert f"{found.made.parity.furthest:.1g} at most" in flat


UNKNOWN_FORM: Edit = lambda content: content["activities"].append(new(content, form="probelm"))  # noqa: E731
TWO_FAULTS: Edit = lambda content: content["activities"].append(new(content, minutes=-1, concept={}))  # noqa: E731


@pytest.mark.parametrize(
    ("policy", "edit", "reason"),
    [
        ("flat", appended, "Flat: is bound to the concepts and activities that it was trained with"),
        ("scorer", UNKNOWN_FORM, "form = 'probelm': is a form that the network never met. Did you mean "),
        ("mastery", dict, "there is nothing to change"),
        ("mastery", TWO_FAULTS, "2 things to mend"),
        ("sequence of two", first_gone, "are not in the catalogue"),
    ],
)
def test_what_cannot_be_carried_over_says_why(policy: str, edit: Edit, reason: str, tmp_path: Path):
    with pytest.raises(InvalidInput) as told:
        carried(tmp_path, edit, policy)
    assert reason in str(told.value)


def test_a_heuristic_takes_any_form(tmp_path: Path):
    found, _ = carried(tmp_path, lambda content: content["activities"].append(new(content, form="song")), "mastery")
    assert found.made.parity.passed


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    old, edited, out = (tmp_path / name for name in ("old.zip", "edited.json", "new.zip"))
    old.write_bytes(content_of("scorer"))
    content = copy.deepcopy(dict(open_bundle(old).catalogue))
    concept_gone(content)
    edited.write_text(json.dumps(content))
    asked = ["recatalogue", str(old), "--catalogue", str(edited), "--out", str(out), "--observations", "1000"]
    assert cli.main(asked) == 0
    told = capsys.readouterr().out
    assert "concepts: 1 removed" in told
    assert "States of the old bundle do not fit" in told
    assert cli.main(["verify", str(out)]) == 0
    edited.write_text('{"activities": [], "activities": []}')
    out.unlink()
    assert cli.main(asked) == 2
    assert "activities: is given 2 times" in capsys.readouterr().err
    assert cli.main([*asked[:-3], str(old), *asked[-2:]]) == 2
    assert "is the old bundle" in capsys.readouterr().err
    old.write_bytes(content_of("scorer")[:-1])
    assert cli.main(asked) == 2
    assert not out.exists()
