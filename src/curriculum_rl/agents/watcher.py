"""What happens between rollouts: the curve, the progress bar, the entropy bonus, the checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.agent import Curve, Watch
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.agents.learned import LearnedPolicy
from curriculum_rl.agents.resume import Arrays, read, restore, state_of

MOMENTS = 10
"""Points of the curve."""


class Watcher(BaseCallback):
    """Args:
    lanes: what is played on.
    total: student-steps of the whole training.
    watch: what is asked for.
    settings: the fingerprint that a checkpoint carries.
    policy: the present policy, for validation.
    entropy: of the last rollout's choices, nats.
    before: called with the share of training done, before each rollout; it may set the algorithm's coefficients.
    apart: at least so many frames between two states that could be resumed from.
    """

    def __init__(
        self,
        lanes: Lanes,
        total: int,
        watch: Watch,
        settings: str,
        policy: Callable[[], LearnedPolicy],
        entropy: Callable[[BaseAlgorithm], float],
        before: Callable[[BaseAlgorithm, float], None],
        apart: int = 0,
    ) -> None:
        super().__init__()
        self.lanes, self.total, self.watch, self.settings = lanes, total, watch, settings
        self.policy, self.entropy, self.before, self.apart = policy, entropy, before, apart
        self.curve = Curve(forms={form: [] for form in lanes.env.world.actions.forms})
        self.entropies: list[float] = []
        self.state: tuple[Arrays, dict[str, Any]] | None = None
        self.bar = _Bar(total, watch) if watch.show else None
        self.written = self.started = time.perf_counter()

    @property
    def frames(self) -> int:
        """Student-steps so far."""
        return int(self.model.num_timesteps)

    def record(self) -> dict[str, Any]:
        """What a checkpoint keeps of this."""
        return {"settings": self.settings, "curve": self.curve.plain(), "entropies": list(self.entropies)}

    def restore(self, record: dict[str, Any]) -> None:
        """Goes on from a checkpoint's record."""
        self.curve, self.entropies = Curve(**record["curve"]), list(record["entropies"])

    def _on_training_start(self) -> None:
        if self.bar:
            self.bar.start(self.frames)

    def _on_rollout_start(self) -> None:
        if self._unsaid() and self.frames >= self._next_moment():
            self._add_moment()
        self.before(self.model, min(1.0, self.frames / self.total))
        if self.lanes.adapting is not None:
            self.lanes.adapting.move()
        if self.watch.checkpoint is None:
            return
        if self.state is None or self.frames - self.state[1]["frames"] >= self.apart:
            tensors, counters = state_of(self.model, self.lanes)
            self.state = tensors, {**counters, **self.record()}
            if time.perf_counter() - self.written >= self.watch.every_seconds:
                self.write()

    def _on_rollout_end(self) -> None:
        self.entropies.append(self.entropy(self.model))
        if self.bar:
            self.bar.show(self.frames, self.lanes, self.entropies[-1])

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        if self._unsaid():
            self._add_moment()
        if self.watch.checkpoint is not None:
            tensors, counters = state_of(self.model, self.lanes)
            self.state = tensors, {**counters, **self.record()}
            self.write()

    def write(self) -> None:
        """Writes the last state between two rollouts, if there is one and a place for it."""
        if self.watch.checkpoint is not None and self.state is not None:
            checkpoints.save(self.watch.checkpoint, *self.state)
            self.written = time.perf_counter()

    def close(self) -> None:
        """Takes the bar off the screen."""
        if self.bar:
            self.bar.stop()

    def _unsaid(self) -> bool:
        """Whether there is more to tell of than the curve holds: a run that is resumed has told of its first frames."""
        return self.frames > (self.curve.frames or [0])[-1]

    def _next_moment(self) -> float:
        return self.total * (len(self.curve.frames) + 1) / MOMENTS

    def _add_moment(self) -> None:
        curve, played, watch = self.curve, self.lanes.played, self.watch
        curve.frames.append(self.frames)
        curve.train_return.append(float(np.mean(played.returns)) if played.returns else None)
        curve.validation_return.append(None if watch.validate is None else float(watch.validate(self.policy())))
        curve.entropy.append(float(np.mean(self.entropies)) if self.entropies else 0.0)
        for name, share in _shares(self.lanes).items():
            curve.forms[name].append(share)
        multipliers = self.lanes.adapting.multipliers.told() if self.lanes.adapting is not None else {}
        for name, number in multipliers.items():
            curve.multipliers.setdefault(name, [None] * (len(curve.frames) - 1)).append(number)
        played.returns.clear()
        played.forms[:] = 0
        self.entropies.clear()
        if self.bar:
            self.bar.moment(curve)
        if watch.tell is not None:
            told = {"train_return": curve.train_return[-1], "validation_return": curve.validation_return[-1]}
            told |= {"entropy": curve.entropy[-1], **{f"form/{f}": s[-1] for f, s in curve.forms.items()}} | multipliers
            watch.tell({name: value for name, value in told.items() if value is not None}, self.frames)


def run(model: BaseAlgorithm, lanes: Lanes, watcher: Watcher, learn: Callable[[int, bool], None]) -> float:
    """Trains, from the checkpoint if there is one; returns the seconds it took.

    Args:
        model: fresh.
        lanes: its lanes.
        watcher: its watcher.
        learn: runs the algorithm for so many more frames, from the start or not.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after a checkpoint was written.
        InvalidInput: the checkpoint is damaged or of another run.
    """
    began, place = time.perf_counter(), watcher.watch.checkpoint
    if isinstance(model, BaseAlgorithm):
        model.set_logger(Logger(None, []))  # its own would leave an empty folder among the system's temporary files
    fresh = True
    if place is not None and checkpoints.exists(place):
        tensors, record = read(place, watcher.settings)
        restore(model, lanes, tensors, record)
        watcher.restore(record)
        fresh = False
    try:
        learn(watcher.total - model.num_timesteps, fresh)
    except KeyboardInterrupt:
        watcher.write()
        raise
    finally:
        watcher.close()
    return time.perf_counter() - began


def _shares(lanes: Lanes) -> dict[str, float]:
    forms = lanes.played.forms
    total = max(1, int(forms.sum()))
    return {name: float(n) / total for name, n in zip(lanes.env.world.actions.forms, forms, strict=True)}


class _Bar:
    """Frames, return of finished courses, entropy, share of each form, frames a second, time left."""

    def __init__(self, total: int, watch: Watch) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed:,.0f} frames  {task.fields[rate]:,.0f}/s  left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[about]}"),
        )
        self.task = self.progress.add_task(watch.name, total=total, about="", rate=0.0)
        self.valid = ""

    def start(self, frames: int) -> None:
        self.first, self.began = frames, time.perf_counter()
        self.progress.update(self.task, completed=frames)
        self.progress.start()

    def show(self, frames: int, lanes: Lanes, entropy: float) -> None:
        recent = lanes.played.returns[-lanes.num_envs :]
        gained = f"return {np.mean(recent):.1f}  " if recent else ""
        forms = ", ".join(f"{name} {share:.0%}" for name, share in _shares(lanes).items())
        rate = (frames - self.first) / max(1e-9, time.perf_counter() - self.began)
        about = f"{gained}{self.valid}entropy {entropy:.2f}  {forms}"
        self.progress.update(self.task, completed=frames, about=about, rate=rate)

    def moment(self, curve: Curve) -> None:
        if curve.validation_return[-1] is not None:
            self.valid = f"validation {curve.validation_return[-1]:.1f}  "

    def stop(self) -> None:
        self.progress.stop()
