"""What a study is: the whole of `configs/study.yaml`, each group of it a dataclass of its own."""

from __future__ import annotations

from dataclasses import dataclass

from curriculum_rl.objectives.objective import Objective
from curriculum_rl.studies.recording import Tracking
from curriculum_rl.studies.settings import Evaluation, Policies
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import WorldConfig


@dataclass(frozen=True)
class Study:
    """One comparison: agents trained on each seed, beside every heuristic, on the same held-out students.

    Attributes:
        name: of the folder of results and of the run that is tracked.
        seeds: of training; each is one run of every agent.
        world: what is simulated.
        objective: what agents are trained for.
        tracker: what agents see.
        agent, network: how a policy is learned, and what it is made of.
        policies: the strategies that it is compared with.
        evaluation: on how many students, and how it is told apart from chance.
        tracking: where the runs are recorded.
    """

    name: str
    seeds: tuple[int, ...]
    world: WorldConfig
    objective: Objective
    tracker: Tracker
    agent: object
    network: object
    policies: Policies
    evaluation: Evaluation
    tracking: Tracking

    def __post_init__(self) -> None:
        check = Violations("study")
        if not self.name.strip() or "/" in self.name or self.name.startswith("."):
            check.add("name", self.name, "must be a name for a folder, without a slash")
        check.that(self.seeds, "seeds = []: must hold at least one seed, such as seeds=[0]")
        check.each("seeds", self.seeds, at_least=0, below=2**63)
        for i, seed in enumerate(self.seeds):
            if seed in self.seeds[:i]:
                check.add(f"seeds[{i}]", seed, "stands twice", "Each seed is one run.")
        check.raise_all()
