"""What recall of a concept unlocks, for graphs: `unlocking` of `trackers/planning.py`, all links of a height at once.

That one goes link by link, which suits arrays of many students; a graph pays for every operator instead. With y_k =
left_k + discount * ahead_k and, for each link from a prerequisite j to a concept k,

    c_jk    = (1 - leak) s_jk * prod over the other prerequisites i of k of 1 - s_ik (1 - recall_i)
    ahead_j = sum over k of c_jk y_k

y is right at once where a concept unlocks nothing (height 0), then at height 1, and so on up to the longest chain.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.trackers import planning
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform


def unlocking(outlook: Outlook, platform: Platform, value: Float, discount: float) -> Float:
    """Points ahead for each unit of recall of a concept now, (n, K)."""
    curriculum, leak = platform.curriculum, platform.leak
    left: Any = value * outlook.fresh * (1.0 - outlook.at_test)
    parents, strengths = np.asarray(curriculum.parents[0]), np.asarray(curriculum.parents[1])
    slot, child = np.nonzero(strengths)
    if not len(child):
        return np.zeros_like(left)
    parent = parents[slot, child]
    height = heights(np.asarray(curriculum.requires) > 0)
    order = np.argsort(height[parent], kind="stable")
    slot, child, parent = slot[order], child[order], parent[order]
    slopes: Any = np.concatenate(_slopes(outlook.recall, parents, strengths, 1.0 - leak), axis=1)
    slopes = np.take(slopes, slot * len(height) + child, axis=1)
    into = np.zeros((len(child), len(height)))
    into[np.arange(len(child)), parent] = 1.0
    y = left
    for at in range(1, int(height.max()) + 1):
        here = np.flatnonzero(height[parent] == at)
        moved = np.take(slopes, here, axis=1) * np.take(y, child[here], axis=1)
        y = np.matmul(moved, discount * into[here]) + y
    found: Float = np.matmul(slopes * np.take(y, child, axis=1), into)
    return found


def _slopes(recall: Float, parents: Int, strengths: Float, open_part: float) -> list[Any]:
    """c of the first prerequisite of each concept, of the second, and so on, (n, K) each; 0 where there is none."""
    terms = [1.0 - s * (1.0 - recall.take(p, axis=1)) for p, s in zip(parents, strengths, strict=True)]
    found: list[Any] = []
    for i, strength in enumerate(strengths):
        slope: Any = np.ones_like(terms[0])
        for other in terms[:i] + terms[i + 1 :]:
            slope = slope * other
        found.append(slope * (open_part * strength))
    return found


def heights(requires: Bool) -> Int:
    """How many links the longest chain that starts at each concept has, (K,): 0 where it unlocks nothing."""
    height = np.zeros(len(requires), dtype=np.int64)
    for _ in range(len(requires)):
        height = np.where(requires, height[None, :] + 1, 0).max(axis=1, initial=0)
    return height


@contextmanager
def by_heights() -> Iterator[None]:
    """Inside, this one stands wherever the other one was imported."""
    link_by_link = planning.unlocking
    with ExitStack() as replaced:
        for name, module in list(sys.modules.items()):
            if name.startswith("curriculum_rl.") and getattr(module, "unlocking", None) is link_by_link:
                replaced.enter_context(mock.patch.object(module, "unlocking", unlocking))
        yield
