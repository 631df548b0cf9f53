"""The estimators from their definitions, one student and one decision at a time; and random logs for them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Float
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.values.values import Values

STATES, ACTIVITIES = 3, 3


def random_log(
    seed: int, *, students: int = 60, horizon: int = 4, variable: bool = True, same: bool = False
) -> Episodes:
    """A log of random numbers, Markov in nothing: identities hold for any numbers."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, horizon + 1, students) if variable else np.full(students, horizon)
    lengths[0] = horizon
    rows = int(lengths.sum())
    student = np.repeat(np.arange(students), lengths)
    logged = rng.dirichlet(np.full(ACTIVITIES, 3.0), rows)
    action = np.array([rng.choice(ACTIVITIES, p=p) for p in logged])
    state = rng.integers(STATES, size=rows)
    return Episodes(
        student=student,
        action=action,
        reward=rng.normal(1.0, 1.0, rows),
        behaviour=logged[np.arange(rows), action],
        choice=logged if same else rng.dirichlet(np.full(ACTIVITIES, 3.0), rows),
        eligible=np.ones((rows, ACTIVITIES), np.bool_),
        features=np.column_stack([np.eye(STATES)[state], rng.normal(size=(rows, 2))]),
        state=state,
        cluster=np.arange(students),
        censored=np.zeros(students, np.bool_),
    )


@dataclass(frozen=True)
class Given:
    """Values that are given, by decision, situation and activity, (T, S, A)."""

    table: Float

    def fit(self, episodes: Episodes, discount: float) -> Values:
        q = self.table[episodes.step, episodes.state]
        return Values(q[np.arange(len(q)), episodes.action], (q * episodes.choice).sum(axis=1))


@dataclass(frozen=True)
class Decision:
    """One decision of a student, with what a model says of it."""

    ratio: float
    reward: float
    q: float
    v: float


def students_of(episodes: Episodes, table: Float) -> list[list[Decision]]:
    """The log as lists, with the values of a table (T, S, A)."""
    students: list[list[Decision]] = [[] for _ in range(len(episodes))]
    for row, i in enumerate(episodes.student):
        a, choice = int(episodes.action[row]), episodes.choice[row]
        q = table[len(students[i]), episodes.state[row]]
        ratio = float(choice[a] / episodes.behaviour[row])
        v = sum(float(choice[k] * q[k]) for k in range(len(choice)))
        students[i].append(Decision(ratio, float(episodes.reward[row]), float(q[a]), v))
    return students


def weight(student: list[Decision], t: int) -> float:
    """Product of the ratios up to decision t, or the last one."""
    w = 1.0
    for decision in student[: t + 1]:
        w *= decision.ratio
    return w


def importance_sampling(students: list[list[Decision]], g: float) -> float:
    total = 0.0
    for s in students:
        total += weight(s, len(s)) * sum(g**t * d.reward for t, d in enumerate(s))
    return total / len(students)


def weighted(students: list[list[Decision]], g: float) -> float:
    up = sum(weight(s, len(s)) * sum(g**t * d.reward for t, d in enumerate(s)) for s in students)
    return up / sum(weight(s, len(s)) for s in students)


def per_decision(students: list[list[Decision]], g: float) -> float:
    return sum(g**t * weight(s, t) * d.reward for s in students for t, d in enumerate(s)) / len(students)


def weighted_per_decision(students: list[list[Decision]], g: float) -> float:
    value = 0.0
    for t in range(max(map(len, students))):
        up = sum(weight(s, t) * s[t].reward for s in students if t < len(s))
        value += g**t * up / sum(weight(s, t) for s in students)
    return value


def direct(students: list[list[Decision]], g: float) -> float:
    return sum(s[0].v for s in students) / len(students)


def doubly_robust(students: list[list[Decision]], g: float) -> float:
    """By the recursion of Jiang & Li (2016), from the last decision back: V + rho (r + g DR_{t+1} - Q)."""
    total = 0.0
    for s in students:
        value = 0.0
        for d in reversed(s):
            value = d.v + d.ratio * (d.reward + g * value - d.q)
        total += value
    return total / len(students)


