"""What `curriculum-rl export` is asked for: a policy, its world and gate, and what a study says of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from curriculum_rl.envs.simulation import Gate
from curriculum_rl.evaluation.tuning import with_settings
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.named import load_named
from curriculum_rl.policies.policy import Policy
from curriculum_rl.report.build import read_folder
from curriculum_rl.report.html import points
from curriculum_rl.report.schema import LEARNED
from curriculum_rl.studies.evaluate import find_policies
from curriculum_rl.studies.finished import Chosen, Finished, find_trained, read_study
from curriculum_rl.studies.simulators import limits_of, pack_of
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world

USUAL_WORLD = "new_material"
NO_GATE = "none"


@dataclass(frozen=True)
class Order:
    """What is to be exported.

    Attributes:
        policy: a heuristic's name, or a YAML like those of `configs/policy`.
        run: what `finished.find_trained` finds, instead of that.
        tracking: URI of the database that runs are found in; None: the usual one.
        world: a pack, a configured world or a folder; None: that of the study, or else the usual one.
        gate: of `configs/gate`, or `none`; None: that of the study.
        studies: folders of studies: the first one judged the policy, the others did so in other simulators.
        sampled: whether a network's probabilities are drawn from; else the likeliest activity is taken.
    """

    policy: str | None = None
    run: str | None = None
    tracking: str | None = None
    world: str | None = None
    gate: str | None = None
    studies: tuple[Path, ...] = ()
    sampled: bool = False


@dataclass(frozen=True)
class Exported:
    """All that a bundle is made from.

    Attributes:
        limits: of the simulator, a sentence each.
        notices: what whoever asked should know.
    """

    name: str
    policy: Policy
    world: World
    gate: Gate | None
    evidence: Evidence | None
    limits: tuple[str, ...]
    notices: tuple[str, ...]


def gathered(order: Order) -> Exported:
    """Finds it all.

    Raises:
        InvalidInput: something of it is not there, or does not go with the rest.
    """
    chosen = find_trained(order.run, order.tracking) if order.run else None
    study = read_study(order.studies[0]) if order.studies else chosen.study if chosen else None
    world, pack = _world(order, study, chosen)
    if chosen is not None:
        name, policy = chosen.path.name, _trained(chosen, world, order.sampled)
    else:
        name, policy = _heuristic(order.policy or "", study)
    gate = None if order.gate == NO_GATE else load_named("gate", order.gate, "gate") if order.gate else None
    if order.gate is None and study is not None:
        gate = study.gate()
    evidence = _evidence(study, chosen, name, tuple(order.studies[1:]))
    if evidence is not None and study is not None:
        evidence = replace(evidence, apart=_apart(order, evidence, study, gate))
    notices = _notices(order, evidence, world)
    return Exported(name, policy, world, cast("Gate | None", gate), evidence, tuple(limits_of(pack)), notices)


def _world(order: Order, study: Finished | None, chosen: Chosen | None) -> tuple[World, str]:
    """The world, and the name of its pack."""
    if order.world is None and study is not None:
        return study.world(), str(study.config["world"]["pack"])
    name = order.world
    if name is None and chosen is not None:
        name = _trained_in(chosen)
    name = name or USUAL_WORLD
    return load_world(name), pack_of(name)


def _trained_in(chosen: Chosen) -> str:
    """The name of the world that a policy without a study was trained in, as its file says."""
    from curriculum_rl.agents.checkpoints import about

    told = about(chosen.path)["record"].get("world")
    name = told.get("name") if isinstance(told, dict) else told
    if not name:
        raise InvalidInput("export", [f"{chosen.path}: does not say in which world it was trained. Give --world"])
    return str(name)


def _trained(chosen: Chosen, world: World, sampled: bool) -> Policy:
    from curriculum_rl.agents.learned import load_learned

    return load_learned(chosen.path, world, elsewhere=True).drawn(sampled)


def _heuristic(asked: str, study: Finished | None) -> tuple[str, Policy]:
    """A heuristic, with the settings that the study tuned, if it did."""
    ((name, policy),) = find_policies(None, [asked]).items()
    tuned = study.tuned.get(name) if study else None
    return name, with_settings(policy, tuned) if tuned else policy  # type: ignore[type-var]


def _evidence(study: Finished | None, chosen: Chosen | None, name: str, elsewhere: tuple[Path, ...]) -> Evidence | None:
    if study is None:
        return None
    others = tuple(read_folder(folder) for folder in elsewhere)
    if chosen is None:
        return Evidence(study.results, name, elsewhere=others)
    own = study.policies.get((chosen.learner, chosen.seed)) if chosen.seed is not None else None
    if own is not None and own.with_suffix(".json").read_bytes() != chosen.path.with_suffix(".json").read_bytes():
        raise InvalidInput("study", [f"{study.where} trained another {chosen.path.name} than {chosen.path}"])
    return Evidence(study.results, chosen.learner, chosen.seed, chosen.by_validation, others, study.run)


def _apart(order: Order, evidence: Evidence, study: Finished, gate: object) -> tuple[str, ...]:
    """In what the policy is not as the study judged it, or in what nobody can say that it is."""
    found = []
    if (order.policy or "").endswith(".yaml"):
        found.append("Its settings are from a file of its own: nobody compared them with those that were judged.")
    if evidence.seed is not None and (evidence.name, evidence.seed) not in study.policies:
        found.append("The study's own copy of its weights is gone: nobody compared the two.")
    if gate != study.gate():
        found.append("The gate is not the one behind which these scores were made.")
    if evidence.results.slate > 1:
        found.append(f"The study offered up to {evidence.results.slate} activities at a time; this offers one.")
    if order.sampled and evidence.policy.kind == LEARNED:
        drawn = evidence.policy.sampled_mean
        had = "" if drawn is None else f" Drawn, it had {points(drawn)} points, all seeds together."
        found.append(f"This draws from its probabilities; the scores are of taking the likeliest.{had}")
    return tuple(found)


def _notices(order: Order, evidence: Evidence | None, world: World) -> tuple[str, ...]:
    if evidence is None:
        return ()
    found = list(evidence.apart)
    if evidence.by_validation:
        found.append(f"seed {evidence.seed} of {evidence.name}: the best of its seeds on validation students")
    if order.world is not None and world.name != evidence.world:
        found.append(f"for the world {world.name}: the study judged in {evidence.world}, and not in this one")
    elif evidence.results.provenance.get("pack_digest") not in (None, world.digest):
        found.append(f"the files of the world {world.name} are not those that the study judged in: run it again")
    return tuple(found)
