"""How fast exported policies decide, in process on one core, and how large they are.

    OMP_NUM_THREADS=1 python -m benchmarks.exporting [--concepts 50] [--activities 200] [--width 256] [NAME ...]

Each policy is made a graph for a catalogue of this size and run by onnxruntime in Python: for one student at a time as
`runner/alone.py` does (median and 99th percentile of a decision, microseconds), and in batches (decisions a second).
`exact` works in the precision of the package, as heuristics are exported and networks that single precision is not
close enough for; `single` as other networks are (`compared` in `export/bundle.py`). Beside them stands the same graph
as it was traced, before `export/simplify.py`, and how many times as fast the first is. Before any clock runs, it is
checked that all say the same. Rounds alternate; the fastest of each is printed, since slower ones measure what else the
machine did. Networks have weights that nothing taught, which cost as much. The first line is the least that a graph can
cost: the same inputs, two of the outputs, and nothing in between.
"""

from __future__ import annotations

import argparse
import time
from typing import Any
from unittest import mock

import numpy as np
import onnx
import torch
from onnx import NodeProto, TensorProto, helper
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import synthetic_world
from curriculum_rl.agents.learned import untrained
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.agents.networks.flat import Flat
from curriculum_rl.export import step
from curriculum_rl.export.bundle import make
from curriculum_rl.export.graph import OPSET, Graph
from curriculum_rl.policies.load import load_policy
from curriculum_rl.policies.policy import Policy
from curriculum_rl.runner.alone import Alone
from curriculum_rl.runner.runner import session
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.trackers.counts import Counts
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import Platform, World

TRACKERS: dict[str, Tracker] = {"counts": Counts(), "bkt": BKTFilter(), "bkt_grid": BKTFilter(nodes=3)}
NAMES = (
    "flat on counts", "flat on bkt", "flat on bkt_grid", "concept_scorer on bkt", "concept_scorer on bkt_grid",
    "mastery", "greedy_credit_grid", "thompson",
)  # fmt: skip
BATCHES = (16, 256, 1024)
ROUNDS, ALONE = 4, 600
TOGETHER = 2048
"""Decisions that a round of batches makes at least."""


def policy_of(name: str, platform: Platform, width: int) -> Policy:
    """A heuristic by its name, or a network on a tracker."""
    if " on " not in name:
        return load_policy(name)
    network, tracker = name.split(" on ")
    torch.manual_seed(0)
    made = Flat((width, width)) if network == "flat" else ConceptScorer()
    return untrained(platform, made, TRACKERS[tracker]).drawn()


def as_traced(graph: Graph, outputs: dict[str, str], single: bool = False) -> tuple[list[NodeProto], list[TensorProto]]:
    """The nodes of a graph as they were written down."""
    return [*graph.nodes, *(helper.make_node("Identity", [v], [name]) for name, v in outputs.items())], graph.tensors


