"""What the study found, in plain sentences and three numbers."""

from __future__ import annotations

from curriculum_rl.evaluation.outcomes import OUTCOMES
from curriculum_rl.evaluation.statistics import Comparison
from curriculum_rl.report.groups import groupings
from curriculum_rl.report.html import Markup, between, join, p_value, percent, points, signed, tag
from curriculum_rl.report.layout import paragraph
from curriculum_rl.report.schema import (
    ENGAGEMENT_KEPT,
    HEURISTIC,
    LEARNED,
    MASTERY_GAIN,
    MEAN_REWARD,
    NORMALISED_GAIN,
    PRIVILEGED,
    TOTAL_REWARD,
    Policy,
    Results,
)

COLLAPSED = 0.9  # share of one form of activity from which a learned policy is pointed at


def summary(results: Results) -> Markup:
    """The top of the page."""
    sentences = [
        *_best(results),
        *_verdict(results),
        *_tally(results),
        *_bound(results),
        *_worst_group(results),
        *_collapsed(results),
    ]
    items = [tag("li", None, sentence) for sentence in sentences]
    return join(_cards(results), tag("ul", {"class": "findings"}, *items), _caution(results))


def verdict_words(pair: Comparison) -> str:
    """What one planned comparison says."""
    if not pair.clear:
        return "no clear difference"
    return "better" if pair.difference > 0 else "worse"


def contest(results: Results) -> Comparison | None:
    """The best learned policy against the strongest heuristic, as it was planned, turned round if need be."""
    learned, heuristic = results.best([LEARNED]), results.best([HEURISTIC])
    if learned is None or heuristic is None:
        return None
    return results.either(learned.name, heuristic.name)


def _best(results: Results) -> list[Markup]:
    best = results.best([LEARNED, HEURISTIC])
    if best is None:
        return [join("No policy of this study could be deployed: all of them see the student's hidden state.")]
    words = OUTCOMES[results.outcome]
    return [
        join(
            "Best of the policies that a platform could run: ",
            _name(results, best),
            f", a {best.kind} policy, with {points(best.mean)} {words} "
            f"(95% interval {between(best.ci_low, best.ci_high)}).",
        )
    ]


def _verdict(results: Results) -> list[Markup]:
    learned, heuristic = results.best([LEARNED]), results.best([HEURISTIC])
    if learned is None or heuristic is None:
        absent = "learned policy" if learned is None else "heuristic"
        return [join(f"There is no {absent} in this study, so nothing says whether learning pays.")]
    first, second = _name(results, learned), _name(results, heuristic)
    pair = contest(results)
    if pair is None:
        apart = signed(learned.mean - heuristic.mean)
        return [
            join(first, " and ", second, f" are {apart} points apart; they were not compared, so this has no interval.")
        ]
    numbers = f"{signed(pair.difference)} points (95% interval {between(pair.ci_low, pair.ci_high)}"
    numbers += f", adjusted p {p_value(pair.p_adjusted)})"
    if not pair.clear:
        unseen = points(pair.smallest_visible_effect)
        return [
            join(
                "The study cannot tell the best learned policy, ", first, ", from the strongest heuristic, ", second,
                f": {numbers}. It would have found a true difference of {unseen} points four times in five; "
                "a smaller one may have gone unseen.",
            )
        ]  # fmt: skip
    beats = "beats" if pair.difference > 0 else "does not beat"
    tail = "" if pair.difference > 0 else ", which is clearly better"
    return [
        join("The best learned policy, ", first, f", {beats} the strongest heuristic, ", second, f"{tail}: {numbers}.")
    ]


def _tally(results: Results) -> list[Markup]:
    learned = results.best([LEARNED])
    pairs = [pair for pair in results.comparisons if learned and pair.policy == learned.name]
    pairs = [pair for pair in pairs if results.kind(pair.baseline) == HEURISTIC]
    if len(pairs) < 2 or learned is None:
        return []
    groups: dict[str, list[str]] = {"better": [], "no clear difference": [], "worse": []}
    for pair in pairs:
        groups[verdict_words(pair)].append(results.label(pair.baseline))
    parts = [f"Against {len(pairs)} heuristics it is clearly better than {len(groups['better'])}"]
    if groups["no clear difference"]:
        parts.append(f"not clearly different from {_listed(groups['no clear difference'])}")
    if groups["worse"]:
        parts.append(f"clearly worse than {_listed(groups['worse'])}")
    return [join("; ".join(parts), ".")]


