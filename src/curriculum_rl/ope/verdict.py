"""What an estimate is worth, in plain words: an answer, an answer withheld, or no answer at all.

`refused`: nothing in this log can tell, and the number, if there is one, is not to be used. `withheld`: the number is
shown and must not rank strategies. `answer`: neither applies; warnings may still stand beside it. Whoever has not
looked at a verdict has no answer: the default is "cannot tell".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from curriculum_rl.batch import Int
from curriculum_rl.ope.diagnostics import Diagnostics
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.estimator import Estimate
from curriculum_rl.ope.overlap import Overlap
from curriculum_rl.ope.sensitivity import bounds, reversing
from curriculum_rl.ope.thresholds import Thresholds

Word = Literal["answer", "withheld", "refused"]
Finding = tuple[Word, str]
"""What a rule says, and how bad it is; `answer` for mere warnings."""

_ROUNDED = 1e-3
"""A mean that is off by no more may be one of probabilities that were written with a few digits."""
_CERTAIN, _NEARLY_ALL = 0.999, 0.99
"""A chance of at least the one, at a share of decisions of at least the other, makes a logged policy deterministic."""


@dataclass(frozen=True)
class Circumstances:
    """What nobody can see in the episodes.

    Attributes:
        trained_here: whether the strategy was trained on the simulated student that the log comes from.
        shared_students: students who are in both the fitting and the judging part.
        activities: names of the activities, (A,); numbers are told where there are none.
    """

    trained_here: bool = False
    shared_students: int = 0
    activities: Sequence[str] = ()


@dataclass(frozen=True)
class Verdict:
    """Attributes:
    word: the worst of what the rules say.
    warnings: what each of them says, the worst first.
    """

    word: Word
    warnings: tuple[str, ...]


def verdict(
    episodes: Episodes,
    estimate: Estimate,
    diagnostics: Diagnostics,
    thresholds: Thresholds | None = None,
    circumstances: Circumstances | None = None,
    discount: float = 1.0,
) -> Verdict:
    """By every rule."""
    limits, around = thresholds or Thresholds(), circumstances or Circumstances()
    modelled = estimate.weights is None
    found = [
        *_not_evidence(around),
        *_deterministic(episodes),
        *_off_support(episodes, diagnostics, limits, around, modelled),
        *(
            _modelled(diagnostics.overlap)
            if modelled
            else too_few(diagnostics.overlap, diagnostics.carrying, len(diagnostics.steps), limits)
        ),
        *_propensities(episodes, diagnostics, limits, discount, modelled),
        *_ends(diagnostics, limits),
    ]
    rank: tuple[Word, ...] = ("refused", "withheld", "answer")
    found.sort(key=lambda finding: rank.index(finding[0]))
    return Verdict(found[0][0] if found else "answer", tuple(told for _, told in found))


def deterministic(episodes: Episodes) -> bool:
    """Whether what was logged left nothing to chance, so that nobody alike was taught otherwise."""
    if (episodes.behaviour >= _CERTAIN).mean() >= _NEARLY_ALL:
        return True
    if not episodes.estimated:
        return False
    situations = [episodes.step] if episodes.state is None else [episodes.step, episodes.state]
    return any(_always_the_same(s, episodes.action) for s in situations)


def _always_the_same(situation: Int, action: Int) -> bool:
    """Whether the same was given wherever a situation came up again, and most did."""
    _, of, times = np.unique(situation, return_inverse=True, return_counts=True)
    kinds = len(np.unique(np.stack([of, action]), axis=1).T)
    return bool(kinds == len(times) and (times[of] > 1).mean() > 0.5)


def _not_evidence(around: Circumstances) -> Iterator[Finding]:
    if around.trained_here:
        yield "refused", "This strategy was trained on this simulated student; its score here is not evidence."
    if around.shared_students:
        one = around.shared_students == 1
        told = (
            f"{around.shared_students:,} student{' is' if one else 's are'} in both the fitting and the judging part."
        )
        yield "refused", f"{told} Split by student, then by time."


def _deterministic(episodes: Episodes) -> Iterator[Finding]:
    if deterministic(episodes):
        yield "refused", "The logged curriculum gave everyone the same next activity; there is nothing to compare."


def _off_support(
    episodes: Episodes, diagnostics: Diagnostics, limits: Thresholds, around: Circumstances, modelled: bool
) -> Iterator[Finding]:
    seen = diagnostics.support
    never = 1.0 - seen.ratio
    if seen.share > limits.off_support:
        missing = seen.share
        what = f"{_named(seen.activities, around.activities)} in situations like these ({missing:.0%}"
    elif not episodes.estimated and never - limits.surprise * seen.ratio_error > limits.off_support:
        missing = never  # nobody can say of what
        what = f"some of what it does in situations like these (by a mean ratio of {seen.ratio:.2f}, {missing:.0%}"
    else:
        return
    told = f"Your logs never show {what} of the new strategy's choices)."
    if modelled:
        yield "withheld", f"{told} Of these choices a model guesses, and nothing checks it."
        return
    yield (
        "refused",
        f"{told} No reweighting can tell you what would have happened. What can be had: a model-based guess, labelled "
        f"as one; the {1.0 - missing:.0%} of choices that the log does show, as a strategy of their own; "
        f"a pilot of {limits.pilot:,} students, half of them taught so.",
    )


def _named(activities: Int, names: Sequence[str]) -> str:
    told = [names[a] if len(names) > a else f"activity {a}" for a in activities[:3]]
    more = len(activities) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _modelled(seen: Overlap) -> Iterator[Finding]:
    yield (
        "answer",
        f"Model-based: no student was reweighted; effectively {seen.effective:.0f} of {seen.students:,} did all that "
        "the new strategy would do. What the model gets wrong is not in the interval.",
    )


def too_few(seen: Overlap, carrying: float, decisions: int, limits: Thresholds) -> Iterator[Finding]:
    """Whether too few students carry an estimate over so many decisions, or the spread of it that is its interval's."""
    alone = seen.clusters == seen.students
    shorter = "A shorter horizon may do, or a" if decisions > 1 else "A"
    more = f"{shorter} pilot of {limits.pilot:,} students, half of them taught by the new strategy."
    told = []
    if seen.effective < limits.effective:
        who = "student" if round(seen.effective) == 1 else "students"
        told.append(f"Based effectively on {seen.effective:.0f} {who} of {seen.students:,}.")
    if not alone and seen.effective_clusters < limits.effective_clusters:
        told.append(f"Based effectively on {seen.effective_clusters:.0f} classes of {seen.clusters:,}.")
    if seen.largest_share > limits.largest_share:
        who = "student" if alone else "class"
        told.append(f"One {who} of {seen.clusters:,} has {seen.largest_share:.0%} of the weight.")
    if told:
        yield "withheld", f"{' '.join(told)} Treat as no answer. {more}"
    elif carrying < limits.carrying:
        yield (
            "answer",
            f"The spread of this estimate comes from {carrying:.0f} {'students' if alone else 'classes'} of "
            f"{seen.clusters:,}: weights multiply up over {decisions} decisions. Its interval may well be too "
            f"narrow. {more}",
        )


