"""Strategies judged by a log: what `curriculum-rl judge` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.envs.simulation import feature_names
from curriculum_rl.logs.manifest import Manifest
from curriculum_rl.logs.split import fitted_on
from curriculum_rl.logs.store import Log, open_log
from curriculum_rl.named import load_named
from curriculum_rl.ope.behaviour.load import load_behaviour
from curriculum_rl.ope.catalogue import platform_of
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.load import load_estimator
from curriculum_rl.ope.intervals.load import load_interval
from curriculum_rl.ope.judgement import Baseline, Judgement, Method, Models, Strategy, judged, logged, refused
from curriculum_rl.ope.logged import Logged, read_logged
from curriculum_rl.ope.replay import Replayed, replay
from curriculum_rl.ope.thresholds import Thresholds
from curriculum_rl.ope.verdict import Circumstances
from curriculum_rl.studies.evaluate import expanded, find_policies, saved_policy
from curriculum_rl.studies.simulators import ask_simulators, reward_of
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import Platform, World, load_world

HELD_BYTES: Final = 400_000_000
"""What is held of a log at once; of a longer one, so many of its buckets are judged."""


@dataclass(frozen=True)
class Question:
    """What is asked of a log.

    Attributes:
        log: its folder.
        policies: names of heuristics, paths of saved policies, or of YAML files of your own.
        world: whose catalogue the log names; None: the log's own, or what stands in the log.
        estimators: by name; groups are told apart by the first.
        interval, behaviour: by name.
        features: the tracker whose features models of values and of the logged policy see, by name.
        cluster: the axis of groups that were drawn as a whole; None: classes where the log has them, else students.
        reward: column that counts as the reward: `reward`, or `response`: right answers, as in the objective of that
            name, so that a decision without an answer earns none.
        discount: of rewards, a decision.
        horizon: decisions of each student that count, from the first on; None: all.
        held_out: leaves out the students that a strategy was fitted on.
        simulators: worlds that the strategies are tried in too, by name.
        students: in each.
    """

    log: Path
    policies: tuple[str, ...]
    world: str | None = None
    estimators: tuple[str, ...] = ("wdr", "pdis", "wis")
    interval: str = "usual"
    behaviour: str = "logistic"
    features: str = "counts"
    cluster: str | None = None
    reward: str = "reward"
    discount: float = 1.0
    horizon: int | None = None
    held_out: bool = False
    simulators: tuple[str, ...] = ()
    students: int = 1000

    def __post_init__(self) -> None:
        check = Violations("judge")
        check.that(self.policies, "policy: none is named. Name at least one with --policy")
        for name in ("estimators", "simulators"):
            given = getattr(self, name)
            check.that(len(set(given)) == len(given), f"{name}: one stands twice. Name each once")
        if self.simulators:
            check.number("students", self.students, at_least=2, whole=True)
        if self.horizon is not None:
            check.number("horizon", self.horizon, at_least=1, whole=True)
        if self.reward not in ("reward", "response"):
            check.add("reward", self.reward, "must be reward or response")
        check.raise_all()


def judge(question: Question, told: Callable[[str], None] = lambda what: None) -> Judgement:
    """Judges every strategy; `told` is called with what is being done.

    Raises:
        InvalidInput: for a name that is unknown, a log that cannot be read, or strategies that do not fit it.
    """
    log, method = open_log(question.log), _method(question)
    world = _world(question, log)
    asked = [one for given in question.policies for one in expanded(given)]
    policies = find_policies(world, asked)
    names = dict(zip(policies, asked, strict=True))
    models = Models()
    if question.simulators:
        reward = reward_of(log, question.reward, question.horizon)
        models = ask_simulators(question.simulators, asked, log.manifest, reward, question.students, told)
    if reasons := log_refusals(log.manifest, question.reward):
        silent = tuple(refused(name, method, reasons) for name in policies)
        return Judgement(log.manifest, method, None, silent, models=models)
    platform = platform_of(log) if world is None else world.platform
    features = cast(Tracker, load_named("tracker", question.features, "tracker"))
    tables, left_out = _tables(log, platform, features, question.reward)
    cluster = question.cluster or ("class" if "group_class" in log.manifest.groups else None)
    found: list[Strategy] = []
    baseline: Baseline | None = None
    for name, policy in policies.items():
        told(name)
        seen = replay(tables, platform, policy, features, cluster)
        if question.horizon is not None:
            seen = seen.cut(question.horizon)
        if not alone(seen.episodes):
            baseline = baseline or logged(seen, method)
        seen, around = _circumstances(names[name], seen, question, log, platform)
        reasons = alone(seen.episodes)
        found.append(refused(name, method, reasons) if reasons else judged(name, seen, method, around))
    return Judgement(log.manifest, method, baseline, tuple(found), left_out, models)


def log_refusals(manifest: Manifest, reward: str) -> tuple[str, ...]:
    """Why no strategy can be judged by a log, whatever it is; usually nothing."""
    reasons = []
    decisions = manifest.filled.get(reward, 0)
    if manifest.about.aggregated:
        reasons.append("Each row of this log sums up several answers, so no single decision can be reweighted.")
    elif manifest.filled.get("eligible", 0) < decisions:
        missing = decisions - manifest.filled.get("eligible", 0)
        reasons.append(
            f"Your log does not say what else could have been chosen ({missing:,} of {decisions:,} decisions). Without "
            "these eligible sets nobody can tell what another strategy would have done, and no reweighting is "
            "possible. Log them, with the probability of each choice; or compare strategies in several student models "
            "that are fitted to this log: `curriculum-rl calibrate --model`, then --simulators."
        )
    return tuple(reasons)


def alone(episodes: Episodes) -> tuple[str, ...]:
    """Why nothing can be told where all that there is was drawn at once; usually nothing."""
    if len(np.unique(episodes.cluster)) > 1:
        return ()
    if len(episodes) == 1:
        return ("There is one student to judge by: there is no telling what another would have done.",)
    return (
        f"All {len(episodes):,} students are in one class: there is no telling what another class would have done. "
        "Judge by several classes; or, if students were taught one by one, import the log without the group class.",
    )


def _method(question: Question) -> Method:
    check = Violations("judge")
    found = {}
    for name in question.estimators:
        try:
            found[name] = load_estimator(name)
        except InvalidInput as error:
            check.found.extend(error.violations)
    check.raise_all()
    thresholds = cast(Thresholds, load_named("verdict", "default", "set of thresholds"))
    interval, behaviour = load_interval(question.interval), load_behaviour(question.behaviour)
    return Method(found, interval, behaviour, thresholds, question.discount)


def _world(question: Question, log: Log) -> World | None:
    name = question.world or log.manifest.about.world
    return None if name is None else load_world(name)


def _tables(log: Log, platform: Platform, features: Tracker, reward: str) -> tuple[list[Logged], tuple[int, int]]:
    """Buckets, which hold students by their hash and so by chance, until they are more than can be held."""
    tables: list[Logged] = []
    activities, held = len(platform.curriculum.activities), 0
    row = 9 * activities + 4 * len(feature_names(features, platform))  # bytes of its choices, mask and features
    for table in _rewarded(log, reward):
        held += len(table) * row
        if held > HELD_BYTES and tables:
            break
        tables.append(read_logged(table, platform))
    return tables, (len(log.paths) - len(tables), len(log.paths))


def _rewarded(log: Log, reward: str) -> Iterator[pa.Table]:
    for table in log.buckets():
        if reward == "response":  # of a decision, which has an eligible set, no answer is no right one
            nothing = pc.if_else(pc.is_valid(table["eligible"]), 0.0, None)
            answers = pc.coalesce(table["response"].cast(pa.float64()), nothing)
            table = table.set_column(table.column_names.index("reward"), "reward", answers)
        blind = pc.sum(pc.and_(pc.is_valid(table["reward"]), pc.is_null(table["eligible"]))).as_py()
        if blind:
            told = f"eligible: is missing at {blind:,} or more decisions with a {reward}: nobody knows what else could"
            raise InvalidInput("log", [f"{told} have been chosen. Log it, or leave their students out"])
        yield table


def _circumstances(
    name: str, seen: Replayed, question: Question, log: Log, platform: Platform
) -> tuple[Replayed, Circumstances]:
    """What the record of a saved policy says about this log, and the students that are left to judge it by."""
    activities = [a.id for a in platform.curriculum.activities]
    saved = saved_policy(name)
    if saved is None:
        return seen, Circumstances(activities=activities)
    from curriculum_rl.agents.checkpoints import about

    record = about(saved)["record"]
    known = fitted_on(record, seen.ids)
    if question.held_out and known.any():
        seen, known = seen.of(~known), known[~known]
    here = _world(question, log)
    simulated = log.manifest.about.world is not None
    trained_here = simulated and here is not None and record.get("digest") == here.digest
    return seen, Circumstances(trained_here, int(known.sum()), activities)
