"""What is wrong with a fit, said by name: such numbers fit the answers and yet say nothing of knowing or of learning.

Guess or slip above a half: Beck & Chang (2007); there a fit leaves the concept out
of the pack (`Fit.degenerate`). The other thresholds are assumed; what they find stays in the pack, and is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from curriculum_rl.batch import Bool, Int
from curriculum_rl.calibration.attempts import Attempts
from curriculum_rl.calibration.comparison import Judged
from curriculum_rl.calibration.fit import Fit
from curriculum_rl.calibration.pack import concept_id
from curriculum_rl.calibration.reference import ITEM
from curriculum_rl.calibration.spread import LARGEST_CORRELATION
from curriculum_rl.students.knowledge.bkt import BKT

FITTED: Final = 100
UNSEEN: Final = 30
"""Students below which the numbers, and the judgement of them, are rough."""
WIDE: Final = 4.0
"""Standard deviation of ability, logits, from which students seem to know all or nothing."""
BLURRED: Final = 0.9
"""Guess + slip from which an answer says next to nothing of what is known: nothing at all at 1."""
AT_ONCE: Final = 0.95
NEVER: Final = 0.001
"""Chance of learning at one try above which, and below which, it stands at a bound."""
LOOKED_FOR: Final = (
    "few students, predictions no better than the items' own, ability without bound, ability and rate not told apart, "
    "guess or slip above .5 or near 1 together, a chance of learning at a bound or below that of forgetting, "
    "discrimination at its bound"
)


def flags(fit: Fit, label: str, judged: Mapping[str, Judged], attempts: Attempts, enough: Bool) -> tuple[str, ...]:
    """One sentence a fault, each beginning with its name; empty where none was found.

    Args:
        fit: the population.
        label: what the fitted model is called in `judged`.
        judged: of it and of the references on unseen students.
        attempts: the whole log.
        enough: concepts with enough evidence to be in the pack, (K,).
    """
    found = []
    unseen = int(attempts.unseen.sum())
    fitted = len(attempts.students) - unseen
    if fitted < FITTED or unseen < UNSEEN:
        least = f"under {FITTED}, or {UNSEEN}, figures are rough"
        found.append(f"few students: {fitted} to fit and {unseen} to judge on; {least}")
    own, item = judged[label].scores, judged[ITEM].scores
    if own.auc <= item.auc:
        words = "it knows less of students than their items do"
        found.append(f"no better than the items: AUC {own.auc:.3f}, item-only model {item.auc:.3f}; {words}")
    spread = fit.spread
    if spread.ability_sd > WIDE:
        found.append(f"ability without bound: sd {spread.ability_sd:.1f} logits, over {WIDE:g}")
    if abs(spread.correlation) >= LARGEST_CORRELATION:
        found.append(f"ability and rate not told apart: correlation {spread.correlation:+.2f}, at its bound")
    named = np.array(fit.degenerate, dtype=object)
    degenerate = {fault: np.flatnonzero(enough & (named == fault)) for fault in sorted(set(named[enough]) - {""})}
    found += [f"{fault}: {_named(attempts, among)}; left out of the pack" for fault, among in degenerate.items()]
    kept = np.flatnonzero(enough & (named == ""))
    if isinstance(fit.knowledge, BKT):
        found += [f"{fault}: {_named(attempts, kept[own])}" for fault, own in _of_bkt(fit.knowledge, kept) if own.any()]
    return tuple(found)


def _of_bkt(model: BKT, kept: Int) -> list[tuple[str, Bool]]:
    """Faults of knowledge tracing, and which of the kept concepts have each."""
    learn, forget, guess, slip = (np.array(getattr(model, name))[kept] for name in ("learn", "forget", "guess", "slip"))
    return [
        (f"guess + slip near 1 ({BLURRED:g} or more)", guess + slip >= BLURRED),
        (f"learned at once (chance above {AT_ONCE:g})", learn > AT_ONCE),
        (f"never learned (chance below {NEVER:g})", learn < NEVER),
        ("forgotten faster than learned", forget > learn),
    ]


def _named(attempts: Attempts, concepts: Int, most: int = 8) -> str:
    """How many concepts, and the first of them."""
    names = [concept_id(attempts.concepts[k]) for k in concepts]
    shown = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return f"{len(names)} concept{'s' if len(names) > 1 else ''} ({shown})"
