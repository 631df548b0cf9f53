"""The page of a judgement: what a log of one strategy says of others, or why it cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from curriculum_rl.evaluation.cross_simulator import Word
from curriculum_rl.ope.diagnostics import Diagnostics
from curriculum_rl.ope.judgement import BINS, Judgement, Line, Range, Strategy
from curriculum_rl.report.document import document
from curriculum_rl.report.html import Markup, between, join, percent, points, signed, tag
from curriculum_rl.report.layout import details, figures, paragraph, section, table
from curriculum_rl.report.panels import lines_panel
from curriculum_rl.report.scale import Scale, scale_of
from curriculum_rl.report.schema import HEURISTIC
from curriculum_rl.report.strips import HEIGHT, axis_strip, interval_strip

BLANK = tag("svg", {"class": "strip", "width": "100%", "height": HEIGHT, "aria-hidden": "true"})
LOOK = {"answer": "", "withheld": "no", "refused": "worse"}
WORDS = {
    "answer": "the log can speak of it",
    "withheld": "withheld: too little to rank by",
    "refused": "refused: the log cannot tell",
}


def page(found: Judgement) -> str:
    """The page as HTML."""
    about = found.log.about
    head = [
        tag("h1", None, "What would another strategy have done?"),
        paragraph(about.source),
        tag("div", {"class": "cards"}, *(_card(one) for one in found.strategies)),
    ]
    body = [_answers(found), _estimates(found)]
    body += [_rests_on(one, found) for one in found.strategies if one.diagnostics is not None]
    body += [_groups(found), _simulators(found), _setting(found)]
    return document("Judged by a log", tag("header", None, *head), tag("main", None, *body))


def _card(one: Strategy) -> Markup:
    line = one.lines[0]
    change = "–" if line.difference.value is None else signed(line.difference.value)
    return tag(
        "div",
        {"class": "card"},
        tag("span", None, one.policy),
        tag("strong", None, change if line.verdict.word == "answer" else "?"),
        tag("em", None, line.answer),
        tag("span", None, f"by {line.estimator}, against what was used"),
    )


def _answers(found: Judgement) -> Markup:
    """Everything that was said, strategy by strategy."""
    parts = []
    for one in found.strategies:
        words: dict[str, list[str]] = {}
        for line in one.lines:
            for told in line.verdict.warnings:
                words.setdefault(told, []).append(line.estimator)
        everywhere = len(one.lines)
        items = [
            tag("li", None, told, tag("small", None, "" if len(by) == everywhere else f" ({', '.join(by)})"))
            for told, by in words.items()
        ]
        line = one.lines[0]
        word = tag(
            "span",
            {"class": "verdict worse" if line.verdict.word == "refused" else "verdict"},
            WORDS[line.verdict.word],
        )
        parts.append(join(tag("h3", None, f"{one.policy}: {line.answer}"), paragraph(word)))
        parts.append(tag("ul", None, *items) if items else paragraph("Nothing speaks against this answer."))
    return section("answers", "In plain words", *parts)


def _estimates(found: Judgement) -> Markup:
    lines = [line for one in found.strategies for line in one.lines]
    shown = [line for line in lines if line.difference.value is not None]
    held = [x for line in shown for x in (line.difference.low, line.difference.high) if x is not None]
    scale = scale_of(held, include=(0.0,))
    rows = [_logged(found), *(_estimate(line, scale) for line in lines)]
    axis: object = axis_strip(scale, reference=0.0, note="as logged") if held else ""
    words = paragraph(
        "Mean return of a student: the sum of rewards over the course. The chart shows how much more than what was "
        "used, student by student, with the interval. Every estimator that was asked for is shown; the first was to "
        "be the answer before anything was seen."
    )
    heads = ["Strategy", axis, "Return (interval)", "Rests on", "Verdict"]
    return section("estimates", "Every estimate", words, table("strips", "Every estimate", heads, rows))


def _logged(found: Judgement) -> list[object]:
    base = found.baseline
    if base is None:
        return ["what was used", BLANK, "–", f"{found.log.students:,}", ""]
    return ["what was used", BLANK, _range(base.own), f"{base.students:,}", ""]


def _estimate(line: Line, scale: Scale) -> list[object]:
    strip = BLANK
    low, value, high = line.difference.low, line.difference.value, line.difference.high
    if value is not None and low is not None and high is not None:
        told = f"{line.policy} by {line.estimator}: {signed(value)}, interval {between(low, high)}"
        strip = interval_strip(scale, HEURISTIC, value, low, high, reference=0.0, title=told)
    ess = "a model" if line.ess is None and value is not None else "–" if line.ess is None else f"{line.ess:,.0f}"
    word = tag("span", {"class": f"verdict {LOOK[line.verdict.word]}"}, line.verdict.word)
    name = tag("span", {"class": "who"}, line.policy, tag("small", None, line.estimator))
    return [name, strip, _range(line.own), ess, word]


def _range(of: Range) -> str:
    return "–" if of.value is None else f"{points(of.value)} ({between(of.low, of.high)})"


def _rests_on(one: Strategy, found: Judgement) -> Markup:
    """Weights, effective students by decision, and what is off support."""
    seen = one.diagnostics
    assert seen is not None
    over = seen.overlap
    words = paragraph(
        f"{one.policy} agrees with what was logged so far that {over.students:,} students count as "
        f"{over.effective:,.0f} by their weights; the largest weight is {percent(over.largest_share)} of all. "
        f"{percent(seen.support.share)} of its choices are of activities that the log never shows in such situations."
    )
    panels = figures(_by_step(seen)) if len(seen.steps) > 1 else ""
    rows = [[_bin(i), f"{count:,}"] for i, count in enumerate(one.weights) if count]
    weights = table("narrow", "Students by weight", ["Weight", "Students"], rows)
    return section(f"rests-{one.policy}", f"What the answer on {one.policy} rests on", words, panels, weights)


def _by_step(seen: Diagnostics) -> list[tuple[Markup, Markup]]:
    steps = seen.steps
    x = Scale(0.5, len(steps) + 0.5)
    drawn = (
        ("Effective students", [s.effective for s in steps], (0.0,), "by decision"),
        ("Mean weight", [s.mean for s in steps], (0.9, 1.1), "1 if the probabilities are right"),
        ("Off support", [s.off_support for s in steps], (0.0, 0.1), "share of choices"),
    )
    found = []
    for title, values, include, note in drawn:
        line = [(i + 1.0, float(v)) for i, v in enumerate(values) if np.isfinite(v)]
        y = scale_of([v for _, v in line], (*include, 0.0), margin=0.02)
        caption = join(tag("b", None, title), " ", tag("small", None, note))
        told = f"from {values[0]:.3g} at the first decision to {values[-1]:.3g} at the last"
        found.append((caption, lines_panel(x, y, (), line, HEURISTIC, title=title, summary=told)))
    return found


def _bin(i: int) -> str:
    low, high = BINS[i], BINS[i + 1]
    if i == 0:
        return "0: did something that it never does"
    return f"over {low:g}" if np.isinf(high) else f"{low:g} to {high:g}" if i > 1 else f"up to {high:g}"


def _groups(found: Judgement) -> Markup:
    parts = []
    for one in found.strategies:
        for axis, groups in one.groups.items():
            rows = []
            for group in groups:
                if group.suppressed:
                    rows.append([group.group or "not known", "withheld: too few", "", "", ""])
                    continue
                word = "" if group.verdict is None else group.verdict.word
                told = Range(group.value, group.low, group.high) if word != "refused" else Range()
                rows.append([
                    group.group or "not known", f"{group.students:,}", _range(told),
                    "–" if group.effective is None else f"{group.effective:,.0f}",
                    tag("span", {"class": f"verdict {LOOK.get(word, '')}"}, word),
                ])  # fmt: skip
            heads = ["Group", "Students", "Return (interval)", "Rests on", "Verdict"]
            caption = f"{one.policy} by {axis}"
            parts.append(join(tag("h3", None, caption), table("wide", caption, heads, rows)))
    if not parts:
        return Markup("")
    least = found.method.thresholds.smallest_group
    words = paragraph(
        f"Each group is judged as if it were the whole log, by {found.strategies[0].lines[0].estimator}. Groups of "
        f"fewer than {least} students are withheld, and so is another where one could be found by subtraction."
    )
    return section("groups", "For whom", words, *parts)


def _simulators(found: Judgement) -> Markup:
    if not found.models.simulated:
        return Markup("")
    rows = []
    for name in found.models.simulated[0].means:
        cells: list[object] = [name]
        for one in found.models.simulated:
            told = _range(one.means[name])
            cells.append(join(tag("s", None, told), " trained here") if name in one.natives else told)
        rows.append(cells)
    heads = ["Strategy", *(join(one.world, tag("small", None, f" {one.fit}")) for one in found.models.simulated)]
    verdicts = [
        tag("li", None, f"{v.policy} against {v.baseline}: {v.word.value}")
        for v in found.models.verdicts
        if v.word is not Word.SILENT
    ]
    words = paragraph(
        f"The same strategies in student models ({found.models.words}), the other kind of evidence: no support is "
        "needed, but a model that is right. A score where the strategy was trained is struck through and counts for "
        "nothing."
    )
    return section(
        "simulators", "In simulators", words, table("wide", "Strategies by simulators", heads, rows),
        tag("ul", None, *verdicts) if verdicts else "",
    )  # fmt: skip


def _setting(found: Judgement) -> Markup:
    """Thresholds, and what the log says of itself."""
    out, of = found.left_out
    base = found.baseline
    facts: dict[str, object] = {
        "rows": f"{found.log.rows:,}",
        "students": f"{found.log.students:,}",
        "activities": f"{found.log.activities:,}",
        "logged strategy": found.log.about.behaviour or "not known",
        "reward": found.log.about.objective or "as logged",
        "discount": found.method.discount,
        "probabilities of choices": "logged"
        if base is None or base.fit is None
        else f"estimated for {base.fit.decisions:,} of {base.decisions:,} decisions",
    }
    if out:
        facts["parts of the log left out, for want of memory"] = f"{out} of {of}"
    if base is not None and base.fit is not None:
        fit = base.fit
        facts["log-loss of estimated probabilities"] = f"{fit.log_loss:.3f} (an even choice {fit.uniform:.3f})"
        facts["their calibration error"] = f"{fit.calibration_error:.3f}"
    limits: Mapping[str, object] = asdict(found.method.thresholds)
    return section(
        "setting", "How it was judged",
        table("narrow", "The log", ["What", "Value"], [[k, str(v)] for k, v in facts.items()]),
        details("Thresholds of the verdict", table(
            "narrow", "Thresholds", ["Threshold", "Value"], [[k.replace("_", " "), str(v)] for k, v in limits.items()]
        )),
    )  # fmt: skip
