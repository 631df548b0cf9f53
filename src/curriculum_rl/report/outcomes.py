"""Outcome of every policy, the planned comparisons, and which forms of activity each policy uses."""

from __future__ import annotations

from curriculum_rl.report.html import Markup, between, join, p_value, percent, points, signed, tag
from curriculum_rl.report.layout import (
    details,
    form_legend,
    kind_legend,
    missing,
    paragraph,
    policy_name,
    section,
    table,
)
from curriculum_rl.report.scale import scale_of
from curriculum_rl.report.schema import HEURISTIC, Results
from curriculum_rl.report.strips import axis_strip, interval_strip, share_strip
from curriculum_rl.report.summary import verdict_words


def outcomes(results: Results) -> Markup:
    """Every policy's mean with its interval, the best first."""
    held = [x for p in results.policies for x in (p.ci_low, p.ci_high, p.mean, *p.seed_means)]
    scale = scale_of(held)
    strongest = results.best([HEURISTIC])
    reference = strongest.mean if strongest else None
    rows = []
    for policy in results.policies:
        words = f"{policy.mean:.2f} points, 95% interval {policy.ci_low:.2f} to {policy.ci_high:.2f}"
        strip = interval_strip(
            scale, policy.kind, policy.mean, policy.ci_low, policy.ci_high, reference=reference,
            small=policy.seed_means if len(policy.seed_means) > 1 else (), title=f"{policy.label}: {words}",
        )  # fmt: skip
        rows.append(
            [policy_name(results, policy.name), strip, _mean_and_interval(policy.mean, policy.ci_low, policy.ci_high)]
        )
    axis = axis_strip(scale, reference=reference, note="strongest heuristic")
    return section(
        "outcomes",
        "Outcome of every policy",
        paragraph(
            "Mean over the students, in points, with its 95% interval. All policies taught the same students under the "
            "same luck, so two policies can differ clearly although their intervals overlap: the paired differences "
            "are below. Thin ticks are the training seeds."
        ),
        kind_legend(results.policies),
        table("strips", "Outcome of every policy, points", ["Policy", axis, "Mean (95% interval)"], rows),
        _kept(results),
        details("All numbers by policy", all_numbers(results)),
    )


def _kept(results: Results) -> Markup:
    """What the policies that were trained elsewhere keep of the gain of those trained here."""
    if not results.kept:
        return Markup("")
    rows = []
    for k in results.kept:
        low, share, high = (None if x is None else 100.0 * x for x in (k.ci_low, k.share, k.ci_high))
        shown = [points(share), between(low, high) if share is not None else "–"]
        rows.append([policy_name(results, k.policy), policy_name(results, k.native), *shown])
    footing = (
        "The mean of a policy that was trained elsewhere over that of one with the same network and tracker that was "
        "trained in this world, on the same students. No share is given where the latter is not clear of zero."
    )
    headers = ["Trained elsewhere", "Trained here", "Share, %", "95% interval"]
    return table("numbers", "Share of the gain that is kept", headers, rows, footing)


def comparisons(results: Results) -> Markup:
    """The planned pairs: difference, interval, adjusted p, and what could have been seen."""
    if not results.comparisons:
        return section("comparisons", "Planned comparisons", missing("any planned comparison"))
    order = [policy.name for policy in results.policies]
    pairs = sorted(results.comparisons, key=lambda p: (order.index(p.policy), order.index(p.baseline)))
    scale = scale_of((x for p in pairs for x in (p.ci_low, p.ci_high)), include=[0.0])
    parts = []
    for name in dict.fromkeys(pair.policy for pair in pairs):
        rows = []
        for pair in (pair for pair in pairs if pair.policy == name):
            words = f"{results.label(name)} minus {results.label(pair.baseline)}: {signed(pair.difference)} points"
            strip = interval_strip(
                scale, results.kind(name), pair.difference, pair.ci_low, pair.ci_high, reference=0.0, title=words
            )
            rows.append([
                policy_name(results, pair.baseline), strip,
                _mean_and_interval(pair.difference, pair.ci_low, pair.ci_high, sign=True),
                p_value(pair.p_adjusted), percent(pair.probability_of_improvement),
                points(pair.smallest_visible_effect),
                tag("span", {"class": f"verdict {verdict_words(pair).split()[0]}"}, verdict_words(pair)),
            ])  # fmt: skip
        headers = ["Against", axis_strip(scale, reference=0.0, note="no difference"), "Difference (95% interval)",
                   "p, adjusted", "Students better off", "Smallest visible effect", "Verdict"]  # fmt: skip
        parts.append(tag("h3", None, results.label(name)))
        parts.append(table("strips stack wide", f"{results.label(name)} against each baseline, points", headers, rows))
    return section(
        "comparisons",
        "Planned comparisons",
        paragraph(
            "Differences on the same students. p is adjusted for the number of planned pairs (Holm). “Students better "
            "off” is the share that scores higher with the policy than with the baseline, ties counting half. The "
            "smallest visible effect is the true difference that such a study would find four times in five, taken "
            "by itself: “no clear difference” means that the difference is probably smaller than that, not that there "
            "is none."
        ),
        *parts,
    )


def forms(results: Results) -> Markup:
    """The share of each form of activity in each policy's choices."""
    names = list(dict.fromkeys(form for policy in results.policies for form in policy.forms))
    if not names:
        return section("forms", "Forms of activity", missing("which forms of activity the policies used"))
    rows = []
    for policy in results.policies:
        shares = {form: policy.forms.get(form, 0.0) for form in names}
        told = ", ".join(f"{form} {percent(share)}" for form, share in shares.items())
        top = max(shares, key=lambda form: shares[form])
        strip = share_strip(shares, title=f"{policy.label}: {told}") if policy.forms else Markup("")
        words = join(top, " ", percent(shares[top])) if policy.forms else join("not recorded")
        rows.append([policy_name(results, policy.name), strip, words])
    return section(
        "forms",
        "Forms of activity",
        paragraph(
            "The share of each form in a policy's choices. A learned policy that collapsed to a habit shows here: one "
            "colour fills its row."
        ),
        form_legend(names),
        table("strips", "Share of each form of activity", ["Policy", "Share of choices", "Most used"], rows),
    )


def all_numbers(results: Results) -> Markup:
    """Every number of every policy in one table."""
    headers = [
        "Policy", "Kind", "Mean", "95% interval", "IQM", "Sampled play", "Delayed test", "Mastery", "Minutes",
        "Activities", "Mean of each seed",
    ]  # fmt: skip
    rows = [
        [
            policy_name(results, p.name), p.kind, points(p.mean), between(p.ci_low, p.ci_high), points(p.iqm),
            points(p.sampled_mean), points(p.delayed_test_gain_mean), points(p.mastery_gain_mean),
            _whole(p.minutes_mean), _whole(p.decisions_mean), ", ".join(points(mean) for mean in p.seed_means) or "–",
        ]
        for p in results.policies
    ]  # fmt: skip
    footing = (
        "IQM: mean of the middle half of the scores. Sampled play: the mean when a learned policy draws its choices "
        "instead of taking the most probable. Delayed test and mastery: points gained of each, whichever of the two "
        "is compared above. Minutes and activities: per student."
    )
    return table("numbers", "All numbers by policy, points unless said", headers, rows, footing)


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _mean_and_interval(mean: float, low: float, high: float, sign: bool = False) -> Markup:
    return join(
        tag("b", None, signed(mean) if sign else points(mean)), " ", tag("small", None, f"({between(low, high)})")
    )
