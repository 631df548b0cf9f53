"""What a study is: the whole of `configs/study.yaml`, each group of it a dataclass of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from curriculum_rl.agents.agent import Agent
from curriculum_rl.agents.networks.network import Network
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.studies.recording import Tracking
from curriculum_rl.studies.settings import Evaluation, Policies
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import Violations
from curriculum_rl.world import WorldConfig


@dataclass(frozen=True)
class Learner:
    """One way to learn a policy: how, of what, and from what it sees.

    Attributes:
        world: where it is trained and validated; null trains in the world of the study. It is judged there anyway.
        objective: what it is trained for; null: what the study judges by.
    """

    agent: Agent
    network: Network
    tracker: Tracker
    world: WorldConfig | None = None
    objective: Objective | None = None


@dataclass(frozen=True)
class Taken:
    """A learner that another study trained, not trained again: its network and tracker come with its policies.

    Attributes:
        trained: the folder of that study, and after `::` the learner's name there, if it has several.
    """

    trained: str

    def __post_init__(self) -> None:
        check = Violations("learner")
        if not self.trained.partition("::")[0].strip():
            check.add("trained", self.trained, "must be the folder of a finished study, or folder::learner")
        check.raise_all()

    @property
    def folder(self) -> Path:
        """Of the study."""
        return Path(self.trained.partition("::")[0])

    @property
    def learner(self) -> str:
        """Its name there; empty where the study has but one."""
        return self.trained.partition("::")[2]


@dataclass(frozen=True)
class Study:
    """One comparison: agents trained on each seed, beside every heuristic, on the same held-out students.

    Attributes:
        name: of the folder of results and of the run that is tracked.
        seeds: of training; each is one run of every agent.
        world: what is simulated.
        objective: what agents are trained for, and judged by.
        tracker: what agents see.
        agent, network: how a policy is learned, and what it is made of; a null agent learns nothing, and heuristics are
            compared alone, the first one named with all others.
        policies: the strategies that it is compared with.
        evaluation: on how many students, and how it is told apart from chance.
        tracking: where the runs are recorded.
        learners: further learners beside the one above, by name; some may have been trained elsewhere.
        gate: masks activities, such as those that the tracker does not think a student ready for; null masks nothing.
        slate: activities that each student is offered at a time where policies are judged; a policy that learned to
            offer so many offers those.
    """

    name: str
    seeds: tuple[int, ...]
    world: WorldConfig
    objective: Objective
    tracker: Tracker
    agent: Agent | None
    network: Network
    policies: Policies
    evaluation: Evaluation
    tracking: Tracking
    learners: dict[str, Learner | Taken] = field(default_factory=dict)
    gate: Gate | None = None
    slate: int = 1

    def __post_init__(self) -> None:
        check = Violations("study")
        check.number("slate", self.slate, at_least=1, whole=True)
        if not self.name.strip() or "/" in self.name or self.name.startswith("."):
            check.add("name", self.name, "must be a name for a folder, without a slash")
        check.that(self.seeds, "seeds = []: must hold at least one seed, such as seeds=[0]")
        check.each("seeds", self.seeds, at_least=0, below=2**63)
        for i, seed in enumerate(self.seeds):
            if seed in self.seeds[:i]:
                check.add(f"seeds[{i}]", seed, "stands twice", "Each seed is one run.")
        name = self.main_learner
        if name and name in self.learners:
            check.add(f"learners.{name}", "...", "is the name of the study's own learner", "Call it something else.")
        check.raise_all()
        for name, learner in self.trained_learners.items():  # what is whole by itself may still not fit together
            for reason in learner.agent.refusals(learner.tracker, self.gate):
                check.that(False, f"learner {name}: {reason}")
        check.raise_all()

    @property
    def main_learner(self) -> str:
        """The name of the learner that `agent`, `network` and `tracker` make; empty where there is no agent."""
        if self.agent is None:
            return ""
        return f"{snake(type(self.agent).__name__)}_{snake(type(self.network).__name__)}"

    @property
    def all_learners(self) -> dict[str, Learner | Taken]:
        """Every learner by name, the study's own first."""
        own = {} if self.agent is None else {self.main_learner: Learner(self.agent, self.network, self.tracker)}
        return {**own, **self.learners}

    @property
    def trained_learners(self) -> dict[str, Learner]:
        """Those that this study trains."""
        return {name: learner for name, learner in self.all_learners.items() if isinstance(learner, Learner)}


def snake(name: str) -> str:
    """`MaskablePPO` becomes `maskable_ppo`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
