"""What is practised when, and what is known when: one small map of concepts over time for every policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from curriculum_rl.report.html import Markup, join, percent, tag
from curriculum_rl.report.layout import details, figures, missing, paragraph, section, shade_legend, table
from curriculum_rl.report.panels import LEVELS, ROWS_MOST, heatmap_panel
from curriculum_rl.report.schema import ConceptTime, Results, Table


def mastery(results: Results) -> Markup:
    """Heatmaps of mean mastery that can still be recalled."""
    data = results.mastery_over_time
    heading = "Mastery by concept and time"
    if data is None or not data.policies:
        return section("mastery", heading, missing("mastery over time"))
    rows = _aggregate(data, np.mean)
    labels = [percent(i / (LEVELS + 1)) for i in range(LEVELS + 1)]
    return section(
        "mastery",
        heading,
        paragraph(
            "The mean, over the students, of the mastery that they could recall at that time: known, and not yet "
            "forgotten. Rows are concepts in the order of the course, from the top; time runs to the right."
        ),
        shade_legend("Recallable mastery, from:", labels),
        _maps(results, rows, _tenth, "mastery", "Mean at the end of the course", _last_mean),
        _key(rows, unfolded=True),
        _numbers(results, data, "Mastery at the end of the course", lambda t: [t[-1][k] for k in range(len(t[0]))]),
    )


def curriculum_map(results: Results) -> Markup:
    """Heatmaps of the share of choices that each concept got in each bin of time."""
    data = results.concept_map
    heading = "Curriculum map: which concept when"
    if data is None or not data.policies:
        return section("map", heading, missing("which concept was practised when"))
    rows = _aggregate(data, np.sum)
    level = _doubling(len(rows.concepts))
    labels = ["0%", *(_edge(x) for x in _edges(len(rows.concepts)))]
    return section(
        "map",
        heading,
        paragraph(
            "The share of a policy's choices that went to each concept in each stretch of the course. A column sums to "
            "100%. Shades go up in equal ratios, so that a concept that is touched now and then can be seen too."
        ),
        shade_legend("Share of the choices at that time, from:", labels),
        _maps(results, rows, level, "practice", "Practised most", _most_practised),
        _key(rows, unfolded=not results.mastery_over_time),
        _numbers(results, data, "Share of choices over the whole course", lambda t: np.mean(t, axis=0).tolist()),
    )


def _maps(
    results: Results,
    data: ConceptTime,
    level: Callable[[float], int],
    what: str,
    fact: str,
    tell: Callable[[ConceptTime, Table], str],
) -> Markup:
    order = [policy.name for policy in results.policies if policy.name in data.policies]
    order += [name for name in data.policies if name not in order]
    pairs = []
    for name in order:
        values = data.policies[name]
        if not values:
            continue
        rows = {concept: [column[k] for column in values] for k, concept in enumerate(data.concepts)}
        summary = f"{fact}: {tell(data, values)}."
        title = f"{results.label(name)}: {what} by concept and time"
        numbers = [str(k + 1) for k in range(len(rows))]
        panel = heatmap_panel(rows, level, numbers=numbers, title=title, summary=summary)
        caption = join(results.label(name), tag("small", {"class": results.kind(name)}, results.kind(name)))
        pairs.append((caption, panel))
    return tag("div", {"class": "maps"}, figures(pairs))


def _aggregate(data: ConceptTime, combine: Callable[..., float]) -> ConceptTime:
    """At most `ROWS_MOST` rows: with more concepts, neighbours in the course share one."""
    size = math.ceil(len(data.concepts) / ROWS_MOST)
    if size <= 1:
        return data
    starts = range(0, len(data.concepts), size)
    concepts = tuple(f"{data.concepts[i]} … {data.concepts[min(i + size, len(data.concepts)) - 1]}" for i in starts)
    policies = {
        name: tuple(tuple(float(combine(column[i : i + size])) for i in starts) for column in values)
        for name, values in data.policies.items()
    }
    return ConceptTime(concepts, policies)


def _key(data: ConceptTime, unfolded: bool) -> Markup:
    items = [tag("li", None, concept) for concept in data.concepts]
    return details("Which number is which concept", tag("ol", {"class": "concepts"}, *items), unfolded=unfolded)


def _numbers(results: Results, data: ConceptTime, caption: str, column: Callable[[Table], Sequence[float]]) -> Markup:
    order = [policy.name for policy in results.policies if data.policies.get(policy.name)]
    columns = [column(data.policies[name]) for name in order]
    rows = [[concept, *(percent(values[k]) for values in columns)] for k, concept in enumerate(data.concepts)]
    headers = ["Concept", *(results.label(name) for name in order)]
    return details("The same as numbers", table("numbers", caption, headers, rows))


def _tenth(value: float) -> int:
    return min(LEVELS, max(0, int(value * (LEVELS + 1))))


def _edges(concepts: int) -> list[float]:
    """Where the shades 1 to `LEVELS` begin: from an eighth of an equal share to 60%, in equal ratios."""
    low, high = math.log(0.125 / max(1, concepts)), math.log(0.6)
    return [math.exp(low + (high - low) * i / (LEVELS - 1)) for i in range(LEVELS)]


def _doubling(concepts: int) -> Callable[[float], int]:
    edges = _edges(concepts)
    return lambda share: sum(share >= edge for edge in edges)


def _edge(share: float) -> str:
    return f"{100 * share:.1f}%" if share < 0.1 else f"{100 * share:.0f}%"


def _most_practised(data: ConceptTime, values: Table) -> str:
    shares = np.mean(values, axis=0)
    top = np.argsort(-shares, kind="stable")[:3]
    return ", ".join(f"{data.concepts[k]} {percent(float(shares[k]))}" for k in top)


def _last_mean(data: ConceptTime, values: Table) -> str:
    return percent(float(np.mean(values[-1])))
