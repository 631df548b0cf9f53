"""Every learner trained on every seed, each in a process of its own, so that cores are used and results stay equal."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from multiprocessing.util import get_temp_dir
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from curriculum_rl.agents.agent import Watch
from curriculum_rl.agents.learned import LearnedPolicy, load_learned
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.evaluation.cohorts import TEST, TRAIN, TUNE, VALIDATE, apart, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.studies.study import Learner
from curriculum_rl.world import World

VALIDATION_STUDENTS = 500


@dataclass(frozen=True)
class Job:
    """One training: a learner on a seed.

    Attributes:
        folder: where its policy and checkpoint go; a study that is run again in the same folder goes on from there.
    """

    name: str
    learner: Learner
    seed: int
    world: World
    objective: Objective
    gate: Gate | None
    folder: Path

    @property
    def path(self) -> Path:
        """Of the trained policy, without suffix."""
        return self.folder / "policies" / f"{self.name}-seed{self.seed}"


@dataclass(frozen=True)
class Moment:
    """What a training said of itself: its numbers after so many frames. `done` ends it."""

    job: tuple[str, int]
    numbers: dict[str, float]
    frames: int
    done: bool = False


@dataclass(frozen=True)
class Learned:
    """A trained policy and its curve, as `results.json` has it."""

    job: Job
    policy: LearnedPolicy
    curve: dict[str, Any]
    seconds: float


def train_all(jobs: list[Job], workers: int, tell: Callable[[Moment], None]) -> list[Learned]:
    """Trains all, so many at a time; `tell` hears of every moment, in this process."""
    assert apart(TRAIN, TUNE, VALIDATE, TEST), "the cohorts of students overlap"
    spawn = multiprocessing.get_context("spawn")
    get_temp_dir()  # the manager takes its parent's, which is removed even where the manager is ended in haste
    with spawn.Manager() as manager:
        queue: Queue[Moment] = manager.Queue()
        pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=spawn, initializer=_listen)
        try:
            futures = [pool.submit(_train, job, queue) for job in jobs]
            for moment in _moments(queue, futures):
                tell(moment)
            records = [future.result() for future in futures]
        except KeyboardInterrupt:
            for process in multiprocessing.active_children():
                if not process.name.startswith("SyncManager"):
                    process.terminate()  # which `_listen` turns into a checkpoint and an end
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    return [
        Learned(job, load_learned(job.path, job.world), curve, seconds)
        for job, (curve, seconds) in zip(jobs, records, strict=True)
    ]


def _listen() -> None:
    """Ctrl-C reaches every process of a terminal; here it is the parent who passes it on, once."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)


def _moments(queue: Queue[Moment], futures: list[Future[Any]]) -> Iterator[Moment]:
    """What the trainings say, until all have ended and been heard."""
    while True:
        ended = not wait(futures, timeout=0).not_done or any(f.done() and f.exception() for f in futures)
        try:
            yield queue.get(timeout=0.05 if ended else 0.5)
        except Empty:
            if ended:
                return


def _train(job: Job, queue: Queue[Moment]) -> tuple[dict[str, Any], float]:
    """Runs in a process of its own: trains, saves the policy, returns its curve and the seconds it took."""

    def tell(numbers: Any, frames: int) -> None:
        queue.put(Moment((job.name, job.seed), dict(numbers), frames))

    watch = Watch(
        validate=partial(validation, job.world, job.gate, job.objective),
        tell=tell,
        checkpoint=job.folder / "checkpoints" / f"{job.name}-seed{job.seed}",
        name=f"{job.name}, seed {job.seed}",
    )
    trained = job.learner.agent.train(
        job.world,
        tracker=job.learner.tracker,
        objective=job.objective,
        network=job.learner.network,
        seed=job.seed,
        gate=job.gate,
        students=TRAIN,
        watch=watch,
    )
    about = {"world": job.world.name, "digest": job.world.digest, "seed": job.seed, "frames": trained.frames}
    trained.policy.save(job.path, about | {"curve": trained.curve.plain()})
    queue.put(Moment((job.name, job.seed), {}, trained.frames, done=True))
    return {"policy": job.name, "seed": job.seed, **trained.curve.plain()}, trained.seconds


def validation(world: World, gate: Gate | None, objective: Objective, policy: LearnedPolicy) -> float:
    """Mean outcome of the objective, in points, of students who are in no training and no comparison."""
    played = rollout(world, policy, first(VALIDATE, VALIDATION_STUDENTS), gate=gate, objective=objective)
    return float(getattr(played, objective.outcome).mean())
