"""Laws of the map: nothing lies on anything else, all is within the width, and what is needed stands above."""

from __future__ import annotations

import numpy as np

from tests.web.conftest import Ask


def graph(rng: np.random.Generator, concepts: int, share: float) -> list[list[int]]:
    order = rng.permutation(concepts)
    needed: list[list[int]] = [[] for _ in order]
    for i, k in enumerate(order):
        needed[int(k)] = [int(j) for j in order[:i] if rng.random() < share]
    return needed


def test_concepts_stand_apart_below_what_they_need(ask: Ask, rng: np.random.Generator):
    sizes = [1, 2, 9, 14, 20, 30, 45, 46, 100, 151, 601]
    graphs = [graph(rng, n, min(0.9, share / n)) for n in sizes for share in (0.0, 1.5, 4.0)]
    widths = [float(rng.integers(330, 900)) for _ in graphs]
    for needed, width, found in zip(graphs, widths, ask("layouts", graphs=graphs, widths=widths), strict=True):
        size, places = found["size"], np.array([[p["x"], p["y"]] for p in found["places"]])
        assert len(places) == len(needed)
        half = np.array([size["width"], size["height"]]) / 2
        assert (places - half >= -1e-6).all()
        assert (places + half <= np.array([width, found["height"]]) + 1e-6).all()
        apart = np.abs(places[:, None] - places[None])
        overlap = (apart < 2 * half - 1e-6).all(axis=2)
        assert overlap.sum() == len(needed)  # each with itself alone
        for k, each in enumerate(needed):
            for j in each:
                assert places[j, 1] + size["height"] <= places[k, 1]
        assert {(line["from"], line["to"]) for line in found["lines"]} == {
            (j, k) for k, each in enumerate(needed) for j in each
        }