def _bound(results: Results) -> list[Markup]:
    bound, best = results.best([PRIVILEGED]), results.best([LEARNED, HEURISTIC])
    if bound is None or best is None:
        return []
    room = bound.mean - best.mean
    tail = (
        f"so at least {points(room)} points are left to a policy that would infer students better."
        if room > 0
        else "which is no more than the best deployable policy has."
    )
    if results.slate > 1:
        tail += (
            f" It offers one activity at a time, though others offered up to {results.slate}: what a slate can do has "
            "no bound here."
        )
    return [
        join("Seeing the student's hidden state, which no platform can, ", _name(results, bound),
             f" reaches {points(bound.mean)}: ", tail)
    ]  # fmt: skip


def _worst_group(results: Results) -> list[Markup]:
    best = results.best([LEARNED, HEURISTIC])
    ways = groupings(results)
    shown = [c for c in results.subgroups if best and c.policy == best.name and c.mean is not None and c.by in ways]
    if not shown or best is None:
        return []
    worst = min(shown, key=lambda cell: cell.mean if cell.mean is not None else 0.0)
    kind = "" if worst.by == "group" else f" ({worst.by})"
    return [
        join("Under ", _name(results, best), ", the group that gains least is “", worst.group, f"”{kind}: "
             f"{points(worst.mean)} points (95% interval {between(worst.ci_low, worst.ci_high)}).")
    ]  # fmt: skip


def _collapsed(results: Results) -> list[Markup]:
    found = []
    for policy in results.policies:
        form, share = max(policy.forms.items(), key=lambda item: item[1], default=("", 0.0))
        if policy.kind == LEARNED and len(policy.forms) > 1 and share >= COLLAPSED:
            found.append(
                join("Look twice at ", _name(results, policy), f": {percent(share)} of its choices are of one form, “",
                     form, "”. A policy that collapsed in training looks like this.")
            )  # fmt: skip
    return found


def _caution(results: Results) -> Markup:
    several = [kind for kind in (LEARNED, HEURISTIC) if sum(p.kind == kind for p in results.policies) > 1]
    if not several:
        return Markup("")
    return tag(
        "p",
        {"class": "footing"},
        "“Best” and “strongest” were picked on these same students, which flatters them a little. All of this holds "
        "for simulated students of this one world; it is no evidence about a classroom.",
    )


def _cards(results: Results) -> Markup:
    best, bound, pair = results.best([LEARNED, HEURISTIC]), results.best([PRIVILEGED]), contest(results)
    cards = []
    if best is not None:
        cards.append(_card(points(best.mean), "points, best deployable policy", results.label(best.name), best.kind))
    if pair is not None:
        words = f"best learned minus strongest heuristic, 95% interval {between(pair.ci_low, pair.ci_high)}"
        cards.append(_card(signed(pair.difference), words, verdict_words(pair), LEARNED))
    if bound is not None:
        cards.append(_card(points(bound.mean), "points, privileged bound", results.label(bound.name), bound.kind))
    return tag("div", {"class": "cards"}, *cards)


def _card(number: str, words: str, name: str, kind: str) -> Markup:
    return tag(
        "div", {"class": f"card {kind}"}, tag("strong", None, number), tag("span", None, words), tag("em", None, name)
    )


def _name(results: Results, policy: Policy) -> Markup:
    return tag("b", None, results.label(policy.name))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def what_a_point_is(results: Results) -> Markup:
    """The unit of all outcomes."""
    if results.outcome == MASTERY_GAIN:
        return paragraph(
            "A point is one percentage point of mastery gained between the start and the end of the course, over the "
            "concepts that are the student's goals, whatever is forgotten later."
        )
    if results.outcome == NORMALISED_GAIN:
        return paragraph(
            "A point is one per cent of the mastery that was missing when the course began, over the concepts that "
            "are the student's goals, learned by its end."
        )
    if results.outcome == ENGAGEMENT_KEPT:
        return paragraph(
            "A point is one hundredth of full engagement at the end of the course; whoever has dropped out by then "
            "counts 0."
        )
    if results.outcome == TOTAL_REWARD:
        return paragraph(
            f"Policies are compared by all that the objective, {results.objective}, pays in a course, in points of "
            "its own."
        )
    if results.outcome == MEAN_REWARD:
        return paragraph(
            f"Policies are compared by what the objective, {results.objective}, pays at a decision, on average over "
            "the course: of mean recall, a point is one percentage point."
        )
    return paragraph(
        "A point is one percentage point of the expected score on a test after the course, over the concepts that are "
        "the student's goals, above what the same student would score without any practice."
    )
