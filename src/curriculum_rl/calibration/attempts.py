"""The tries that a model is fitted to, with the concepts of every item, and the same tries as chains.

A *chain* is what one student did on one concept, in order. What a concept is, where items need several skills, can be
chosen: each distinct set of skills ("set"), or every skill ("each"), so that a try at an item of m skills stands in m
chains, with a share of 1/m in each.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.calibration.config import Several
from curriculum_rl.calibration.q_matrix import QMatrix, natural
from curriculum_rl.logs.fitting_log import FittingLog


@dataclass(frozen=True)
class Attempts:
    """n tries of U students at J items of K concepts, sorted by student and order.

    Attributes:
        students, concepts: ids, (U,) and (K,).
        student, item: of each try, (n,).
        right: the answer, 1.0 or 0.0, (n,).
        first, count: concepts of item j are `members[first[j] : first[j] + count[j]]`.
        combination: which distinct set of concepts an item needs, (J,).
        unseen: students kept from fitting, (U,).
        day: of each try, (n,); None where the log has no times.
        minutes: that each try took, nan where unknown, (n,); None where the log never says.
    """

    students: tuple[str, ...]
    concepts: tuple[str, ...]
    student: Int
    item: Int
    right: Float
    first: Int
    count: Int
    members: Int
    combination: Int
    unseen: Bool
    day: Float | None = None
    minutes: Float | None = None

    @property
    def items(self) -> int:
        """J, the number of items."""
        return len(self.count)

    def of_students(self, chosen: Bool) -> Attempts:
        """The tries of these students alone, (U,) bool; every index keeps its meaning."""
        rows = chosen[self.student]
        day, minutes = (None if times is None else times[rows] for times in (self.day, self.minutes))
        student, item, right = self.student[rows], self.item[rows], self.right[rows]
        return replace(self, student=student, item=item, right=right, day=day, minutes=minutes)

    @cached_property
    def begins(self) -> Int:
        """For each try the row at which its student begins, (n,)."""
        new = np.r_[True, self.student[1:] != self.student[:-1]]
        begins: Int = np.flatnonzero(new)[np.cumsum(new) - 1]
        return begins

    @cached_property
    def concepts_met(self) -> Int:
        """How many concepts each student met, (U,)."""
        first = self.chains.student[: self.chains.count]
        return np.bincount(first, minlength=len(self.students)).astype(np.int64)

    @cached_property
    def chains(self) -> Chains:
        """The same tries, by student and concept."""
        return _chains(self)

    @cached_property
    def leading(self) -> Int:
        """Which entry of `chains` each try is at the first concept of its item, (n,)."""
        chains = self.chains
        own = np.flatnonzero(chains.concept == self.members[self.first[chains.item]])
        entries: Int = own[np.argsort(chains.row[own])]
        return entries

    @property
    def gap(self) -> Float | None:
        """Days since the last try at the first concept of the item, nan where there was none, (n,); None untimed."""
        gap = self.chains.gap
        return None if gap is None else np.where(self.leading < self.chains.count, np.nan, gap[self.leading])


@dataclass(frozen=True)
class Chains:
    """E tries in C chains, stored step by step: all first tries, then all second tries, and so on.

    Chains are sorted by falling length, so the tries at step t are those of the first `size[t]` chains, in order.

    Attributes:
        starts: step t holds entries `starts[t]` to `starts[t + 1]`, (T + 1,).
        row: the try that each entry stands for, (E,).
        concept, student, item: of each entry, (E,).
        share: 1 / the number of concepts of the item, (E,).
        right: the answer, (E,).
        continued: whether another try of the same chain follows, (E,).
        rows: n, the number of tries.
        gap: days since the try before it of the same chain, or, at the first, since the student's first try in the
            log, (E,); None where the log has no times.
    """

    starts: Int
    row: Int
    concept: Int
    student: Int
    item: Int
    share: Float
    right: Float
    continued: Bool
    rows: int
    gap: Float | None = None

    @property
    def count(self) -> int:
        """C, the number of chains; the entries of step 0 are their first tries."""
        return int(self.starts[1])

    @cached_property
    def first(self) -> Int:
        """The first entry of the chain of each entry, (E,)."""
        return np.arange(len(self.row)) - np.repeat(self.starts[:-1], np.diff(self.starts))

    @cached_property
    def to_rows(self) -> sparse.csr_matrix:
        """(n, E): averages a probability over the concepts of each try."""
        return sparse.csr_matrix((self.share, (self.row, np.arange(len(self.row)))), (self.rows, len(self.row)))


def build_attempts(
    log: FittingLog, q_matrix: QMatrix | None, unseen_share: float, several: Several = "set"
) -> Attempts:
    """Joins a log with its q-matrix (or its own skills), and decides who is kept from fitting.

    Without a split in the log a student is unseen where the SHA-256 of the id, as a fraction, is under `unseen_share`:
    the same students whatever the order of the file.
    """
    if q_matrix is not None:
        concepts = q_matrix.concepts
        members = [q_matrix.skills[item] for item in log.items]
    else:
        concepts = tuple(sorted({s for skills in log.skills for s in skills}, key=natural))
        index = {concept: k for k, concept in enumerate(concepts)}
        members = [tuple(sorted(index[s] for s in skills)) for skills in log.skills]
    sets = {held: c for c, held in enumerate(sorted(set(members)))}
    combination = [sets[held] for held in members]
    if several == "set":
        concepts = tuple("+".join(concepts[k] for k in held) for held in sets)
        members = [(c,) for c in combination]
    count = np.array([len(held) for held in members], dtype=np.int64)
    return Attempts(
        students=log.students,
        concepts=concepts,
        student=log.student,
        item=log.item,
        right=log.right.astype(np.float64),
        first=np.cumsum(count) - count,
        count=count,
        members=np.array([k for held in members for k in held], dtype=np.int64),
        combination=np.array(combination, dtype=np.int64),
        unseen=log.unseen if log.unseen is not None else _by_hash(log.students, unseen_share),
        day=log.day,
        minutes=log.minutes,
    )


def _by_hash(students: tuple[str, ...], share: float) -> Bool:
    digests = (hashlib.sha256(s.encode("utf-8", "surrogatepass")).digest() for s in students)
    return np.array([int.from_bytes(d[:8], "big") / 2**64 < share for d in digests], dtype=np.bool_)


def opportunities(chain: Int) -> Int:
    """How many earlier entries have the same key, (n,), for entries in order of time."""
    order = np.argsort(chain, kind="stable")
    ordered = chain[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[begins, len(ordered)])
    seen = np.empty(len(chain), dtype=np.int64)
    seen[order] = np.arange(len(ordered)) - np.repeat(begins, lengths)
    return seen


def _chains(attempts: Attempts) -> Chains:
    count = attempts.count[attempts.item]
    row = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    concept = attempts.members[attempts.first[attempts.item[row]] + within]
    key = attempts.student[row] * len(attempts.concepts) + concept
    step = opportunities(key)
    _, chain = np.unique(key, return_inverse=True)
    length = np.bincount(chain)
    rank = np.empty(len(length), dtype=np.int64)
    rank[np.argsort(-length, kind="stable")] = np.arange(len(length))
    order = np.lexsort((rank[chain], step))
    row = row[order]
    starts = np.r_[0, np.cumsum(np.bincount(step))].astype(np.int64)
    return Chains(
        starts=starts,
        row=row,
        concept=concept[order],
        student=attempts.student[row],
        item=attempts.item[row],
        share=1.0 / count[row],
        right=attempts.right[row],
        continued=(step + 1 < length[chain])[order],
        rows=len(attempts.student),
        gap=None if attempts.day is None else _gaps(attempts.day, attempts.begins, row, starts),
    )


def _gaps(day: Float, begins: Int, row: Int, starts: Int) -> Float:
    """Days before each entry since its chain's last try, or at its first since the student's first, (E,)."""
    now = day[row]
    gap: Float = now - day[begins[row]]
    for t in range(1, len(starts) - 1):
        a, b, before = starts[t], starts[t + 1], starts[t - 1]
        gap[a:b] = now[a:b] - now[before : before + b - a]
    return gap
