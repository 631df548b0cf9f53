"""Named policies, or saved ones, on the same held-out students: the table that `curriculum-rl evaluate` prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from rich import box
from rich.table import Table

from curriculum_rl.config import build
from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.cohorts import TEST, check_classes, first
from curriculum_rl.evaluation.outcomes import OUTCOMES, Outcomes
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.evaluation.statistics import compare_all, intervals
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Policy
from curriculum_rl.studies.compose import component
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import World
from curriculum_rl.yaml_file import check_yaml


def find_policies(world: World | None, names: Sequence[str]) -> dict[str, Policy]:
    """Each policy by its name: a heuristic of `configs/policy`, or the path of one that a study saved.

    Or that of a YAML file like those of `configs/policy`, with settings of your own; or the folder of a study, for all
    that it trained. Without a world there are no saved ones, for each is bound to its own.

    Raises:
        InvalidInput: every name that is none of these, that stands twice, or whose policy does not fit the world.
    """
    check = Violations("policies")
    found: dict[str, Policy] = {}
    for name in (one for given in names for one in expanded(given)):
        path = Path(name)
        label = path.stem if path.suffix in (".json", ".yaml") else path.name
        check.that(label not in found, f"{label}: stands twice. Name it once")
        try:
            found[label] = _find_policy(world, name)
        except InvalidInput as error:
            check.found.extend(error.violations)
    check.raise_all()
    return found


def expanded(name: str) -> list[str]:
    """The name, or the paths of all that a study trained if it is that of its folder."""
    found = sorted(str(path) for path in Path(name).glob("policies/*.json"))
    return found or [name]


def saved_policy(name: str) -> Path | None:
    """The path, without its suffix, of a policy that a study saved; None if the name is that of none."""
    path = Path(name.removesuffix(".json"))
    return path if path.with_name(f"{path.name}.json").is_file() else None


def _find_policy(world: World | None, name: str) -> Policy:
    saved = saved_policy(name)
    if saved is None:
        own = Path(name)
        is_file = own.suffix == ".yaml" and own.is_file()
        return cast(Policy, build(check_yaml(own), name)) if is_file else load_policy(name)
    if world is None:
        raise InvalidInput("policies", [f"{name}: was trained in a world. Say in which with --world"])
    return load_saved(saved, world)


def find_objective(name: str) -> Objective:
    """The objective of this name in `configs/objective`.

    Raises:
        InvalidInput: there is none.
    """
    return cast(Objective, component("objective", name, "objective"))


def load_saved(path: Path, world: World) -> Policy:
    """A trained policy, by its path without suffix. Torch is imported here, for heuristics do without."""
    from curriculum_rl.agents.learned import load_learned

    return load_learned(path, world)


def taught_by(
    world: World,
    policies: Mapping[str, Policy],
    students: int,
    seed: int,
    objective: Objective | None = None,
    told: Callable[[str], None] = lambda name: None,
) -> dict[str, Outcomes]:
    """Every policy's outcomes for the same students of the test cohort, with the same luck.

    `told` is called with the name of each policy when its turn comes.

    Raises:
        InvalidInput: there are too few students to compare policies on.
    """
    check_classes(students, world.class_size)
    ids = first(TEST, students)
    outcomes = {}
    for name, policy in policies.items():
        told(name)
        outcomes[name] = rollout(world, policy, ids, seed, objective=objective)
    return outcomes


def table(world: World, outcomes: Mapping[str, Outcomes], outcome: str = "gain") -> Table:
    """Best first: the mean with its interval, and how much less than the best it is, paired student by student."""
    scores = {name: getattr(one, outcome) for name, one in outcomes.items()}
    ids = next(iter(outcomes.values())).student
    bootstrap = Bootstrap().among(ids, world.class_size)
    means = intervals(scores, bootstrap)
    ranked = sorted(scores, key=lambda name: -means[name].mean)
    best = ranked[0]
    against = {c.policy: c for c in compare_all(scores, [(name, best) for name in ranked[1:]], bootstrap)}
    made = Table(box=box.SIMPLE_HEAD, title=f"{world.name}: {OUTCOMES[outcome]}, {len(ids):,} held-out students")
    for heading in ("policy", "mean [95%]", "against the best [95%]", "p (Holm)"):
        made.add_column(heading, justify="left" if heading == "policy" else "right", no_wrap=True)
    for name in ranked:
        mean, pair = means[name], against.get(name)
        row = [name, f"{mean.mean:.2f} \\[{mean.low:.1f}, {mean.high:.1f}]"]
        if pair is not None:
            row += [f"{pair.difference:+.2f} \\[{pair.ci_low:+.2f}, {pair.ci_high:+.2f}]", f"{pair.p_adjusted:.3f}"]
        made.add_row(*row)
    return made


def forms_table(world: World, outcomes: Mapping[str, Outcomes]) -> Table:
    """The share of each form of activity that was used, in a line a policy; a policy that collapsed shows here.

    Shares that round to 0% are left out: with a column a form, a world of many forms would not fit a screen.
    """
    made = Table(box=box.SIMPLE_HEAD, title="Share of each form of activity")
    made.add_column("policy", no_wrap=True)
    made.add_column("the most used first")
    for name, one in outcomes.items():
        total = one.forms.sum(axis=0)
        shares = total / max(int(total.sum()), 1)
        told = [f"{world.actions.forms[i]} {shares[i]:.0%}" for i in np.argsort(-shares, kind="stable")]
        made.add_row(name, ", ".join(share for share in told if not share.endswith(" 0%")))
    return made
