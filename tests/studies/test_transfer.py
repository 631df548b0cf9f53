"""Learners that were trained elsewhere: carried over as they are, told apart, and refused with everything to mend."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curriculum_rl import cli
from curriculum_rl.agents.agent import Curve
from curriculum_rl.agents.learned import LearnedPolicy
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.agents.slate_ppo import SlatePPO
from curriculum_rl.config import build
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.report.build import report_folder
from curriculum_rl.resources import configs_folder
from curriculum_rl.studies.compose import check
from curriculum_rl.studies.players import Entrant
from curriculum_rl.studies.run import run_study
from curriculum_rl.studies.study import Learner, Study
from curriculum_rl.studies.train import Job, Learned
from curriculum_rl.studies.transfer import brought, carried, counterparts, training_worlds
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import WorldConfig, load_world
from tests.agents.playground import SMALL, trained
from tests.worlds import component

SCORER = ConceptScorer(8)
TINY = ("agent.frames=512", "agent.lanes=16", "agent.steps=16", "agent.batch=128", "network.width=8")
SHORT = ("evaluation.students=60", "evaluation.workers=1", "evaluation.replicates=1000", "policies.names=[random]")
QUIET = ("policies.tune=false", "policies.privileged=false", "tracking=none", "agent=maskable_ppo")


def study(*overrides: str) -> Study:
    found: Study = build(check([*TINY, *SHORT, *QUIET, *overrides]), "study", Study)
    return found


@functools.cache
def untaught(network: Network = SCORER, seed: int = 0) -> LearnedPolicy:
    """A policy that met a few students of the default world."""
    agent = replace(SMALL, frames=256, lanes=16, steps=16, batch=128)
    return agent.train(
        load_world("new_material"), tracker=BKTFilter(), objective=DelayedTest(), network=network, seed=seed
    ).policy


@pytest.fixture
def finished(tmp_path: Path) -> Callable[..., Path]:
    """Writes the folder of a study that trained these learners."""

    def write(seeds: tuple[int, ...] = (0, 1), network: Network = SCORER, names: tuple[str, ...] = ("ppo",)) -> Path:
        folder = tmp_path / "finished"
        for name in names:
            for seed in seeds:
                untaught(network, seed).save(folder / "policies" / f"{name}-seed{seed}")
        policies = [{"name": name, "kind": "learned"} for name in names] + [{"name": "random", "kind": "heuristic"}]
        (folder / "results.json").write_text(json.dumps({"policies": policies, "world": {"name": "new_material"}}))
        return folder

    return write


def taking(folder: Path, *overrides: str, learner: str = "") -> Study:
    return study("experiment=does-it-transfer", f"learners.transferred.trained='{folder}{learner}'", *overrides)


def refusal(settings: Study) -> str:
    with pytest.raises(InvalidInput) as caught:
        carried(settings, settings.world.load())
    (line,) = caught.value.violations
    assert line.startswith("transferred.trained = ")
    return line


@pytest.mark.parametrize("world", ["reordered", "new_activities", "new_concepts", "forty_concepts", "other_model"])
def test_a_learner_of_a_finished_study_plays_in_every_other_world(finished: Callable[..., Path], world: str):
    """With the weights it has, on the seeds that this study has, told where it comes from."""
    folder = finished()
    settings = taking(folder, f"world={world}", "seeds=[1,0]")
    here = settings.world.load()
    found = carried(settings, here)["transferred"]
    assert (found.trained_in, found.trained_from) == ("new_material", f"{folder}::ppo")
    assert found.policies[0].activities == tuple(a.id for a in here.curriculum.activities)
    for seed, policy in zip((1, 0), found.policies, strict=True):
        for weights, own in zip(policy.weights().values(), untaught(SCORER, seed).weights().values(), strict=True):
            assert weights.tobytes() == own.tobytes()


def test_a_study_that_cannot_be_taken_from_is_refused(finished: Callable[..., Path], tmp_path: Path):
    assert "holds no results.json. Give the folder of a study that is finished" in refusal(taking(tmp_path / "none"))
    folder = finished(names=("first", "second"))
    assert f"Say which, as in {folder}::first" in refusal(taking(folder))
    assert "no learner 'frist'. Did you mean first?" in refusal(taking(folder, learner="::frist"))
    told = refusal(taking(folder, "seeds=[0,7,9]", learner="::first"))
    assert "first has no policy of seed 7, 9 there. Choose among seeds=[0,1]." in told
    (tensors,) = (folder / "policies").glob("second-seed1-*.safetensors")
    tensors.unlink()
    assert "cannot be read" in refusal(taking(folder, "seeds=[0,1]", learner="::second"))
    for broken in ("{", "[]", '{"policies": [{}], "world": {"name": "x"}}', '{"policies": []}'):
        (folder / "results.json").write_text(broken)
        assert "is not what a study writes" in refusal(taking(folder))


def test_a_flat_network_stays_where_it_was_trained(finished: Callable[..., Path]):
    folder = finished(seeds=(0,), network=Flat((8,)))
    for world in ("reordered", "forty_concepts"):
        assert "Flat: is bound to" in refusal(taking(folder, f"world={world}", "seeds=[0]"))
    assert carried(taking(folder, "world=new_material", "seeds=[0]"), load_world("new_material"))


def test_a_flat_network_for_elsewhere_is_refused_before_it_trains():
    base = study()
    away = WorldConfig("assistments09", concepts=5)
    learners = {
        "scorer": Learner(SMALL, ConceptScorer(8), BKTFilter(), away),
        "flat": Learner(SMALL, Flat((8,)), BKTFilter(), away),
    }
    with pytest.raises(InvalidInput) as caught:
        training_worlds(replace(base, learners=learners), base.world.load())
    (line,) = caught.value.violations
    assert line.startswith("flat: Flat: is bound to")


def test_a_slate_larger_than_a_catalogue_is_refused_before_anyone_trains():
    base, away = study(), WorldConfig("assistments09", concepts=2)
    here = base.world.load()
    most, fewer = (len(world.curriculum.activities) for world in (here, away.load()))

    def taught(slate: int, world: WorldConfig | None = None) -> Study:
        return replace(base, learners={"a": Learner(SlatePPO(slate=slate), ConceptScorer(8), BKTFilter(), world)})

    assert training_worlds(taught(most), here)["a"] is here
    for refused, limit in ((taught(most + 1), most), (taught(fewer + 1, away), fewer)):
        with pytest.raises(InvalidInput, match=rf"a: slate = {limit + 1}: must be at most {limit}, the activities of"):
            training_worlds(refused, here)
    with pytest.raises(InvalidInput, match=rf"study: 1 thing to mend\n  slate = {most + 1}: must be at most {most}"):
        training_worlds(replace(base, slate=most + 1), here)


def test_a_policy_whose_slate_is_larger_than_the_catalogue_is_not_taken(finished: Callable[..., Path]):
    folder = finished(seeds=(0,))
    replace(untaught(), slate=30).save(folder / "policies" / "ppo-seed0")
    few = "world.concepts=5"
    assert "slate = 30: must be at most 20" in refusal(taking(folder, few, "seeds=[0]"))
    replace(untaught(), slate=20).save(folder / "policies" / "ppo-seed0")
    settings = taking(folder, few, "seeds=[0]")
    assert carried(settings, settings.world.load())["transferred"].policies[0].slate == 20


def test_it_is_refused_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["study", "experiment=does-it-transfer", "learners.transferred.trained=there"]) == cli.INVALID
    assert "transferred.trained = 'there': there holds no results.json" in capsys.readouterr().err
    assert cli.main(["study", "experiment=does-it-transfer"]) == cli.INVALID
    assert "learners.transferred.trained: is missing" in capsys.readouterr().err
    assert not list(tmp_path.glob("runs/*/*/config.yaml"))


def test_a_wrong_setting_of_either_kind_of_learner_is_named():
    for learner, said in (
        ({"trained": "x", "folder": "y"}, "learners.a.folder = 'y': no such setting"),
        ({"trained": ""}, "learners.a.trained = '': must be the folder"),
        ({"agent": None, "world": {"pack": "fractoins"}}, "learners.a.world.'fractoins' is no pack"),
        ({"world": {"pack": "fractions"}}, "learners.a.agent: is missing"),
    ):
        plain = {**{k: v for k, v in check([*QUIET]).items() if k != "hydra"}, "learners": {"a": learner}}
        with pytest.raises(InvalidInput, match=re.escape(said)):
            build(plain, "study", Study)


def test_who_is_compared_with_whom():
    """What was trained elsewhere with each that was trained here and has the same network and tracker."""
    scorer, flat = trained(ConceptScorer(8)).policy, trained(Flat((16,))).policy
    wider = replace(scorer, network=ConceptScorer(16))
    entrants = [
        Entrant("native", "learned", "", (scorer,)),
        Entrant("flat", "learned", "", (flat,)),
        Entrant("random", "heuristic", "", (component("policy", "random"),)),
        Entrant("taken", "learned", "", (scorer,), (), "elsewhere", "folder::x"),
        Entrant("trained", "learned", "", (scorer,), (), "elsewhere"),
        Entrant("wider", "learned", "", (wider,), (), "elsewhere"),
    ]
    assert counterparts(entrants) == [("taken", "native"), ("trained", "native")]
    assert entrants[3].label == "taken, trained in elsewhere"


def test_what_was_trained_in_another_world_is_brought_here():
    there, here = load_world("new_material"), load_world("reordered")
    learner = Learner(SMALL, ConceptScorer(8), BKTFilter())
    policy = untaught()
    learned = [Learned(Job("a", learner, 0, there, DelayedTest(), None, Path()), policy, Curve().plain(), 0.0)]
    found = brought(learned, here)
    assert (found.trained_in, found.trained_from) == ("new_material", None)
    assert set(found.policies[0].activities) == set(policy.activities)
    assert found.policies[0].activities == tuple(a.id for a in here.curriculum.activities)
    assert brought(learned, there).policies == (policy,)
    assert brought(learned, there).trained_in is None


AWAY = """# @package _global_
defaults:
  - /world@learners.away.world: new_material
