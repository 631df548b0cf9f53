"""The rule for prerequisites on a log made so that its answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curriculum_rl.calibration.attempts import Attempts, build_attempts
from curriculum_rl.calibration.prerequisites import Edge, Map, _thinned, infer_prerequisites
from curriculum_rl.logs.fitting_log import read_log

STUDENTS = 400


def log_of(folder: Path, orders: list[list[str]], helps: float) -> Attempts:
    """Student i meets the concepts in orders[i]; b is right more often, by `helps`, for those who are right on a."""
    rng = np.random.default_rng(5)
    rows = ["student,order,item,answer,skills"]
    for i, order in enumerate(orders):
        holds = rng.random() < 0.5
        for place, concept in enumerate(order):
            for t in range(4):
                chance = (0.9 if holds else 0.2) if concept == "a" else 0.5
                chance += (helps if holds else -helps) if concept == "b" else 0.0
                rows.append(f"s{i},{place * 4 + t},{concept}{t},{int(rng.random() < chance)},{concept}")
    path = folder / "log.csv"
    path.write_text("\n".join(rows) + "\n")
    return build_attempts(read_log(path), None, 0.2)


def infer(attempts: Attempts) -> tuple[Map, list[tuple[str, str]]]:
    flat = np.full(len(attempts.right), 0.5)
    found = infer_prerequisites(attempts, flat, np.ones(len(attempts.concepts), dtype=np.bool_))
    names = attempts.concepts
    return found, [(names[e.prerequisite], names[e.concept]) for e in found.edges]


def test_met_first_and_helping_is_a_prerequisite(tmp_path: Path) -> None:
    orders = [["a", "c", "b"] if i % 10 < 8 else ["b", "c", "a"] for i in range(STUDENTS)]
    found, edges = infer(log_of(tmp_path, orders, helps=0.35))
    assert ("a", "b") in edges
    assert ("b", "a") not in edges
    edge = next(e for e in found.edges if (e.prerequisite, e.concept) == (0, 1))
    assert edge.first_share == 0.8
    assert edge.z > 5


def test_order_alone_is_not_enough(tmp_path: Path) -> None:
    """c is always met before b and has nothing to do with it: z is below its limit at this seed."""
    orders = [["a", "c", "b"]] * STUDENTS
    _, edges = infer(log_of(tmp_path, orders, helps=0.35))
    assert ("c", "b") not in edges


def test_help_alone_is_not_enough(tmp_path: Path) -> None:
    orders = [["a", "b"] if i % 2 else ["b", "a"] for i in range(STUDENTS)]
    found, edges = infer(log_of(tmp_path, orders, helps=0.35))
    assert edges == []
    assert (found.compared, found.ordered) == (2, 0)


def test_too_few_students_say_nothing(tmp_path: Path) -> None:
    found, edges = infer(log_of(tmp_path, [["a", "b"]] * 40, helps=0.45))
    assert edges == []
    assert found.compared == 0


def edge(a: int, b: int, z: float) -> Edge:
    return Edge(a, b, 100, 0.7, z)


def test_the_weakest_edge_of_a_cycle_and_implied_edges_go() -> None:
    kept = _thinned([edge(0, 1, 5.0), edge(1, 2, 4.0), edge(2, 0, 2.0), edge(0, 2, 3.0)], 3)
    assert [(e.prerequisite, e.concept) for e in kept] == [(0, 1), (1, 2)]


def test_at_most_four_parents_stay() -> None:
    kept = _thinned([edge(k, 6, 2.0 + k) for k in range(6)], 7)
    assert [e.prerequisite for e in kept] == [2, 3, 4, 5]
