"""What a finished study says of a policy that is exported: where every figure of its card and of its promotion is from.

Nothing is computed here that the study computed: a figure is read from its results, or is said not to have been
measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from curriculum_rl.evaluation.cross_simulator import Verdict
from curriculum_rl.evaluation.statistics import Comparison
from curriculum_rl.report.groups import groupings
from curriculum_rl.report.matrix import verdicts_of
from curriculum_rl.report.schema import HEURISTIC, LEARNED, PRIVILEGED, Policy, Results
from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class Evidence:
    """A policy in the results of a study.

    Attributes:
        results: of the study.
        name: of the policy in them.
        seed: whose weights are exported, of a learned policy.
        by_validation: whether that seed was picked, of several, by its validation.
        elsewhere: results of studies of the same policies in other simulators, for the worst case over them.
        run: id of the study's run in MLflow, where it was found by that.
        apart: in what the exported policy is not as it was judged, a sentence each.

    Raises:
        InvalidInput: the policy is not in the results.
    """

    results: Results = field(repr=False)
    name: str
    seed: int | None = None
    by_validation: bool = False
    elsewhere: tuple[Results, ...] = field(default=(), repr=False)
    run: str | None = None
    apart: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.results.policy(self.name) is None:
            names = ", ".join(p.name for p in self.results.policies if p.kind != PRIVILEGED)
            raise InvalidInput("study", [f"{self.results.experiment} did not judge {self.name!r}. It judged: {names}"])

    @property
    def policy(self) -> Policy:
        """The policy, with its score."""
        found = self.results.policy(self.name)
        assert found is not None
        return found

    @property
    def world(self) -> str:
        """The name of the world that it was judged in."""
        return str(self.results.world.get("name", ""))

    @property
    def students(self) -> str:
        """On how many students it was judged, in words."""
        return "an unknown number of" if self.results.students is None else f"{self.results.students:,}"

    @property
    def trained_in(self) -> str | None:
        """The name of the world that it was trained in; None where nothing was trained."""
        return self.policy.trained_in or self.world if self.policy.kind == LEARNED else None

    @property
    def own_mean(self) -> float | None:
        """The mean of the exported seed alone, where there were several."""
        means, seeds = self.policy.seed_means, self.results.seeds
        if self.seed not in seeds or len(means) != len(seeds):
            return None
        return means[seeds.index(self.seed)]

    @property
    def best_heuristic(self) -> Policy | None:
        """The heuristic with the highest mean, but for the policy itself: none that sees the true state is one."""
        others = (p for p in self.results.policies if p.kind == HEURISTIC and p.name != self.name)
        return next(others, None)

    def against(self, other: str) -> Comparison | None:
        """The paired comparison with another, if the study made it."""
        return self.results.either(self.name, other)

    def groupings(self) -> list[str]:
        """The ways in which students were told apart."""
        return groupings(self.results)

    def verdicts(self) -> Sequence[Verdict]:
        """Over all simulators, against each other policy; none where there is but one.

        Raises:
            InvalidInput: two of the studies are of one world.
        """
        if not self.elsewhere:
            return ()
        return [v for v in verdicts_of([self.results, *self.elsewhere]) if v.policy == self.name]

    def told(self) -> dict[str, Any]:
        """What a manifest keeps, to find the study again."""
        origin = self.results.provenance
        return {
            "experiment": self.results.experiment,
            "policy": self.name,
            "seed": self.seed,
            "run": self.run,
            "apart": list(self.apart),
            "config_digest": origin.get("config_digest"),
            "commit": origin.get("commit"),
        }