def graphs(policy: Policy, platform: Platform, single: bool = False) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Simplified, and as it was traced."""
    short = step.step_graph(policy, platform, single=single)
    with mock.patch.object(step, "simplified", as_traced):
        return short, step.step_graph(policy, platform)


def nothing(like: onnx.ModelProto) -> onnx.ModelProto:
    """A graph of the same inputs and outputs that does nothing."""
    outputs = [like.graph.output[0], *like.graph.output[2:3]]
    nodes = [helper.make_node("Identity", [a], [b]) for a, b in (("state", "state_out"), ("allowed", "eligible"))]
    whole = helper.make_graph(nodes, "nothing", like.graph.input, outputs)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=like.ir_version)


def events(policy: Policy, platform: Platform, students: int) -> dict[str, Any]:
    """Students who have done something each, four of five activities allowed."""
    rng, curriculum = np.random.default_rng(0), platform.curriculum
    belief = policy.tracker.start(platform, np.ones((students, len(curriculum.concepts)), dtype=np.bool_))
    belief.update(
        rng.integers(0, len(curriculum.activities), students), rng.random(students) < 0.6, np.full(students, 0.001)
    )
    return {
        "state": step.packed(belief),
        "last_activity": rng.integers(0, len(curriculum.activities), students),
        "correct": (rng.random(students) < 0.6).astype(np.float32),
        "elapsed_s": np.full(students, 90.0, dtype=np.float32),
        "allowed": rng.random((students, len(curriculum.activities))) < 0.8,
    }


def alone(one: Alone, given: dict[str, Any]) -> tuple[float, float, float]:
    """Median and 99th percentile of a decision for one student, microseconds, and decisions a second."""
    taken = np.empty(ALONE)
    for i in range(ALONE):
        began = time.perf_counter()
        one.run(given)
        taken[i] = time.perf_counter() - began
    return float(np.median(taken) * 1e6), float(np.percentile(taken, 99) * 1e6), float(1.0 / taken.mean())


def rate(run: Any, outputs: list[str], given: dict[str, Any], students: int) -> float:
    """Decisions a second in batches of so many students."""
    times = max(2, TOGETHER // students)
    began = time.perf_counter()
    for _ in range(times):
        run(outputs, given)
    return times * students / (time.perf_counter() - began)


def measured(models: list[onnx.ModelProto], policy: Policy, platform: Platform) -> list[list[float]]:
    """Of each: median, 99th percentile, then decisions a second one by one and in batches; the best of the rounds."""
    sessions = [session(model.SerializeToString()) for model in models]
    runs = [one.run for one in sessions]
    outputs = [[output.name for output in model.graph.output] for model in models]
    given = {students: events(policy, platform, students) for students in (1, *BATCHES)}
    expected = runs[-1](outputs[-1], given[256])
    for run, names in zip(runs, outputs, strict=True):
        assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(run(names, given[256]), expected, strict=True))
    first = [dict(zip(names, run(names, given[1]), strict=True)) for run, names in zip(runs, outputs, strict=True)]
    ones = [Alone(one, given[1], made) for one, made in zip(sessions, first, strict=True)]
    rounds: list[list[list[float]]] = [[] for _ in models]
    for _ in range(ROUNDS):
        for i, run in enumerate(runs):
            rates = [rate(run, outputs[i], given[students], students) for students in BATCHES]
            rounds[i].append([*alone(ones[i], given[1]), *rates])
    return [
        [min(column) if i < 2 else max(column) for i, column in enumerate(zip(*one, strict=True))] for one in rounds
    ]


def kilobytes(name: str, policy: Policy, world: World) -> float:
    """Of the bundle."""
    return len(make(name, policy, world, observed=1000).content) / 1e3


def main() -> None:
    """Prints the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME", default=[], help=f"of {', '.join(NAMES)}, or a heuristic")
    options.add_argument("--concepts", type=int, default=50)
    options.add_argument("--activities", type=int, default=200)
    options.add_argument("--width", type=int, default=256, help="units of each of two hidden layers of flat")
    told = options.parse_args()
    torch.set_num_threads(1)
    world = synthetic_world(told.concepts, told.activities)
    table = Table(title=f"{world.name}: microseconds of one decision, decisions a second")
    for heading in ("policy", "graph", "nodes", "p50", "p99", "one by one", *(f"by {n}" for n in BATCHES), "bundle KB"):
        table.add_column(heading, justify="left" if heading in ("policy", "graph") else "right")

    def row(name: str, graph: str, model: onnx.ModelProto, figures: list[float], bundle: str = "") -> None:
        shown = [*(f"{x:.1f}" for x in figures[:2]), *(f"{x:,.0f}" for x in figures[2:])]
        table.add_row(name, graph, f"{len(model.graph.node):,}", *shown, bundle)

    for place, name in enumerate(told.names or NAMES):
        policy = policy_of(name, world.platform, told.width)
        short, long = graphs(policy, world.platform)
        if not place:
            row("(nothing)", "", idle := nothing(short), measured([idle], policy, world.platform)[0])
        models = {"exact": short, "as traced": long}
        if hasattr(policy, "actor"):
            models = {"single": step.step_graph(policy, world.platform, single=True)} | models
        found = measured(list(models.values()), policy, world.platform)
        for i, (graph, model) in enumerate(models.items()):
            row("" if i else name, graph, model, found[i], "" if i else f"{kilobytes(name, policy, world):,.0f}")
        best, worst = found[0], found[-1]
        ratios = [b / a if i < 2 else a / b for i, (a, b) in enumerate(zip(best, worst, strict=True))]
        table.add_row("", "times as fast", "", *(f"{ratio:.1f}" for ratio in ratios), "", end_section=True)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