learners:
  away:
    agent: ${agent}
    network: ${network}
    tracker: ${tracker}
"""


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """The configs, and an experiment whose second learner is trained in another world."""
    folder = Path(shutil.copytree(configs_folder(), tmp_path / "configs"))
    (folder / "experiment" / "away.yaml").write_text(AWAY)
    return folder


@pytest.mark.slow
def test_carried_over_a_learner_is_what_it_was_however_it_came_there(tmp_path: Path, configs: Path, capsys: Any):
    """In its own world it scores as it did, to the last bit; elsewhere alike whether taken or trained there again."""

    def ran(name: str, *overrides: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        run_study(check([*TINY, *SHORT, *QUIET, *overrides], folder=configs), tmp_path / name)
        results = json.loads((tmp_path / name / "results.json").read_text())
        return results, {p["name"]: p for p in results["policies"]}

    native = "maskable_ppo_concept_scorer"
    taking = f"learners.transferred.trained='{tmp_path / 'first'}'"
    transfer = ("experiment=does-it-transfer", "seeds=[0]", "evaluation.skip=0", taking)
    results, first = ran("first")
    assert results["kept"] == []

    results, same = ran("same", *transfer, "world=new_material")
    assert same["transferred"]["seed_means"] == same[native]["seed_means"] == first[native]["seed_means"]
    (kept,) = results["kept"]
    assert (kept["policy"], kept["native"]) == ("transferred", native)
    np.testing.assert_allclose([kept["share"], kept["ci_low"], kept["ci_high"]], 1.0)

    results, taken = ran("taken", *transfer, "world=reordered")
    assert taken["transferred"]["trained_in"] == "new_material"
    assert taken["transferred"]["trained_from"] == f"{tmp_path / 'first'}::{native}"
    assert taken[native]["trained_in"] is None
    assert {c["policy"] for c in results["curves"]} == {native}
    told = capsys.readouterr().out
    assert "trained in new_material" in told
    assert "of the gain (" in told
    assert "transferred, trained in new_material" in report_folder(tmp_path / "taken").read_text()

    again, away = ran("away", "experiment=away", "world=reordered")
    assert away["away"]["seed_means"] == taken["transferred"]["seed_means"]
    assert (away["away"]["trained_in"], away["away"]["trained_from"]) == ("new_material", None)
    assert [k["share"] for k in again["kept"]] == [k["share"] for k in results["kept"]]
