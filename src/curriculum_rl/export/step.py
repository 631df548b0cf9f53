"""One step of a platform as a graph: an event goes in, the belief moves on, probabilities come out.

    state[B,S], last_activity[B] (-1: none yet), correct[B], elapsed_s[B], allowed[B,A]
        -> state_out[B,S], probs[B,A], eligible[B,A], concept_mastery[B,K]

The state is the belief's arrays, one after the other, in single precision; inside, numbers have the precision that the
trackers have, unless single precision is asked for. Eligible is what is allowed and not shut by the gate; where that is
nothing, all probabilities are 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from curriculum_rl.batch import arrays, take_rows
from curriculum_rl.course import SECONDS_PER_DAY
from curriculum_rl.envs.by_belief import view_by_belief
from curriculum_rl.envs.simulation import Gate, View
from curriculum_rl.export import futures
from curriculum_rl.export.graph import OPSET, STUDENTS, Graph
from curriculum_rl.export.simplify import simplified
from curriculum_rl.export.traced import Traced, lift
from curriculum_rl.export.tracing import known, traced
from curriculum_rl.policies.lookahead import Lookahead
from curriculum_rl.policies.policy import Policy
from curriculum_rl.trackers.tracker import Belief, Float32, Tracker
from curriculum_rl.world import Platform

IR_VERSION = 9
TOLERANCE = 1e-5
"""Days by which the start of a session may be missed: single precision tells a month in steps of 2e-6."""


@dataclass(frozen=True)
class Field:
    """An array of a belief, and where it lies in a state."""

    name: str
    shape: tuple[int, ...]  # of one student
    dtype: np.dtype[Any]
    start: int
    stop: int


def layout(belief: Belief) -> list[Field]:
    """The arrays of a belief, in order."""
    found, start = [], 0
    for name, array in arrays(belief):
        size = int(np.prod(array.shape[1:], dtype=np.int64))
        found.append(Field(name, array.shape[1:], array.dtype, start, start + size))
        start += size
    return found


def packed(belief: Belief) -> Float32:
    """The state of each student, (n, S)."""
    return np.concatenate([a.reshape(len(a), -1).astype(np.float32) for _, a in arrays(belief)], axis=1)


def unpacked(like: Belief, state: Any) -> Belief:
    """The belief of a state, (n, S); the rest, such as the platform, is as in another belief."""
    belief = take_rows(like, np.zeros(0, dtype=np.int64))
    for field in layout(like):
        part = state[:, field.start : field.stop].astype(field.dtype).reshape((len(state), *field.shape)).copy()
        _assign(belief, field.name, part)
    return belief


def _assign(state: Any, name: str, value: Any) -> None:
    *path, last = name.split(".")
    for part in path:
        state = getattr(state, part)
    setattr(state, last, value)


def _read(state: Any, name: str) -> Any:
    for part in name.split("."):
        state = getattr(state, part)
    return state


def step_graph(
    policy: Policy, platform: Platform, gate: Gate | None = None, *, single: bool = False
) -> onnx.ModelProto:
    """The graph of a policy on a platform, whose gate, if it has one, shuts activities.

    Args:
        single: whether to work in single precision throughout: faster, and less exact.

    Raises:
        TypeError: the tracker or the policy does something that cannot be traced.
    """
    concepts, activities = len(platform.curriculum.concepts), len(platform.curriculum.activities)
    template = known(policy.tracker.start(platform, np.ones((1, concepts), dtype=np.bool_)))
    fields = layout(template)
    graph = Graph("state")
    n = STUDENTS
    state = Traced(graph, "state", np.float32, (n, fields[-1].stop))
    last = Traced(graph, "last_activity", np.int64, (n,))
    correct = Traced(graph, "correct", np.float32, (n,))
    elapsed = Traced(graph, "elapsed_s", np.float32, (n,))
    allowed = Traced(graph, "allowed", np.bool_, (n, activities))
    with traced(graph):
        belief = unpacked(template, state)
        if hasattr(belief, "fold"):  # it has a network for a memory
            from curriculum_rl.export.network import TracedMemory

            remembering: Any = belief
            remembering.memory = TracedMemory(remembering.memory, graph)
        before = {field.name: _read(belief, field.name).copy() for field in fields}
        begun = last >= 0
        days = elapsed.as_type(np.float64) / SECONDS_PER_DAY
        activity: Any = np.maximum(last, 0)
        answer: Any = correct >= 0.5
        belief.update(activity, answer, days)
        parts = []
        for field in fields:
            array, part = _read(belief, field.name), state[:, field.start : field.stop]
            if array.name != before[field.name].name:  # what no event changes, such as goals, stays as it came
                rows = begun.reshape((n, *[1] * (array.ndim - 1)))
                array.set(np.where(rows, array.copy(), before[field.name]))
                part = array.as_type(np.float32).reshape((n, field.stop - field.start)).copy()
            parts.append(part)
        open_: Any = eligible(belief, allowed, gate)
        probabilities: Any = _chosen(policy, view_of(belief, open_), graph)
        probabilities = np.where(open_, probabilities, 0.0)
        outputs: dict[str, Any] = {
            "state_out": np.concatenate(parts, axis=1),
            "probs": probabilities.as_type(np.float32),
            "eligible": open_.copy(),
            "concept_mastery": lift(graph, belief.outlook().stored).as_type(np.float32),
        }
    return _model(graph, fields[-1].stop, activities, concepts, outputs, single)


def _chosen(policy: Policy, view: View, graph: Graph) -> Traced:
    """P(each activity), (n, A)."""
    if hasattr(policy, "actor"):  # a network, and so the one thing here that needs torch
        from curriculum_rl.export.network import probabilities

        learned: Any = policy
        return lift(graph, probabilities(learned, view, graph)).as_type(np.float64)
    if isinstance(policy, Lookahead):
        return lift(graph, futures.probabilities(policy, view)).as_type(np.float64)
    return lift(graph, policy.probabilities(view)).as_type(np.float64)


def eligible(belief: Belief, allowed: Any, gate: Gate | None) -> Any:
    """What is allowed and open to each student, (n, A)."""
    return allowed if gate is None else allowed & gate.mask(belief)


def goals_in(tracker: Tracker, platform: Platform) -> list[int]:
    """Where the goals of a student stand in a state: the place of the first concept's, for each time they stand there.

    Raises:
        TypeError: goals change more of the state than a 1 or a 0 for each concept.
    """
    each = np.eye(len(platform.curriculum.concepts), dtype=np.bool_)
    none, one, every = (packed(tracker.start(platform, goals)) for goals in (~each & False, each, each | True))
    starts = np.flatnonzero(one[0] != none[0]).tolist()
    expected = none.copy()
    for start in starts:
        expected[:, start : start + len(each)] = each
    if not (np.array_equal(one, expected) and (every[0] - none[0]).sum() == len(starts) * len(each)):
        raise TypeError("the goals of a student are more than a number for each concept in its state")
    return starts


def view_of(belief: Belief, allowed: Any) -> View:
    """What a policy looks at."""
    return view_by_belief(belief, np.arange(len(belief.now)), allowed, TOLERANCE)


def _model(
    graph: Graph, size: int, activities: int, concepts: int, outputs: dict[str, Any], single: bool
) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info("state", TensorProto.FLOAT, ["B", size]),
        helper.make_tensor_value_info("last_activity", TensorProto.INT64, ["B"]),
        helper.make_tensor_value_info("correct", TensorProto.FLOAT, ["B"]),
        helper.make_tensor_value_info("elapsed_s", TensorProto.FLOAT, ["B"]),
        helper.make_tensor_value_info("allowed", TensorProto.BOOL, ["B", activities]),
    ]
    names = {name: value.name for name, value in outputs.items()}
    kinds = {"eligible": (TensorProto.BOOL, activities), "probs": (TensorProto.FLOAT, activities)}
    kinds |= {"state_out": (TensorProto.FLOAT, size), "concept_mastery": (TensorProto.FLOAT, concepts)}
    results = [helper.make_tensor_value_info(n, kinds[n][0], ["B", kinds[n][1]]) for n in outputs]
    nodes, tensors = simplified(graph, names, single)
    whole = helper.make_graph(nodes, "step", inputs, results, tensors)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
