"""A trained network as a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.networks.batch_constrained import BatchConstrained
from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.agents.networks.network import Network, mask_logits, probabilities
from curriculum_rl.agents.recurrent_tracker import Recurrent
from curriculum_rl.batch import Float
from curriculum_rl.config import build
from curriculum_rl.described import describe
from curriculum_rl.envs.simulation import View, feature_names
from curriculum_rl.policies.policy import best
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform, World


@dataclass(frozen=True)
class LearnedPolicy:
    """Plays what an actor says of the features of its tracker.

    Attributes:
        network: what the actor was built from.
        tracker: the one that it trained with.
        actor: from observations (n, F) to logits (n, A + C).
        features, activities: what the entries of an observation and the logits mean, for a check on loading.
        forms: of activity, as its weights number them.
        controls: that it learned to use; where a world offers none, it uses none.
        sampled: whether activities are drawn from the probabilities; else the likeliest is taken.
        slate: how many activities it learned to offer at a time; 1 offers as many as it is asked for.
    """

    network: Network
    tracker: Tracker
    actor: nn.Module = field(repr=False)
    features: tuple[str, ...] = field(repr=False)
    activities: tuple[str, ...] = field(repr=False)
    forms: tuple[str, ...] = field(repr=False)
    sampled: bool = False
    slate: int = 1
    controls: tuple[str, ...] = ()

    def probabilities(self, view: View) -> Float:
        """P(each action that the view's mask is of): rows sum to 1, exactly 0 where masked."""
        with torch.inference_mode():
            said, mask = self.actor(torch.from_numpy(view.features())), view.mask
            if isinstance(self.network, BatchConstrained):
                mask = self.network.narrowed(said.numpy(), mask)
            logits = said[:, : mask.shape[1]]
            if not self.sampled:
                return best(logits.numpy(), mask)
            if not mask.all():
                logits = mask_logits(logits, torch.from_numpy(np.ascontiguousarray(mask)))
            return probabilities(logits).numpy()

    def drawn(self, sampled: bool = True) -> LearnedPolicy:
        """The same network, sampled or not."""
        return replace(self, sampled=sampled)

    def on(self, platform: Platform) -> LearnedPolicy:
        """The same weights for another curriculum, where the network allows it: the concept scorer does.

        Raises:
            InvalidInput: the network is bound to its own curriculum, or the weights do not fit.
        """
        there = untrained(platform, self.network, self.tracker, self.forms, self.controls)
        if not self.network.portable and (there.features, there.activities) != (self.features, self.activities):
            raise bound(self.network)
        return replace(_taught(there, self.weights()), sampled=self.sampled, slate=self.slate)

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """Every weight of the actor and of the memory, by name; copies."""
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in _parts(self).state_dict().items()}

    def settings(self) -> dict[str, Any]:
        """All but the weights and the catalogue that it is on now."""
        return {
            "network": describe(self.network),
            "tracker": describe(self.tracker),
            "forms": list(self.forms),
            "controls": list(self.controls),
            "sampled": self.sampled,
            "slate": self.slate,
        }

    def save(self, path: Path, record: Mapping[str, Any] | None = None) -> None:
        """Writes `path`.json and its tensors; `record` is kept with them (how it was trained, for example)."""
        about = {
            "kind": "learned policy",
            **self.settings(),
            "features": list(self.features),
            "activities": list(self.activities),
            "record": dict(record or {}),
        }
        checkpoints.save(path, self.weights(), about)


