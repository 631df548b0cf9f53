"""What every agent offers: training in a world, to a policy and the record of how it came to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from curriculum_rl.agents.lanes import TRAINING_STUDENTS
from curriculum_rl.agents.learned import LearnedPolicy
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import World


@dataclass
class Curve:
    """How training went, at about ten moments.

    Attributes:
        frames: student-steps so far.
        train_return: mean points of the whole courses that ended since the moment before; None where none did.
        validation_return: what `Watch.validate` said of the policy, likeliest activities taken; None without it.
        entropy: of the choices made since the moment before, nats.
        forms: share of each form among them.
        multipliers: of an adaptive objective, and what was measured for them, by name; None before there was any.
    """

    frames: list[int] = field(default_factory=list)
    train_return: list[float | None] = field(default_factory=list)
    validation_return: list[float | None] = field(default_factory=list)
    entropy: list[float] = field(default_factory=list)
    forms: dict[str, list[float]] = field(default_factory=dict)
    multipliers: dict[str, list[float | None]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON can say it."""
        return asdict(self)


@dataclass(frozen=True)
class Watch:
    """What is done beside training. Nothing here changes what is learned.

    Attributes:
        validate: the worth of a policy, in points, on students of its own; played about ten times.
        tell: given each moment of the curve, by name, and the frames so far.
        checkpoint: where to keep what is needed to go on (a name without suffix); training goes on from it if it is
            there. None keeps nothing.
        every_seconds: between checkpoints. Ctrl-C writes one at once.
        show: a progress bar.
        name: what the bar calls this training.
    """

    validate: Callable[[LearnedPolicy], float] | None = None
    tell: Callable[[Mapping[str, float], int], None] | None = None
    checkpoint: Path | None = None
    every_seconds: float = 30.0
    show: bool = False
    name: str = "training"

    def __post_init__(self) -> None:
        check = Violations("watch")
        check.number("every_seconds", self.every_seconds, at_least=0.0)
        check.raise_all()


@dataclass(frozen=True)
class Trained:
    """A policy, how it came to be, and what that took: student-steps, and seconds since the start or resumption."""

    policy: LearnedPolicy
    curve: Curve
    frames: int
    seconds: float


def refuse(reasons: list[str]) -> None:
    """Raises `InvalidInput` where there are reasons to."""
    if reasons:
        raise InvalidInput("agent", reasons)


class Agent(Protocol):
    """A frozen dataclass of settings."""

    @property
    def slate(self) -> int:
        """Activities that its policies offer at a time; 1: as many as they are asked for."""

    def refusals(self, tracker: Tracker, gate: Gate | None) -> list[str]:
        """Why it cannot learn with these: what was seen, what was expected, how to mend it; empty where it can."""

    def made_of(self, network: Network, tracker: Tracker) -> tuple[Network, Tracker]:
        """Network and tracker of the policies that it learns, from those that it is given."""

    def train(
        self,
        world: World,
        *,
        tracker: Tracker,
        objective: Objective,
        network: Network,
        seed: int,
        frames: int | None = None,
        gate: Gate | None = None,
        students: range = TRAINING_STUDENTS,
        watch: Watch = Watch(),
    ) -> Trained:
        """Learns to teach.

        Args:
            world: whom and what.
            tracker: what the policy sees.
            objective: what is rewarded.
            network: what the policy is made of.
            seed: of everything random; the same seed on the same machine gives the same weights.
            frames: student-steps; the agent's own number unless told.
            gate: masks activities.
            students: ids that may be met in training.
            watch: what is done beside.

        Raises:
            InvalidInput: `refusals`.
        """
