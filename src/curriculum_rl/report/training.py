"""How the learned policies came to be: score, reward, entropy and forms of activity while they trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from curriculum_rl.report.html import Markup, join, percent, tag
from curriculum_rl.report.layout import figures, form_legend, missing, paragraph, section
from curriculum_rl.report.panels import Line, bands_panel, lines_panel
from curriculum_rl.report.scale import Scale, scale_of, short
from curriculum_rl.report.schema import LEARNED, Curve, Results, Series

MEASURES: tuple[tuple[str, Callable[[Curve], Series]], ...] = (
    ("Score on validation students", lambda curve: curve.validation_return),
    ("Return in training", lambda curve: curve.train_return),
    ("Entropy of the policy", lambda curve: curve.entropy),
)


def training(results: Results) -> Markup:
    """A row of small charts for every learned policy; the same measure has the same axis in all rows."""
    if not any(curve.frames for curve in results.curves):
        learned = any(policy.kind == LEARNED for policy in results.policies)
        none = tag("p", {"class": "missing"}, "No policy was trained in this study.")
        return section("training", "Learning curves", missing("what happened during training") if learned else none)
    x = Scale(0.0, max(max(curve.frames) for curve in results.curves if curve.frames))
    axes = {name: _axis(results.curves, read) for name, read in MEASURES}
    forms = list(dict.fromkeys(form for curve in results.curves for form in curve.forms))
    parts = []
    order = [policy.name for policy in results.policies]
    names = sorted(
        {curve.policy for curve in results.curves},
        key=lambda n: (n not in order, order.index(n) if n in order else 0, n),
    )
    for policy in names:
        runs = [curve for curve in results.curves if curve.policy == policy]
        drawn = []
        for measure, read in MEASURES:
            lines = [line for run in runs if (line := _line(run, read(run)))]
            if lines:
                drawn.append((join(measure), _panel(results, policy, measure, x, axes[measure], lines)))
        for name in dict.fromkeys(name for run in runs for name in run.multipliers):
            lines = [line for run in runs if (line := _line(run, run.multipliers.get(name, ())))]
            axis = scale_of(y for line in lines for _, y in line)
            drawn.append((join(_words(name)), _panel(results, policy, _words(name), x, axis, lines)))
        if forms and any(run.forms for run in runs):
            drawn.append((join("Forms of activity"), _bands(results, policy, x, forms, runs)))
        parts += [tag("h3", None, results.label(policy)), figures(drawn)]
    return section(
        "training",
        "Learning curves",
        paragraph(
            "By the number of student-steps that the policy has seen. Thin lines are training seeds, the thick line "
            "their mean. A curve that still rises at the end would gain from more training."
        ),
        form_legend(forms) if forms else "",
        *parts,
    )


def _words(multiplier: str) -> str:
    """What a series of an adaptive objective is called: `multiplier/north` becomes "Multiplier, north"."""
    kind, _, name = multiplier.partition("/")
    said = {"multiplier": "Multiplier", "measured": "Points of the courses that move it"}.get(kind, kind)
    return f"{said}, {name}" if name else said


def mean_line(lines: Sequence[Line]) -> Line:
    """The mean of lines over the stretch that all of them cover, at the points of any (linear in between)."""
    start, end = max(line[0][0] for line in lines), min(line[-1][0] for line in lines)
    places = sorted({x for line in lines for x, _ in line if start <= x <= end})
    values = [np.interp(places, [x for x, _ in line], [y for _, y in line]) for line in lines]
    return list(zip(places, np.mean(values, axis=0).tolist(), strict=True))


def _axis(curves: Sequence[Curve], read: Callable[[Curve], Series]) -> Scale:
    return scale_of(value for curve in curves for value in read(curve) if value is not None)


def _line(curve: Curve, series: Series) -> Line:
    return [(x, y) for x, y in zip(curve.frames, series, strict=True) if y is not None] if series else []


def _panel(results: Results, policy: str, measure: str, x: Scale, y: Scale, lines: Sequence[Line]) -> Markup:
    mean = mean_line(lines)
    ends = [line[-1][1] for line in lines]
    summary = f"From {short(mean[0][1])} to {short(mean[-1][1])} after {short(mean[-1][0])} student-steps"
    summary += f"; seeds end between {short(min(ends))} and {short(max(ends))}." if len(ends) > 1 else "."
    title = f"{results.label(policy)}: {measure.lower()}"
    return lines_panel(x, y, lines if len(lines) > 1 else [], mean, results.kind(policy), title=title, summary=summary)


def _bands(results: Results, policy: str, x: Scale, forms: Sequence[str], runs: Sequence[Curve]) -> Markup:
    means = {form: mean_line(lines) for form in forms if (lines := _lines_of(runs, form))}
    frames = sorted(set.intersection(*({place for place, _ in line} for line in means.values())))
    shares = np.zeros((len(forms), len(frames)))
    for i, form in enumerate(forms):
        if form in means:
            shares[i] = np.interp(frames, [a for a, _ in means[form]], [b for _, b in means[form]])
    total = shares.sum(axis=0)
    shares = shares / np.where(total > 0, total, 1.0)
    last = ", ".join(f"{form} {percent(float(row[-1]))}" for form, row in zip(forms, shares, strict=True))
    return bands_panel(
        x,
        frames,
        shares.tolist(),
        title=f"{results.label(policy)}: forms of activity in training",
        summary=f"At the end: {last}.",
    )


def _lines_of(runs: Sequence[Curve], form: str) -> list[Line]:
    return [line for run in runs if (line := _line(run, run.forms.get(form, ())))]
