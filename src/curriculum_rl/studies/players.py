"""Who takes part in a comparison, and what each did for the same students."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.evaluation.outcomes import OUTCOMES, Outcomes, Traces, blank_traces
from curriculum_rl.evaluation.rollout import Player, rollout
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.world import World


@dataclass(frozen=True)
class Entrant:
    """One strategy of a comparison.

    Attributes:
        name: as in results and comparisons.
        kind: `learned`, `heuristic`, or `privileged` where it sees the true state of students.
        tracker: what it sees students through, for people.
        players: one for each training seed; one in all for what is not trained.
        sampled: the same, playing at random by its probabilities; none where it makes no difference.
        trained_in: the name of the world that it was trained in, where that is another.
        trained_from: the finished study that it comes from, if it was not trained in this one.
    """

    name: str
    kind: str
    tracker: str
    players: tuple[Player, ...]
    sampled: tuple[Player, ...] = ()
    trained_in: str | None = None
    trained_from: str | None = None

    @property
    def label(self) -> str:
        """The name that people read."""
        return self.name.replace("_", " ") + (f", trained in {self.trained_in}" if self.trained_in else "")


@dataclass(frozen=True)
class Played:
    """What an entrant did: S training seeds, n students."""

    entrant: Entrant
    outcomes: tuple[Outcomes, ...]  # one for each seed
    sampled: tuple[Outcomes, ...]
    traces: Traces

    def scores(self, of: str) -> Float:
        """A column of the outcomes, such as `gain`, (S, n)."""
        return np.stack([getattr(o, of) for o in self.outcomes])

    def table(self) -> dict[str, list[object]]:
        """Every student's outcome with every seed, as columns."""
        columns: dict[str, list[object]] = {"seed_index": [], **{name: [] for name in OUTCOMES}}
        for i, outcome in enumerate(self.outcomes):
            columns["seed_index"] += [i] * len(outcome.student)
            for name in OUTCOMES:
                columns[name] += getattr(outcome, name).tolist()
            for field in fields(Outcomes):
                if field.name != "forms":
                    columns.setdefault(field.name, []).extend(getattr(outcome, field.name).tolist())
        return columns


def play(
    world: World,
    entrants: Sequence[Entrant],
    students: Int,
    seed: int,
    *,
    gate: Gate | None = None,
    objective: Objective | None = None,
    slate: int = 1,
    traced: int = 500,
    done: Callable[[str, int], None] = lambda name, students: None,
) -> list[Played]:
    """Every entrant teaches the same students, who meet the same luck.

    Args:
        objective: whose rewards are summed.
        slate: activities that each student is offered at a time.
        traced: of how many students the curriculum map is drawn.
        done: called with the entrant's name and how many more students finished.
    """
    played = []
    for entrant in entrants:
        traces = blank_traces(world)

        def teach(player: Player, ids: Int, traces: Traces | None = None, name: str = entrant.name) -> Outcomes:
            told = partial(done, name)
            return rollout(
                world, player, ids, seed, gate=gate, slate=slate, objective=objective, traces=traces, progress=told
            )

        first = [
            _joined(teach(player, students[:traced], traces), teach(player, students[traced:]))
            if traced < len(students)
            else teach(player, students, traces)
            for player in entrant.players
        ]
        sampled = tuple(teach(player, students) for player in entrant.sampled)
        played.append(Played(entrant, tuple(first), sampled, traces))
    return played


def _joined(first: Outcomes, second: Outcomes) -> Outcomes:
    return Outcomes(
        **{f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(Outcomes)}
    )