def _propensities(
    episodes: Episodes, diagnostics: Diagnostics, limits: Thresholds, discount: float, modelled: bool
) -> Iterator[Finding]:
    seen = diagnostics.support
    off = (seen.ratio - 1.0) / seen.ratio_error if seen.ratio_error > 0.0 else 0.0
    if abs(seen.ratio - 1.0) > _ROUNDED and (off > limits.surprise or (episodes.estimated and -off > limits.surprise)):
        yield (
            "answer",
            f"The ratio of probabilities is {seen.ratio:.2f} on average where it should be 1 (standard error "
            f"{seen.ratio_error:.2f}): the {'estimated' if episodes.estimated else 'logged'} probabilities are not "
            "those that choices were drawn by.",
        )
    if episodes.estimated and not modelled:
        told = "Assignment probabilities were estimated; unrecorded choices of teachers could reverse this"
        returns, weights = episodes.returns(discount), episodes.weights[:, -1]
        low, high = bounds(returns, weights, limits.gamma)
        reference = float(returns.mean())
        gamma = reversing(returns, weights, reference)
        far = "no factor could make it" if np.isinf(gamma) else f"a factor of {gamma:.2f} is enough to make it"
        yield (
            "answer",
            f"{told}: if they moved weights by up to a factor of {limits.gamma:g}, the value is between {low:.3g} and "
            f"{high:.3g}; {far} the {reference:.3g} that was logged.",
        )


def _ends(diagnostics: Diagnostics, limits: Thresholds) -> Iterator[Finding]:
    seen = diagnostics.leaving
    if _differs(seen.target - seen.logged, seen.error, limits):
        yield (
            "answer",
            f"Dropout differs: {seen.logged:.0%} left in the log, {seen.target:.0%} would under the new strategy. Had "
            f"nobody left, its value would be {seen.stayed:.3g}; at worst {seen.low:.3g}, at best {seen.high:.3g}.",
        )
    if _differs(seen.target_done - seen.logged_done, seen.done_error, limits):
        yield (
            "answer",
            f"Courses that end early, at mastery or otherwise, differ: {seen.logged_done:.0%} in the log, "
            f"{seen.target_done:.0%} under the new strategy. Those who stop have less time to earn or to lose.",
        )


def _differs(difference: float, error: float, limits: Thresholds) -> bool:
    return abs(difference) > max(2.0 * error, limits.leaving)
