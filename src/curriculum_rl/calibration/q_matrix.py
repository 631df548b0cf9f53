"""Which skills an item needs: a scipy sparse matrix (.npz) or a CSV file of item, skill."""

from __future__ import annotations

import csv
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from curriculum_rl.violations import InvalidInput


@dataclass(frozen=True)
class QMatrix:
    """Skills of each item: `skills[item id]` lists positions in `concepts`."""

    concepts: tuple[str, ...]
    skills: dict[str, tuple[int, ...]]


def read_q_matrix(path: Path) -> QMatrix:
    """Reads a q-matrix.

    A `.npz` holds a scipy sparse matrix, items by skills; the id of an item or skill is its position, as text. A CSV
    file has a header with the columns item and skill, and one row for each pair.

    Raises:
        InvalidInput: missing, unreadable, or without any item that has a skill.
    """
    if not path.is_file():
        raise InvalidInput(str(path), ["there is no such file; give a sparse matrix (.npz) or CSV of item, skill"])
    matrix = _read_npz(path) if path.suffix.lower() == ".npz" else _read_csv(path)
    if not matrix.skills:
        raise InvalidInput(str(path), ["no item has a skill"])
    return matrix


def _read_npz(path: Path) -> QMatrix:
    try:
        matrix = sparse.load_npz(path).tocsr()
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise InvalidInput(
            str(path), [f"this is no sparse matrix as scipy.sparse.save_npz writes it ({type(error).__name__})"]
        ) from None
    matrix.eliminate_zeros()
    matrix.sort_indices()
    width = len(str(matrix.shape[1] - 1))
    concepts = tuple(f"{k:0{width}d}" for k in range(matrix.shape[1]))
    skills = {
        str(i): tuple(int(k) for k in matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]])
        for i in np.flatnonzero(np.diff(matrix.indptr))
    }
    return QMatrix(concepts, skills)


def _read_csv(path: Path) -> QMatrix:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInput(str(path), ["this is no CSV file in UTF-8; columns item and skill were expected"]) from None
    header = list(rows[0]) if rows else []
    if "item" not in header or "skill" not in header:
        shown = ", ".join(repr(str(name)[:30]) for name in header[:8]) or "nothing"
        raise InvalidInput(str(path), [f"columns item and skill are needed; the file has: {shown}"])
    pairs = {(r["item"], (r["skill"] or "").strip()) for r in rows if r["item"] and (r["skill"] or "").strip()}
    concepts = tuple(sorted({skill for _, skill in pairs}, key=natural))
    index = {concept: k for k, concept in enumerate(concepts)}
    skills: dict[str, list[int]] = {}
    for item, skill in sorted(pairs):
        skills.setdefault(item, []).append(index[skill])
    return QMatrix(concepts, {item: tuple(sorted(held)) for item, held in skills.items()})


def natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Sorts "skill 2" before "skill 10"."""
    return tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", text) if part
    )
