"""A study from start to end: tune the heuristics, train the learners, judge all on the same students, write it down."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import Progress

from curriculum_rl.agents.recurrent_tracker import Recurrent
from curriculum_rl.batch import Int
from curriculum_rl.config import build
from curriculum_rl.evaluation.bounds import bounds_for
from curriculum_rl.evaluation.cohorts import TEST, TUNE, check_classes, first
from curriculum_rl.evaluation.diary import diaries, told
from curriculum_rl.evaluation.rollout import own_slate
from curriculum_rl.evaluation.tuning import tune
from curriculum_rl.files import write_whole
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Tunable
from curriculum_rl.report.build import report_folder
from curriculum_rl.studies.compare import HEURISTIC, LEARNED, PRIVILEGED, compare
from curriculum_rl.studies.origin import origin
from curriculum_rl.studies.players import Entrant, play
from curriculum_rl.studies.progress import bars, kept_lines, table
from curriculum_rl.studies.recording import DataSource, Run
from curriculum_rl.studies.study import Study
from curriculum_rl.studies.train import Job, Learned, Moment, train_all
from curriculum_rl.studies.transfer import Carried, brought, carried, counterparts, training_worlds
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World

DIARIES = 200
"""Students whose courses are kept event by event."""


def run_study(composed: DictConfig, folder: Path) -> None:
    """Runs the study that a composed config describes; its results lie in `folder`, and the table is printed.

    Raises:
        InvalidInput: the config is not right.
    """
    plain = {key: value for key, value in composed.items() if key != "hydra"}
    study: Study = build(OmegaConf.create(plain), "study", Study)
    resolved = OmegaConf.to_yaml(OmegaConf.create(plain), resolve=True)
    world = study.world.load()
    taken, worlds = carried(study, world), training_worlds(study, world)
    _check_objectives(study, world, worlds)
    check_classes(study.evaluation.students, world.class_size)
    console, began = Console(), time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "config.yaml", resolved)
    with study.tracking.start(study.name) as run:
        run.params(OmegaConf.to_container(OmegaConf.create(plain), resolve=True))  # type: ignore[arg-type]
        run.text("config.yaml", resolved)
        _tell_data(run, study, world, worlds)
        results = _results(study, world, worlds, taken, folder, run)
        results["provenance"] = origin(world, resolved)
        results["provenance"]["seconds"] = round(time.perf_counter() - began, 1)
        results["provenance"]["date"] = datetime.now(UTC).isoformat(timespec="seconds")
        write_whole(folder / "results.json", json.dumps(results, indent=1))
        report = report_folder(folder)
        _tell_results(run, results, folder)
    console.print(table(results))
    console.print(kept_lines(results), end="")
    console.print(f"Report:  {report}\nResults: {folder / 'results.json'}", soft_wrap=True)
    if hint := study.tracking.hint:
        console.print(hint, soft_wrap=True)


def _check_objectives(study: Study, world: World, worlds: Mapping[str, World]) -> None:
    """Refuses, before anything runs, what cannot be rewarded where it is asked for."""
    reasons = study.objective.refusals(world)
    for name, learner in study.trained_learners.items():
        if learner.objective is not None or worlds[name] is not world:
            found = (learner.objective or study.objective).refusals(worlds[name])
            reasons += [f"learners.{name}: {line}" for line in found]
    if reasons:
        raise InvalidInput("objective", reasons)


def _results(
    study: Study, world: World, worlds: Mapping[str, World], taken: Mapping[str, Carried], folder: Path, run: Run
) -> dict[str, Any]:
    shown = study.policies.privileged
    bounds = bounds_for(world, () if shown is False else None if shown is True else shown)
    with bars() as progress:
        heuristics, tuned = _heuristics(study, world, run, progress)
        learned = _learners(study, worlds, folder, run, progress)
        entrants = _entrants(study, world, learned, taken) + heuristics
        entrants += [Entrant(name, PRIVILEGED, "the true state", (bound,)) for name, bound in bounds.items()]
        settings = study.evaluation
        students = first(TEST, settings.students, settings.skip)
        lanes = sum(len(e.players) + len(e.sampled) for e in entrants)
        task = progress.add_task("judging", about="", total=lanes * settings.students)

        def done(name: str, count: int) -> None:
            progress.update(task, advance=count, description=f"judging {name}")

        played = play(
            world,
            entrants,
            students,
            settings.seed,
            gate=study.gate,
            objective=study.objective,
            slate=study.slate,
            traced=settings.traced,
            done=done,
        )
        progress.update(task, description="comparing")
        found = compare(
            world,
            played,
            study.objective.outcome,
            settings.bootstrap,
            settings.smallest_cell,
            counterparts(entrants),
        )
        found["diaries"] = _diaries(study, world, entrants, found["policies"], students)
    for p in played:
        run.table(f"outcomes-{p.entrant.name}", p.table())
    return {
        "schema": 1,
        "experiment": study.name,
        "world": _told(world),
        "objective": type(study.objective).__name__,
        "seeds": list(study.seeds),
        "slate": max(own_slate(player, study.slate) for entrant in entrants for player in entrant.players),
        **found,
        "curves": [x.curve for x in learned],
        "training_seconds": {f"{x.job.name}, seed {x.job.seed}": round(x.seconds, 1) for x in learned},
        "tuned": tuned,
    }


def _told(world: World) -> dict[str, Any]:
    """A world in a few numbers."""
    return {
        "name": world.name,
        "concepts": len(world.curriculum.concepts),
        "activities": len(world.curriculum.activities),
        "prerequisites": len(world.curriculum.prerequisites),
        "subgroups": [g.name for g in world.population.groups],
        "sessions": len(world.course.days),
        "minutes_a_session": world.course.minutes,
        "test_days_after": world.course.test_days,
    }


def _diaries(
    study: Study, world: World, entrants: list[Entrant], policies: list[dict[str, Any]], students: Int
) -> dict[str, Any]:
    """Whole courses of some students under the best policy that could be deployed, its first seed."""
    deployable = [p for p in policies if p["kind"] != PRIVILEGED]
    best = max(deployable, key=lambda p: float(p["mean"]))["name"]
    player = next(e.players[0] for e in entrants if e.name == best)
    kept, attendance = diaries(
        world, player, students[:DIARIES], study.evaluation.seed, gate=study.gate, slate=study.slate
    )
    return told(world, best, kept, attendance, study.evaluation.smallest_cell)


def _heuristics(
    study: Study, world: World, run: Run, progress: Progress
) -> tuple[list[Entrant], dict[str, list[dict[str, Any]]]]:
    """The heuristics, tuned on students of their own where the study says so; with all that was tried."""
    settings, entrants = study.policies, []
    tried: dict[str, list[dict[str, Any]]] = {}
    task = progress.add_task("heuristics", about="", total=len(settings.chosen))
    for name in settings.chosen:
        policy = load_policy(name)
        progress.update(task, description=f"tuning {name}" if settings.tune else "heuristics")
        if settings.tune and isinstance(policy, Tunable):
            students = first(TUNE, settings.tuning_students)

            def tell(setting: object, score: float) -> None:
                progress.update(task, about=f"{score:.2f} points")

            found = tune(world, policy, students, objective=study.objective, gate=study.gate, progress=tell)
            policy, tried[name] = found.policy, found.table
            run.table(f"tuning-{name}", {key: [str(row[key]) for row in found.table] for key in found.table[0]})
        entrants.append(Entrant(name, HEURISTIC, tracker_name(policy.tracker), (policy,)))
        progress.advance(task)
    progress.update(task, description="heuristics", about="")
    return entrants, tried


def tracker_name(tracker: object) -> str:
    """What people call a tracker: its class, the number of its nodes, and whether a memory is behind it."""
    if isinstance(tracker, Recurrent):
        return f"{tracker_name(tracker.inner)}, remembered"
    nodes = getattr(tracker, "nodes", None)
    return type(tracker).__name__ + (f", {nodes * nodes} node{'s' if nodes > 1 else ''}" if nodes else "")


def _learners(study: Study, worlds: Mapping[str, World], folder: Path, run: Run, progress: Progress) -> list[Learned]:
    jobs = [
        Job(name, learner, seed, worlds[name], learner.objective or study.objective, study.gate, folder)
        for name, learner in study.trained_learners.items()
        for seed in study.seeds
    ]
    if not jobs:
        return []
    with ExitStack() as open_runs:
        runs = {
            (job.name, job.seed): open_runs.enter_context(run.seed(f"{job.name}, seed {job.seed}", of=job.name))
            for job in jobs
        }
        tasks = {
            (job.name, job.seed): progress.add_task(
                f"{job.name}, seed {job.seed}", total=getattr(job.learner.agent, "frames", None), about="waiting"
            )
            for job in jobs
        }

        def tell(moment: Moment) -> None:
            progress.update(tasks[moment.job], completed=moment.frames, about=_about(moment.numbers))
            if moment.numbers:
                runs[moment.job].metrics(moment.numbers, moment.frames)

        learned = train_all(jobs, study.evaluation.workers, tell)
        for one in learned:
            child = runs[one.job.name, one.job.seed]
            child.metrics({"seconds": one.seconds})
            folder, name = one.job.path.parent, one.job.path.name
            for file in [folder / f"{name}.json", *folder.glob(f"{name}-*.safetensors")]:
                child.keep(file, "policy")
    return learned


def _about(numbers: dict[str, float]) -> str:
    shown = {"train_return": "return", "validation_return": "validation", "entropy": "entropy"}
    parts = [f"{word} {numbers[key]:.2f}" for key, word in shown.items() if key in numbers]
    forms = [f"{key.removeprefix('form/')} {x:.0%}" for key, x in numbers.items() if key.startswith("form/")]
    return "  ".join([*parts, ", ".join(forms)])


def _entrants(study: Study, world: World, learned: list[Learned], taken: Mapping[str, Carried]) -> list[Entrant]:
    """One entrant a learner, its seeds together; deterministic play is judged, sampled play is shown beside it."""
    entrants = []
    for name in study.all_learners:
        found = taken.get(name) or brought([x for x in learned if x.job.name == name], world)
        entrants.append(
            Entrant(
                name,
                LEARNED,
                tracker_name(found.policies[0].tracker),
                tuple(p.drawn(False) for p in found.policies),
                tuple(p.drawn(True) for p in found.policies),
                found.trained_in,
                found.trained_from,
            )
        )
    return entrants


def _tell_data(run: Run, study: Study, world: World, worlds: Mapping[str, World]) -> None:
    used = [(world, study.world.pack)]
    used += [(worlds[name], of.world.pack) for name, of in study.trained_learners.items() if of.world]
    sources = {
        each.digest: DataSource(
            each.name,
            each.digest,
            f"pack {pack}",
            {"concepts": len(each.curriculum.concepts), "activities": len(each.curriculum.activities)},
        )
        for each, pack in used
    }
    for source in sources.values():
        run.data(source, "training")
    run.data(sources[world.digest], "evaluation")


def _tell_results(run: Run, results: dict[str, Any], folder: Path) -> None:
    for policy in results["policies"]:
        run.metrics({f"{policy['name']}/{key}": policy[key] for key in ("mean", "ci_low", "ci_high", "iqm")})
    for name in ("policies", "comparisons", "kept", "subgroups"):
        rows = results[name]
        run.table(name, {key: [_cell(row[key]) for row in rows] for key in rows[0]} if rows else {})
    for file in ("results.json", "report.html"):
        run.keep(folder / file)


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
