"""All that a training run stands on between two rollouts, so that a killed run ends with the weights it would have had.

Kept: weights, optimiser, both generators, the lanes with their students and beliefs, the counters and the curve.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from curriculum_rl.agents import checkpoints
from curriculum_rl.agents.lanes import Lanes
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World

Arrays = dict[str, npt.NDArray[Any]]
KIND = "training run"


def state_of(model: BaseAlgorithm, lanes: Lanes) -> tuple[Arrays, dict[str, Any]]:
    """Copies of every array, and the counters."""
    tensors: Arrays = {f"policy.{name}": _copy(value) for name, value in model.policy.state_dict().items()}
    moments = model.policy.optimizer.state_dict()["state"]
    for place, entries in moments.items():
        tensors.update({f"optimizer.{place}.{name}": _copy(value) for name, value in entries.items()})
    tensors.update({f"lanes.{name}": array.copy() for name, array in lanes.state().items()})
    tensors.update({f"last.observation.{name}": array.copy() for name, array in _parts(model._last_obs)})
    tensors["last.starts"] = np.array(model._last_episode_starts)
    tensors["random.torch"] = _copy(torch.get_rng_state())
    name, words, position, has_normal, normal = np.random.get_state()  # noqa: NPY002  (what SB3 draws from)
    tensors["random.numpy"] = np.array(words)
    record = {
        "kind": KIND,
        "frames": model.num_timesteps,
        "updates": model._n_updates,
        "numpy": [str(name), int(position), int(has_normal), float(normal)],
    }
    return tensors, record


def restore(model: BaseAlgorithm, lanes: Lanes, tensors: Arrays, record: Mapping[str, Any]) -> None:
    """Puts a fresh model and its lanes where `state_of` found them."""
    model.policy.load_state_dict({name: torch.from_numpy(a) for name, a in _under(tensors, "policy.")})
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, array in _under(tensors, "optimizer."):
        place, name = key.split(".", 1)
        moments.setdefault(int(place), {})[name] = torch.from_numpy(array)
    groups = model.policy.optimizer.state_dict()["param_groups"]
    model.policy.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    lanes.restore(dict(_under(tensors, "lanes.")))
    parts = {name: array.copy() for name, array in _under(tensors, "last.observation.")}
    model._last_obs = parts.pop("") if "" in parts else parts
    model._last_episode_starts = tensors["last.starts"].copy()
    model.num_timesteps, model._n_updates = int(record["frames"]), int(record["updates"])
    torch.set_rng_state(torch.from_numpy(tensors["random.torch"].copy()))
    name, position, has_normal, normal = record["numpy"]
    np.random.set_state((name, tensors["random.numpy"], position, has_normal, normal))  # noqa: NPY002


def read(path: Path, settings: str) -> tuple[Arrays, dict[str, Any]]:
    """The checkpoint of a run with these settings (`fingerprint`).

    Raises:
        InvalidInput: it is damaged, or of another run.
    """
    tensors, record = checkpoints.load(path)
    if record.get("kind") != KIND or record.get("settings") != settings:
        remedy = "Give the settings it was made with, or remove it, or name another place."
        raise InvalidInput(str(path), [f"is the checkpoint of another run (world, agent or seed differ). {remedy}"])
    return tensors, record


def fingerprint(*parts: object) -> str:
    """SHA-256 over settings: dataclasses by their fields, arrays by their bytes."""
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def rules(world: World) -> tuple[object, ...]:
    """What makes a world's students and their course, for a fingerprint."""
    return world.curriculum, world.population, world.course, *world.controls


def _pieces(part: object) -> Iterator[bytes]:
    if is_dataclass(part) and not isinstance(part, type):
        yield type(part).__qualname__.encode()
        for f in fields(part):
            yield f.name.encode()
            yield from _pieces(getattr(part, f.name))
    elif isinstance(part, np.ndarray):
        yield repr((part.dtype.str, part.shape)).encode()
        yield part.tobytes()
    elif isinstance(part, (list, tuple)):
        yield len(part).to_bytes(8, "little")
        for item in part:
            yield from _pieces(item)
    else:
        yield repr(part).encode()


@contextmanager
def settled(threads: int) -> Iterator[None]:
    """Runs torch on so many threads; afterwards threads and generators are what they were before."""
    before, torch_state = torch.get_num_threads(), torch.get_rng_state()
    numpy_state = np.random.get_state()  # noqa: NPY002
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_rng_state(torch_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def _parts(observation: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The arrays of an observation by name; one that is an array alone has no name."""
    yield from observation.items() if isinstance(observation, dict) else [("", observation)]


def _copy(value: torch.Tensor) -> npt.NDArray[Any]:
    return value.detach().cpu().numpy().copy()


def _under(tensors: Arrays, prefix: str) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    return ((name.removeprefix(prefix), a) for name, a in tensors.items() if name.startswith(prefix))
