"""What trained policies are worth when a fifth of the catalogue is new: python run.py STUDY OUT

STUDY is the folder of a finished study in the world `new_material`, with what it trained of `LEARNER` and the settings
of the heuristics that it tuned. Every policy is exported; each of its bundles is given several edited catalogues with
`curriculum-rl recatalogue`; and the bundles, not the policies, teach students in worlds of these catalogues. OUT gets
the catalogues, the bundles and `results.json`.

Of a drawn catalogue, 20% of the activities are gone. In the place of each stands one on the same concept, with an id
that nobody has seen and a form drawn anew, as hard, long and effective as the concept's own of that form, but for what
`Revision` draws. All that is drawn is assumed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from curriculum_rl.agents.learned import load_learned
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.kept import kept_share
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.evaluation.statistics import compare_all, intervals
from curriculum_rl.evaluation.tuning import with_settings
from curriculum_rl.export.bundle import make
from curriculum_rl.export.catalogue import read
from curriculum_rl.export.player import BundlePolicy
from curriculum_rl.export.recatalogue import recatalogue
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Policy
from curriculum_rl.revision import Revision
from curriculum_rl.runner.bundle import read_bundle
from curriculum_rl.runner.runner import Runner
from curriculum_rl.studies.finished import Finished, read_study
from curriculum_rl.world import World

LEARNER = "all_action_ppo_concept_scorer"
CARRIED, BEFORE = "recatalogued", "before the change"
NEW = Revision(new_share=0.2)
SKIP = 500_000
"""Students of the test cohort that are passed over: no other study judges on those that come next."""
Scores = dict[str, np.ndarray]


def drawn(catalogue: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """A catalogue with a fifth of its activities replaced."""
    rng = np.random.default_rng([NEW.seed, seed])
    activities = [dict(a) for a in catalogue["activities"]]
    alike = {(a["form"], *a["concepts"]): a for a in activities}
    forms = list(dict.fromkeys(a["form"] for a in activities))
    for i in np.sort(rng.permutation(len(activities))[: round(NEW.new_share * len(activities))]):
        old = activities[i]
        like = alike[forms[rng.integers(len(forms))], *old["concepts"]]
        away, longer, better = rng.uniform(-1.0, 1.0, 3)
        activities[i] = {
            **like,
            "id": f"{old['id']}-{seed}",
            "name": f"{like['name']} (new)",
            "difficulty": like["difficulty"] + away * NEW.difficulty,
            "minutes": like["minutes"] * NEW.minutes**longer,
            "learning": like["learning"] * NEW.learning**better,
        }
    return {**catalogue, "activities": activities}


def heuristics(study: Finished) -> dict[str, Policy]:
    """All that the study played, with the settings that it tuned."""
    names = [p.name for p in study.results.policies if p.kind == "heuristic"]
    return {name: with_settings(load_policy(name), study.tuned.get(name, {})) for name in names}


def gain(world: World, policy: Policy, students: int) -> np.ndarray:
    """Points over no practice of each student."""
    return rollout(world, policy, first(TEST, students, SKIP)).gain


def played(path: Path) -> BundlePolicy:
    """A bundle as a policy."""
    return BundlePolicy(Runner(read_bundle(path.read_bytes())))


def bundles(study: Path, seeds: int, catalogues: int, observed: int, out: Path) -> dict[int | None, list[Path]]:
    """The bundles of every seed for the old catalogue, None, and for every new one, by its number."""
    world = read_study(study).world()
    found: dict[int | None, list[Path]] = {None: []}
    for seed in range(seeds):
        old = out / f"seed{seed}.zip"
        policy = load_learned(study / "policies" / f"{LEARNER}-seed{seed}", world)
        old.write_bytes(make(f"{LEARNER}-seed{seed}", policy, world, observed).content)
        found[None].append(old)
        for number in range(catalogues):
            edited = out / f"catalogue{number}.json"
            if not seed:
                content = drawn(read_bundle(old.read_bytes()).catalogue, number)
                edited.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
            new = out / f"seed{seed}-catalogue{number}.zip"
            new.write_bytes(recatalogue(old, edited, observed).made.content)
            found.setdefault(number, []).append(new)
    return found


def scores(study: Path, made: Mapping[int | None, list[Path]], students: int, out: Path) -> dict[int | None, Scores]:
    """What each student gains by every strategy, with every catalogue; (seeds, students) for what was trained."""
    finished = read_study(study)
    found = {}
    for number, paths in made.items():
        world = finished.world()
        if number is not None:
            edited = json.loads((out / f"catalogue{number}.json").read_text())
            world = replace(world, curriculum=read(edited).curriculum)
        found[number] = {name: gain(world, policy, students) for name, policy in heuristics(finished).items()}
        found[number][CARRIED] = np.stack([gain(world, played(path), students) for path in paths])
        print(f"catalogue {'as it was' if number is None else number}: {found[number][CARRIED].mean():.2f}", flush=True)
    return found


def results(found: Mapping[int | None, Scores]) -> dict[str, Any]:
    """Means over the new catalogues, differences, and what is kept of the lead over every heuristic."""
    new = [of for number, of in found.items() if number is not None]
    means = {name: np.mean([of[name] for of in new], axis=0) for name in new[0]}
    others = [name for name in means if name != CARRIED]
    before = found[None]
    asked = {BEFORE: before[CARRIED], **{name: before[name] for name in others}}
    everything = {**means, BEFORE: before[CARRIED]}
    shares = {}
    for name in others:
        kept = kept_share(means[CARRIED] - means[name], before[CARRIED] - before[name])
        shares[name] = None if kept is None else asdict(kept)
    pairs = [(CARRIED, name) for name in [*others, BEFORE]]
    return {
        "policies": [{"name": name, **asdict(of)} for name, of in intervals(everything).items()],
        "comparisons": [asdict(c) for c in compare_all(everything, pairs)],
        "before": [asdict(c) for c in compare_all(asked, [(BEFORE, name) for name in others])],
        "kept_of_the_lead": shares,
        "by_catalogue": [{name: float(of[name].mean()) for name in of} for of in new],
    }


def main() -> None:
    """Exports, recatalogues, teaches, and writes `results.json`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("study", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=5, help="trained policies")
    parser.add_argument("--catalogues", type=int, default=4, help="drawn")
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--observations", type=int, default=10_000, help="over which each graph is compared")
    typed = parser.parse_args()
    typed.out.mkdir(parents=True)
    made = bundles(typed.study, typed.seeds, typed.catalogues, typed.observations, typed.out)
    told = results(scores(typed.study, made, typed.students, typed.out))
    (typed.out / "results.json").write_text(json.dumps(told, indent=1) + "\n")
    for row in told["policies"]:
        print(f"{row['name']}: {row['mean']:.2f} ({row['low']:.2f} to {row['high']:.2f})")


if __name__ == "__main__":
    main()
