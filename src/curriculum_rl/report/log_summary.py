"""The page of an imported log: what is in it, and which questions it can answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.logs.importing import Imported
from curriculum_rl.logs.manifest import Manifest
from curriculum_rl.logs.rejects import REASONS
from curriculum_rl.logs.summary import GAPS, Part, Summary, shown
from curriculum_rl.report.document import document
from curriculum_rl.report.html import Markup, percent, tag
from curriculum_rl.report.layout import paragraph, section, table

LEAST: Final = 10
"""Students in the smallest group that is shown."""
_MOST: Final = 15


def page(imported: Imported, summary: Summary) -> str:
    """The page as HTML."""
    manifest = imported.manifest
    heading = tag("header", None, tag("h1", None, "An imported log"), paragraph(manifest.about.source))
    parts = [
        _questions(manifest, summary),
        _counts(imported, summary),
        _students(summary),
        _times(manifest, summary),
        _parts("skills", "Skills", summary.skills, "skill"),
    ]
    for name, group in summary.groups.items():
        parts.append(_parts(name, name.removeprefix("group_").replace("_", " ").capitalize(), group, "group"))
    return document("An imported log", heading, tag("main", None, *parts))


def answers(manifest: Manifest, summary: Summary) -> list[tuple[str, str, str]]:
    """Questions, whether this log can answer them, and why."""
    answered = summary.whole.answered
    rows = manifest.rows
    right = f"{answered:,} of {rows:,} rows have an answer" if answered < rows else "every row has an answer"
    some_skills = manifest.filled.get("skills", 0)
    tagged = "no row names a skill: give a q-matrix"
    if some_skills:
        tagged = f"{len(summary.skills):,} skills, on {percent(some_skills / rows)} of the rows"
    learn = "yes" if answered and some_skills else "in part" if answered else "no"
    timed = not manifest.order_only
    times = "every row has its time" if timed else "the log tells an order, and no times"
    slow = manifest.filled.get("duration_s", 0)
    stops = f"{summary.ended:,} rows say how an episode ended" if summary.ended else "no row says how an episode ended"
    groups = ", ".join(name.removeprefix("group_") for name in manifest.groups)
    return [
        ("How hard are the items, and who knows what?", "yes" if answered else "no", right),
        ("How do students learn each skill?", learn, tagged),
        ("What is forgotten between sessions?", "yes" if timed else "no", times),
        ("How long do answers take?", _share(slow, rows), f"{slow:,} of {rows:,} rows have a duration"),
        ("Who stops, and why?", "yes" if summary.ended else "no", stops),
        ("Do groups differ?", "yes" if groups else "no", groups or "no column of groups: name some with --group"),
        ("Would another strategy have taught better?", *_another(manifest, summary)),
    ]


def _share(filled: int, rows: int) -> str:
    return "yes" if filled == rows else "in part" if filled else "no"


def _filled(manifest: Manifest, column: str) -> str:
    filled = manifest.filled.get(column, 0)
    return f"{column}, on {filled:,} of {manifest.rows:,} rows" if filled else column


def _another(manifest: Manifest, summary: Summary) -> tuple[str, str]:
    """Whether reweighting could tell, and what is missing for it."""
    if manifest.about.aggregated:
        return "no", "a row sums up several answers: no single choice can be reweighted"
    if summary.no_choice and not summary.chosen_by_chance:
        return "no", "every logged choice was certain (propensity 1): there is nothing to compare it with"
    missing = []
    if not manifest.eligible:
        missing.append(f"what else could have been chosen ({_filled(manifest, 'eligible')})")
    if not manifest.propensity:
        missing.append(f"how likely each choice was ({_filled(manifest, 'propensity')})")
    if not missing:
        reward = "" if manifest.reward else "; what it is worth must be told (no reward)"
        return "yes", f"each choice was one of several, with a known probability{reward}"
    chance = "chance chose" if manifest.about.randomised else "nothing says that chance chose"
    why = f"the log does not tell {' nor '.join(missing)}; {chance}"
    return "not by itself", f"{why}. An estimate of it could be reversed by reasons that were not recorded"


def _questions(manifest: Manifest, summary: Summary) -> Markup:
    rows = [(question, tag("b", None, answer), why) for question, answer, why in answers(manifest, summary)]
    note = "" if not manifest.about.notes else " ".join(manifest.about.notes)
    return section(
        "questions",
        "What this log can answer",
        table("stack", "Questions, and what the log has for them", ["Question", "Can it?", "Why"], rows, note),
    )


def _counts(imported: Imported, summary: Summary) -> Markup:
    manifest, counts = imported.manifest, imported.counts
    rows: list[Sequence[object]] = [
        ("students", f"{manifest.students:,}"),
        ("items", f"{manifest.activities:,}"),
        ("skills", f"{len(summary.skills):,}"),
        ("rows read", f"{counts.read:,}"),
        ("rows in the log", f"{counts.accepted:,}"),
        ("merged into another row", f"{counts.merged:,}"),
        ("left out", f"{counts.rejected:,}"),
        ("sorted into their place", f"{imported.unordered:,}"),
        *((f"rows: {kind}", f"{count:,}") for kind, count in sorted(summary.events.items())),
    ]
    out = [table("plain", "How much there is", ["What", "How many"], rows)]
    if imported.rejects:
        faults = [(f"{count:,}", code, REASONS[code]) for code, count in sorted(imported.rejects.items())]
        words = "Each is listed by file and line beside the log; no value of a student is."
        out.append(table("stack", "Rows left out", ["How many", "Code", "Reason"], faults, words))
    return section("counts", "How much there is", *out)


_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


def _students(summary: Summary) -> Markup:
    whole = summary.whole.rate
    base = "No row has an answer." if whole is None else f"The mean answer is {whole:.3f}, over all rows that have one."
    rates = [part.rate for part in summary.items.values() if part.students >= LEAST and part.rate is not None]
    spreads: list[tuple[str, Sequence[float] | Int | Float, str]] = [
        ("rows of a student", summary.per_student, "{:,.0f}"),
        ("mean answer of a student", summary.rates, "{:.2f}"),
        (f"mean answer of an item with {LEAST} students or more", rates, "{:.2f}"),
        ("seconds that an answer took", summary.durations, "{:.1f}"),
    ]
    if len(summary.per_student) < LEAST:
        told = paragraph(f"With fewer than {LEAST} students, how they differ is not shown.")
    else:
        heads = ["What", *(f"{share:.0%}" for share in _QUANTILES)]
        rows = [(name, *(form.format(v) for v in np.quantile(x, _QUANTILES))) for name, x, form in spreads if len(x)]
        note = "Each column: so large a share of them are at most this."
        told = table("plain", "How they are spread", heads, rows, note)
    return section("rates", "Students and answers", paragraph(base), told)


def _times(manifest: Manifest, summary: Summary) -> Markup:
    if summary.first is None or summary.last is None:
        return section("times", "Times", paragraph("The log tells the order of a student's rows, and no times."))
    if manifest.filled.get("timestamp"):
        first, last = (datetime.fromtimestamp(t, UTC).date().isoformat() for t in (summary.first, summary.last))
        words = f"From {first} to {last}."
    else:
        days = (summary.last - summary.first) / 86_400
        words = f"Times are counted from a start that is no date, over {days:,.1f} days."
    total = max(int(summary.gaps.sum()), 1)
    names = [f"up to {name}" for name, _ in GAPS] + ["longer"]
    rows = [(n, f"{count:,}", percent(count / total)) for n, count in zip(names, summary.gaps.tolist(), strict=True)]
    gaps = table("plain", "Time between a student's rows", ["Gap", "How often", "Share"], rows)
    return section("times", "Times", paragraph(words), gaps)


def _parts(anchor: str, heading: str, parts: dict[str, Part], what: str) -> Markup:
    seen = list(shown(parts, LEAST, _MOST))
    rows = [
        (name, f"{part.students:,}", f"{part.rows:,}", "–" if part.rate is None else f"{part.rate:.2f}")
        for name, part in seen
    ]
    if not rows:
        words = "None is named." if not parts else f"None has {LEAST} students or more, so none is shown."
        return section(anchor, heading, paragraph(words))
    more = len(parts) - len(seen)
    note = f"{more:,} more are not shown: smaller, or with fewer than {LEAST} students." if more else ""
    heads = [heading, "Students", "Rows", "Mean answer"]
    return section(anchor, heading, table("plain", f"The largest, by {what}", heads, rows, note))
