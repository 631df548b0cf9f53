"""What a filter will believe on average after an activity whose answer is not known yet.

P(known) and the weights of the nodes are what they were before the answer: a posterior is a martingale. So each node's

    P(known) <- P(known) (1 - forget) + (1 - P(known)) P(learned)

as in `bkt.py`, and the half-life of what was known is lengthened by the chance of a right answer, at its mean rate:

    1 / kept = p / lengthened + (1 - p) / half-life,   p = lucky + span * (recall of the whole if this one is known)

with p = 0 where there is no answer. Readiness is that of before the answer. Right answers count by their chance.
"""

from __future__ import annotations

from curriculum_rl.batch import Float, Int
from curriculum_rl.trackers.bkt import FilterBelief, others


def expect(belief: FilterBelief, activity: Int, elapsed: Float) -> None:
    """Takes in one event of every student by its expectation, in place.

    Args:
        belief: about n students.
        activity: what is done, (n,).
        elapsed: days from this decision to the next, (n,).
    """
    platform = belief.platform
    memory, curriculum = platform.memory, platform.curriculum
    concepts, shares = curriculum.practised(activity)
    flat = concepts + belief.rows
    answered, (lucky, span) = curriculum.answered.take(activity), (x.take(activity) for x in platform.answers)
    half_life = belief.half_life.take(flat)
    retention = memory.retention(belief.now - belief.last.take(flat), half_life)
    stored = belief.stored_of(flat)
    recalled = stored * retention
    total = platform.together(recalled, shares)
    if platform.filter.conjunctive:
        beside = retention * others(recalled, shares)
    else:
        beside = total - recalled * shares + retention * shares

    belief.learn_from(activity, concepts, shares, flat, answered & False, answered & False)

    new = 1.0 - stored * (1.0 - platform.filter.forget.take(concepts)) / belief.stored_of(flat).clip(1e-12)
    right = answered * (lucky + span * beside)
    kept = right / memory.lengthened(half_life, retention) + (1.0 - right) / half_life
    real = shares > 0  # an activity on fewer concepts than others is padded
    mixed = 1.0 / ((1.0 - new) * kept + new / memory.new_days)
    belief.half_life.ravel()[flat[real]] = mixed[real]
    belief.last.ravel()[flat[real]] = (belief.now + 0.0 * shares)[real]
    belief.seen.ravel()[flat] += real
    belief.tries.ravel()[flat] += real & answered
    belief.right.ravel()[flat] += real * answered * (lucky + span * total)
    belief.steps += 1
    belief.now += elapsed