def j_step(students: list[list[Decision]], g: float, j: int) -> float:
    """Thomas & Brunskill (2016): the weights up to decision j, the model from there."""
    share = [{-1: 1 / len(students)} for _ in students]
    for t in range(j + 1):
        whole = sum(weight(s, t) for s in students)
        for i, s in enumerate(students):
            share[i][t] = weight(s, t) / whole
    value = 0.0
    for i, s in enumerate(students):
        for t, d in enumerate(s):
            if t <= j:
                value += g**t * (share[i][t] * (d.reward - d.q) + share[i][t - 1] * d.v)
            elif t == j + 1:
                value += g**t * share[i][j] * d.v
    return value


def weighted_doubly_robust(students: list[list[Decision]], g: float) -> float:
    return j_step(students, g, max(map(len, students)))


def switch(students: list[list[Decision]], g: float, tau: float) -> float:
    total = 0.0
    for s in students:
        total += s[0].v
        for t, d in enumerate(s):
            if weight(s, t) <= tau:
                ahead = s[t + 1].v if t + 1 < len(s) else 0.0
                total += g**t * weight(s, t) * (d.reward + g * ahead - d.q)
    return total / len(students)


def marginalised(episodes: Episodes, g: float) -> float:
    """Xie, Ma & Wang (2019): shares of situations under the target, carried forward by the counted, weighted moves."""
    rows = rows_by_step(episodes)
    n = len(episodes)
    share: dict[int, float] = defaultdict(float)
    for row in rows[0]:
        share[int(episodes.state[row])] += 1 / n
    value = 0.0
    for t, here in enumerate(rows):
        count: dict[int, int] = defaultdict(int)
        earned: dict[int, float] = defaultdict(float)
        moved: dict[tuple[int, int], float] = defaultdict(float)
        for row in here:
            s = int(episodes.state[row])
            ratio = float(episodes.choice[row, episodes.action[row]] / episodes.behaviour[row])
            count[s] += 1
            earned[s] += ratio * float(episodes.reward[row])
            if t + 1 < len(rows) and row + 1 in rows[t + 1]:
                moved[s, int(episodes.state[row + 1])] += ratio
        value += g**t * sum(share[s] * earned[s] / count[s] for s in count)
        following: dict[int, float] = defaultdict(float)
        for (s, there), by in moved.items():
            following[there] += share[s] * by / count[s]
        share = following
    return value


def counted_process(episodes: Episodes, g: float) -> float:
    """The target's value in the process whose chances and rewards are those counted, followed forward in time.

    The target's choice must depend on decision and situation alone, and be for what was seen.
    """
    rows = rows_by_step(episodes)
    share: dict[int, float] = defaultdict(float)
    for row in rows[0]:
        share[int(episodes.state[row])] += 1 / len(episodes)
    value = 0.0
    for t, here in enumerate(rows):
        following: dict[int, float] = defaultdict(float)
        for s in {int(episodes.state[row]) for row in here}:
            for a in range(ACTIVITIES):
                cell = [row for row in here if episodes.state[row] == s and episodes.action[row] == a]
                chance = share[s] * float(next(episodes.choice[row, a] for row in here if episodes.state[row] == s))
                for row in cell:
                    value += g**t * chance * float(episodes.reward[row]) / len(cell)
                    if t + 1 < len(rows) and row + 1 in rows[t + 1]:
                        following[int(episodes.state[row + 1])] += chance / len(cell)
        share = following
    return value


def rows_by_step(episodes: Episodes) -> list[list[int]]:
    """Rows of the first decisions, of the second ones, ..."""
    rows: list[list[int]] = []
    t = 0
    for row, i in enumerate(episodes.student):
        t = t + 1 if row > 0 and episodes.student[row - 1] == i else 0
        if t == len(rows):
            rows.append([])
        rows[t].append(row)
    return rows
