"""Strategies in several simulators beside what a log says of them: the direct method by fitted student models.

No reweighting is needed here, and no support: what is needed is that a model is right. So the strategies meet several
models, and a strategy's score in one that it was trained in is left out of the verdict (`evaluation/cross_simulator`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from curriculum_rl.agents.checkpoints import about
from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.cohorts import TEST, check_classes, first
from curriculum_rl.evaluation.cross_simulator import FEWEST, Judged, verdicts
from curriculum_rl.evaluation.record import Recording, returns
from curriculum_rl.evaluation.statistics import compare_all, intervals
from curriculum_rl.logs.manifest import Manifest
from curriculum_rl.logs.store import Log
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.ope.judgement import Models, Range, Simulated
from curriculum_rl.packs import find_pack
from curriculum_rl.policies.load import policy_names
from curriculum_rl.policies.policy import Policy
from curriculum_rl.resources import configs_folder
from curriculum_rl.studies.evaluate import find_objective, find_policies, saved_policy
from curriculum_rl.world import World, load_world
from curriculum_rl.yaml_file import check_yaml

_FIT = re.compile(r"^\| \| AUC \|.*\n\|[-|]*\n\| (?P<model>[^|]+) \| (?P<auc>[0-9.]+) \|", re.MULTILINE)


@dataclass(frozen=True)
class Reward:
    """What strategies are compared by in simulators.

    Attributes:
        objective: whose rewards add up to a return.
        horizon: decisions at most.
        words: for people.
    """

    objective: Objective
    horizon: int | None
    words: str


def reward_of(log: Log, column: str, horizon: int | None) -> Reward:
    """That of a log where a simulation has it: the same objective, or right answers, over as many decisions.

    Rewards of a platform's own are in no simulation; then it is the delayed test of a whole course.
    """
    longest = "select max(n) as n from (select count(*) as n from log group by student_id)"
    decisions = horizon or log.manifest.about.horizon or int(log.sql(longest).to_pylist()[0]["n"])
    name = "right_answers" if column == "response" else log.manifest.about.objective
    if name is None:
        return Reward(find_objective("delayed_test"), None, "points over no practice on a delayed test, whole courses")
    words = f"{name.replace('_', ' ')}, mean return of at most {decisions:,} decisions: what the log's returns are of"
    return Reward(find_objective(name), decisions, words)


def ask_simulators(
    names: Sequence[str],
    policies: Sequence[str],
    log: Manifest,
    reward: Reward,
    students: int,
    told: Callable[[str], None],
) -> Models:
    """These strategies, and the logged one where it has a name, in worlds by name.

    Raises:
        InvalidInput: for a name that is unknown, or a strategy that is bound to another catalogue.
    """
    worlds = {name: load_world(name) for name in names}
    behaviour = log.about.behaviour
    named = [behaviour, *policies] if behaviour in policy_names() and behaviour not in policies else list(policies)
    everyone = {name: find_policies(world, [p for p in named if p]) for name, world in worlds.items()}
    labels = list(next(iter(everyone.values())))
    saved = {label: saved_policy(str(p)) for label, p in zip(labels, named, strict=True)}
    digests = {label: about(path)["record"].get("digest") for label, path in saved.items() if path is not None}
    natives = {n: [label for label, digest in digests.items() if digest == w.digest] for n, w in worlds.items()}
    fits = {name: held_out_fit(name) for name in worlds}
    told(", ".join(worlds))
    return simulated(worlds, everyone, natives, fits, labels[0], reward, students)


def held_out_fit(world: str) -> str:
    """How well a world's student model predicts unseen students, from the card of its pack; empty where it has none."""
    seen = _FIT.search(_card(pack_of(world)))
    return f"AUC {seen['auc']} on unseen students" if seen else ""


def limits_of(pack: str) -> list[str]:
    """What the card of a pack says of its limits, a point or a paragraph each; nothing where it says nothing."""
    _, _, rest = _card(pack).partition("\n## Limits\n")
    parts = re.split(r"^- |\n\n", rest.partition("\n## ")[0], flags=re.MULTILINE)
    return [" ".join(part.split()) for part in parts if part.strip()]


def pack_of(world: str) -> str:
    """The pack that a world by name is made of: itself, unless it is a configured one."""
    config = configs_folder() / "world" / f"{world}.yaml"
    return str(check_yaml(config)["pack"]) if config.is_file() else world


def _card(pack: str) -> str:
    card = find_pack(pack) / "card.md"
    return card.read_text("utf-8") if card.is_file() else ""


def simulated(
    worlds: Mapping[str, World],
    policies: Mapping[str, Mapping[str, Policy]],
    natives: Mapping[str, Sequence[str]],
    fits: Mapping[str, str],
    baseline: str,
    reward: Reward,
    students: int,
) -> Models:
    """Every strategy in every simulator, on the same students and luck, and the verdicts against a baseline.

    Args:
        worlds: by name.
        policies: by world, then by name: a strategy that is bound to a catalogue is another object in each.
        natives: by world, the strategies that were trained on its students.
        fits: by world, how well its student model predicts, in words.
        baseline: the strategy that the others are compared with.
        reward: by which they are compared.
        students: of the test cohort, in each.

    Raises:
        InvalidInput: there are too few of them for the classes of a world, before anything is played.
    """
    for world in worlds.values():
        check_classes(students, world.class_size)
    found, judged = [], []
    ids = first(TEST, students)
    for name, world in worlds.items():
        how = Recording(horizon=reward.horizon)
        scores = {p: returns(world, policy, ids, reward.objective, how) for p, policy in policies[name].items()}
        bootstrap = Bootstrap().among(ids, world.class_size)
        pairs = [(p, baseline) for p in scores if p != baseline]
        own = frozenset(natives[name])
        means = {p: Range(i.mean, i.low, i.high) for p, i in intervals(scores, bootstrap).items()}
        found.append(Simulated(name, fits[name], means, own))
        judged.append(Judged(name, own, tuple(compare_all(scores, pairs, bootstrap))))
    said = tuple(verdicts(judged)) if len(judged) >= FEWEST else ()
    return Models(tuple(found), said, reward.words)