def load_learned(path: Path, world: World, *, elsewhere: bool = False) -> LearnedPolicy:
    """Reads a policy that `save` wrote, for the world that it was trained in, or for another.

    Args:
        elsewhere: whether the world may have other concepts and activities, where the network allows it.

    Raises:
        InvalidInput: the files are damaged, or the policy does not fit the world.
    """
    tensors, about = checkpoints.load(path)
    if about.get("kind") != "learned policy":
        raise InvalidInput(str(path), [f"kind = {about.get('kind')!r}: must be 'learned policy'"])
    network, tracker = build(about["network"], f"{path}: network"), build(about["tracker"], f"{path}: tracker")
    here = {"features": feature_names(tracker, world.platform), "activities": _activities(world.platform)}
    differ = [name for name, expected in here.items() if list(expected) != about[name]]
    if differ and not elsewhere:
        remedy = "Load the world that it was trained in."
        raise InvalidInput(
            str(path), [f"{name}: differ from those of world {world.name!r}. {remedy}" for name in differ]
        )
    if differ and not network.portable:
        raise bound(network)
    if differ and "forms" not in about:
        raise InvalidInput(str(path), ["forms: are not recorded, so it cannot be carried over. Train it again."])
    forms = tuple(about["forms"]) if "forms" in about else None
    # Files from before there were slates and controls hold none.
    controls = tuple(about.get("controls", ()))
    policy = from_weights(world.platform, network, tracker, tensors, bool(about["sampled"]), forms, controls)
    return replace(policy, slate=int(about.get("slate", 1)))


def from_weights(
    platform: Platform,
    network: Network,
    tracker: Tracker,
    weights: Mapping[str, Any],
    sampled: bool = False,
    forms: tuple[str, ...] | None = None,
    controls: tuple[str, ...] | None = None,
) -> LearnedPolicy:
    """A policy for this platform with these weights of the actor.

    Args:
        forms, controls: as the weights number them; the platform's own by default.

    Raises:
        InvalidInput: they do not fit the network and the platform.
    """
    return _taught(untrained(platform, network, tracker, forms, controls), weights).drawn(sampled)


def untrained(
    platform: Platform,
    network: Network,
    tracker: Tracker,
    forms: tuple[str, ...] | None = None,
    controls: tuple[str, ...] | None = None,
) -> LearnedPolicy:
    """A policy with weights that nothing taught.

    Args:
        forms, controls: as its weights are to number them; the platform's own by default.

    Raises:
        InvalidInput: the platform has a form beside these, or other controls than these.
    """
    controls = platform.controls if controls is None else controls
    if controls and platform.controls not in ((), controls):
        remedy = "Give the world the same, or none."
        reason = f"the policy learned with {', '.join(controls)}; the world offers {', '.join(platform.controls)}"
        raise InvalidInput("controls", [f"{reason}. {remedy}"])
    forms = platform.curriculum.forms if forms is None else forms
    if new := [form for form in platform.curriculum.forms if form not in forms]:
        remedy = "Train one where there are activities of this form."
        raise InvalidInput("forms", [f"{form!r}: the policy never met one. {remedy}" for form in new])
    layout = Layout.of(platform, tracker, forms, controls)
    with torch.random.fork_rng(devices=[]):  # its first weights are random, and are not meant to cost draws
        actor = nn.Sequential(network.inputs(layout), network.actor(layout))
        if isinstance(tracker, Recurrent):
            tracker = tracker.with_memory(platform)
    policy = LearnedPolicy(
        network=network,
        tracker=tracker,
        actor=actor,
        features=feature_names(tracker, platform),
        activities=_activities(platform),
        forms=forms,
        controls=controls,
    )
    _parts(policy).eval().requires_grad_(False)
    return policy


def bound(network: Network) -> InvalidInput:
    """Why a network cannot be carried to another catalogue."""
    told = "is bound to the concepts and activities that it was trained with"
    return InvalidInput("network", [f"{type(network).__name__}: {told}. Train a concept_scorer to carry over."])


def _parts(policy: LearnedPolicy) -> nn.Module:
    """All that has weights."""
    parts = dict(policy.actor.named_children())
    if isinstance(policy.tracker, Recurrent) and policy.tracker.memory is not None:
        parts["memory"] = policy.tracker.memory
    return nn.ModuleDict(parts)


def _taught(policy: LearnedPolicy, weights: Mapping[str, Any]) -> LearnedPolicy:
    """The policy, with these weights put into it."""
    try:
        _parts(policy).load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    except RuntimeError as error:
        lines = str(error).splitlines()
        raise InvalidInput("weights", [line.strip() for line in lines[1:] or lines]) from None
    return policy


def _activities(platform: Platform) -> tuple[str, ...]:
    return tuple(a.id for a in platform.curriculum.activities)
