"""What an activity is worth, from an outlook alone: shared by heuristics, features of networks, and bounds.

With, for each concept, s = P(known), r = P(known and recalled now), f = chance to lose it at a try, and for what is
recalled at the test: F if newly learned now, L if known and answered rightly now, T if known and practised without a
right answer (another one where there is no answer at all), R as things stand (all from the `Outlook`), an activity
with learning m and share w of the concept changes the recall expected at the test by

    rise = (1 - s) min(1, readiness learn m w) F + (1 - f) [s T + P(known, right) (L - T)] - R
    P(known, right) = s lucky + r span      (0 where there is no answer; an activity's other concepts added by shares,
                                             or, where all are needed, s lucky + span * prod of r over the activity)

and the recall of now, which its dependants are learned by, by

    lift = (1 - s) min(1, readiness learn m w) + (1 - f) s - r
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curriculum_rl.batch import Bool, Float
from curriculum_rl.trackers.tracker import Outlook
from curriculum_rl.world import Platform


def goal_value(platform: Platform, goals: Bool) -> Float:
    """Points of the delayed test for each unit of recall, by concept, (n, K); 0 where it is no goal."""
    known = platform.filter
    share: Float = goals / goals.sum(axis=1, keepdims=True)
    share *= 100.0 * (1.0 - known.slip - known.guess)
    return share


def worth(outlook: Outlook, platform: Platform, value: Float, ahead: Float | None = None) -> Float:
    """Expected points of each activity, (n, A): value * rise + ahead * lift, over its concepts.

    Args:
        outlook: what is believed.
        platform: the catalogue and the population's parameters.
        value: points for each unit of recall at the test, (n, K).
        ahead: points for each unit of recall now, (n, K), such as from `unlocking`.
    """
    curriculum, forget = platform.curriculum, platform.filter.forget
    lucky, span = (x * curriculum.answered for x in platform.answers)
    still = outlook.stored * (1.0 - forget)
    rate = outlook.readiness * outlook.learn
    learned = outlook.fresh * value
    base = (still * outlook.kept - outlook.at_test) * value
    shown = None if outlook.shown is None else still * (outlook.shown - outlook.kept) * value
    longer = (outlook.refreshed - outlook.kept) * value * (1.0 - forget)
    if ahead is not None:
        learned = learned + ahead
        base += ahead * (still - outlook.recall)
    learned = learned * (1.0 - outlook.stored)
    lengthened, recalled = longer * outlook.stored, longer * outlook.recall

    # P(right) beyond what the concept itself adds: by luck, and by the activity's other concepts.
    several = curriculum.loads[0].shape[0] > 1
    total = np.zeros((len(value), len(curriculum.activities)))
    whole = _together(outlook.recall, platform) if several else total
    needed = several and platform.filter.conjunctive
    for slot in curriculum.slots:
        k, a, share = slot.concepts, slot.activities, slot.shares
        part = rate[:, k] * (curriculum.learning[a] * share)
        np.minimum(part, 1.0, out=part)
        part *= learned[:, k]
        part += base[:, k]
        if shown is not None:
            part += shown[:, k] * ~curriculum.answered[a]
        if needed:
            part += lengthened[:, k] * lucky[a] + longer[:, k] * (span[a] * whole[:, a])
        else:
            part += recalled[:, k] * (span[a] * share)
            beside = span[a] * (whole[:, a] - outlook.recall[:, k] * share) if several else 0.0
            part += lengthened[:, k] * (lucky[a] + beside)
        total[:, a] += part
    return total


def _together(recall: Float, platform: Platform) -> Float:
    """How far each activity is recalled as a whole, (n, A): by shares, or all of its concepts where they are needed."""
    shape = len(recall), len(platform.curriculum.activities)
    if platform.filter.conjunctive:
        whole = np.ones(shape)
        for slot in platform.curriculum.slots:
            whole[:, slot.activities] *= recall[:, slot.concepts]
        return whole
    whole = np.zeros(shape)
    for slot in platform.curriculum.slots:
        whole[:, slot.activities] += recall[:, slot.concepts] * slot.shares
    return whole


def unlocking(outlook: Outlook, platform: Platform, value: Float, discount: float) -> Float:
    """Points ahead for each unit of recall of a concept now, through what it makes learnable, (n, K).

        ahead_j = sum over children k of d readiness_k / d recall_j * (left_k + discount * ahead_k)
        left_k  = value_k * F_k * (1 - R_k)          what practice of k could bring at most

    in reverse order of the curriculum: O(n K) for each prerequisite.
    """
    curriculum, leak = platform.curriculum, platform.leak
    recall = np.ascontiguousarray(outlook.recall.T)
    left = np.ascontiguousarray((value * outlook.fresh * (1.0 - outlook.at_test)).T)
    ahead = np.zeros_like(left)
    for child in curriculum.order[::-1]:
        parents = np.flatnonzero(curriculum.requires[:, child])
        strengths = curriculum.requires[parents, child]
        terms = [1.0 - s * (1.0 - recall[j]) for j, s in zip(parents, strengths, strict=True)]
        reach = (1.0 - leak) * (left[child] + discount * ahead[child])
        for i, parent in enumerate(parents):
            slope = reach * strengths[i]
            for other in terms[:i] + terms[i + 1 :]:
                slope *= other
            ahead[parent] += slope
    return np.ascontiguousarray(ahead.T)


def telling(outlook: Outlook, platform: Platform, value: Float) -> Float:
    """How much an answer would settle of what is worth knowing, (n, A): 0 where there is no answer.

        sum over concepts of value_k * Cov(known_k, right)^2 / Var(right)
        Cov = span w_k r_k (1 - s_k),  Var = p (1 - p),  p = P(right)
        Cov = span (prod of r) (1 - s_k)      where all concepts of an activity are needed

    the variance of "known" that the answer is expected to take away, for each concept as if it were alone.
    """
    curriculum = platform.curriculum
    lucky, span = platform.answers
    seen = span * curriculum.answered
    needed = platform.filter.conjunctive
    unsure = 1.0 - outlook.stored
    spread = unsure.copy() if needed else outlook.recall * unsure
    spread *= spread
    spread *= value
    right = _together(outlook.recall, platform)
    seen = right * seen if needed else np.broadcast_to(seen, right.shape)
    right *= span
    right += lucky
    settled = np.zeros_like(right)
    for slot in curriculum.slots:
        a, share = slot.activities, 1.0 if needed else slot.shares
        settled[:, a] += spread[:, slot.concepts] * (seen[:, a] * share) ** 2
    right *= 1.0 - right
    settled /= right
    return settled


def with_reviews(outlook: Outlook, share: Float) -> Outlook:
    """The same outlook where later reviews will bring back this share of what would be forgotten by the test, (n,).

    P(recalled at the test | known) becomes share + (1 - share) * P: what is learned early counts although it would
    be forgotten if it were left alone, and refreshing early counts for less.
    """
    lost = (1.0 - share)[:, None]
    kept = share[:, None]
    return replace(
        outlook,
        at_test=outlook.at_test * lost + outlook.stored * kept,
        fresh=outlook.fresh * lost + kept,
        refreshed=outlook.refreshed * lost + kept,
        kept=outlook.kept * lost + kept,
        shown=None if outlook.shown is None else outlook.shown * lost + kept,
    )
