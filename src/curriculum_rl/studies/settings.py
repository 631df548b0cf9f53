"""Settings of a study that belong to no other room: which strategies, and how they are judged."""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.config import nearest
from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.policies.load import policy_names, usual_names
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Policies:
    """The strategies that a learned policy is compared with.

    Attributes:
        names: of the heuristics in `configs/policy`; null takes every one but the slow (`policies/load.py`).
        tune: whether their parameters are tuned in this world first, on students of their own.
        tuning_students: on how many.
        privileged: whether bounds that see the true state of students are shown beside them; or which, by name, the
            slow ones too (`configs/oracle`).
    """

    names: tuple[str, ...] | None = None
    tune: bool = True
    tuning_students: int = 1000
    privileged: bool | tuple[str, ...] = True

    def __post_init__(self) -> None:
        check = Violations("policies")
        for i, name in enumerate(self.names or ()):
            if name not in policy_names():
                check.add(f"names[{i}]", name, "is no policy", nearest(name, policy_names()))
        check.number("tuning_students", self.tuning_students, at_least=10, at_most=10_000_000)
        check.raise_all()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names that are meant."""
        return tuple(usual_names()) if self.names is None else self.names


@dataclass(frozen=True)
class Evaluation:
    """How strategies are judged, all on the same students, who were in no training.

    Attributes:
        students: of the test cohort.
        skip: students of the cohort passed over before, so that a study can have some that no other has judged on.
        seed: of these students and their luck.
        traced: how many of them the curriculum map is drawn from.
        replicates: of the bootstrap.
        smallest_cell: subgroups of fewer students are withheld.
        workers: processes that train at a time; each takes one core, and results do not depend on it.
    """

    students: int = 2000
    skip: int = 0
    seed: int = 0
    traced: int = 500
    replicates: int = 10_000
    smallest_cell: int = 10
    workers: int = 1

    def __post_init__(self) -> None:
        check = Violations("evaluation")
        check.number("students", self.students, at_least=10, at_most=100_000_000)
        check.number("skip", self.skip, at_least=0, at_most=1_000_000_000)
        check.number("seed", self.seed, at_least=0, below=2.0**63)
        check.number("traced", self.traced, at_least=1)
        check.number("replicates", self.replicates, at_least=1000, at_most=1_000_000)
        check.number("smallest_cell", self.smallest_cell, at_least=2)
        check.number("workers", self.workers, at_least=1, at_most=256)
        check.raise_all()

    @property
    def bootstrap(self) -> Bootstrap:
        """How intervals are made."""
        return Bootstrap(replicates=self.replicates)
