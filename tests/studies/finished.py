"""A finished study in seconds: nothing is trained, but all is played, compared and written down as a study does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curriculum_rl.agents.learned import LearnedPolicy, untrained
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.rollout import Player
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.compare import HEURISTIC, LEARNED, PRIVILEGED, compare
from curriculum_rl.studies.players import Entrant, play
from curriculum_rl.studies.tracking import MlflowTracking
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.world import World, load_world

STUDENTS = 60
VALIDATION = {0: 3.0, 1: 5.0, 2: 4.0}
"""The last validation of each seed: seed 1 had the highest."""


def scorer(world: World) -> LearnedPolicy:
    """A network that nothing taught."""
    return untrained(world.platform, ConceptScorer(8), BKTFilter())


def write(
    folder: Path,
    pack: str = "fractions",
    learners: Mapping[str, Sequence[Player]] | None = None,
    heuristics: Sequence[str] = ("random", "mastery"),
    bounds: Mapping[str, Player] | None = None,
    **more: Any,
) -> Path:
    """The folder of a study in the world of a pack.

    Args:
        learners: what takes part as learned, on seeds 0, 1, ...; networks among them are saved.
        more: further entries of `results.json`.
    """
    world = load_world(pack)
    learners = {"ppo": [scorer(world) for _ in range(2)]} if learners is None else learners
    entrants = [Entrant(name, LEARNED, "BKTFilter", tuple(players)) for name, players in learners.items()]
    entrants += [Entrant(name, HEURISTIC, "BKTFilter", (load_policy(name),)) for name in heuristics]
    entrants += [Entrant(name, PRIVILEGED, "the true state", (player,)) for name, player in (bounds or {}).items()]
    played = play(world, entrants, first(TEST, STUDENTS), 0)
    seeds = range(max((len(players) for players in learners.values()), default=1))
    curves = []
    for name, players in learners.items():
        for seed, player in enumerate(players):
            scores = [0.0, VALIDATION[seed]]
            curves.append({"policy": name, "seed": seed, "frames": [256, 512], "validation_return": scores})
            if isinstance(player, LearnedPolicy):
                record = {"world": world.name, "digest": world.digest, "seed": seed}
                player.save(folder / "policies" / f"{name}-seed{seed}", record)
    results = {
        "schema": 1,
        "experiment": "made for a test",
        "world": {"name": world.name},
        "objective": "DelayedTest",
        "seeds": list(seeds),
        **compare(world, played, "gain", Bootstrap(replicates=1000), 10),
        "curves": curves,
        "provenance": {"commit": "c0ffee", "config_digest": "d1" * 32, "pack_digest": world.digest, "command": "x"},
        **more,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "config.yaml").write_text(
        f"world: {{_target_: curriculum_rl.world.WorldConfig, pack: {pack}}}\ngate: null\n"
    )
    return folder


def log(folder: Path, tracking: MlflowTracking) -> dict[str, str]:
    """Keeps a study's files in MLflow as a study does; returns the id of its run, `study`, and of each policy's."""
    ids = {}
    with tracking.start("study") as run:
        ids["study"] = run.id  # type: ignore[attr-defined]
        for file in sorted((folder / "policies").glob("*.json")):
            with run.seed(file.stem, of="learner") as child:
                ids[file.stem] = child.id  # type: ignore[attr-defined]
                for kept in [file, *file.parent.glob(f"{file.stem}-*.safetensors")]:
                    child.keep(kept, "policy")
        for name in ("config.yaml", "results.json"):
            run.keep(folder / name)
    return ids


def edit(folder: Path, **changes: Any) -> None:
    """Changes entries of `results.json`."""
    file = folder / "results.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
