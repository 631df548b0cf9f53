"""The pieces that every section is put together from: section, table, legend, figure."""

from __future__ import annotations

from collections.abc import Sequence

from curriculum_rl.report.html import Markup, join, tag
from curriculum_rl.report.schema import HEURISTIC, LEARNED, PRIVILEGED, Policy, Results
from curriculum_rl.report.strips import HEIGHT, mark

KIND_WORDS = {
    LEARNED: "learned",
    HEURISTIC: "heuristic",
    PRIVILEGED: "privileged: sees the student's hidden state, cannot be deployed",
}


def section(anchor: str, heading: str, *children: object) -> Markup:
    """A part of the page that the contents point to."""
    title = tag("h2", {"id": f"{anchor}-heading"}, heading)
    return tag("section", {"id": anchor, "aria-labelledby": f"{anchor}-heading"}, title, *children)


def paragraph(*children: object) -> Markup:
    return tag("p", None, *children)


def missing(what: str) -> Markup:
    """A sentence in the place of a part that the study did not record."""
    return tag("p", {"class": "missing"}, f"This study did not record {what}.")


def table(
    name: str, caption: str, headers: Sequence[object], rows: Sequence[Sequence[object]], footing: str = ""
) -> Markup:
    """A table whose first column heads its rows. On a narrow screen "stack" tables show each row's cells.

    Roles are written out because a table that is laid out as cards loses them in some browsers.
    """
    heads = [tag("th", {"scope": "col", "role": "columnheader"}, header) for header in headers]
    words = [header if not isinstance(header, Markup) else "" for header in headers]
    body = []
    for cells in rows:
        first = tag("th", {"scope": "row", "role": "rowheader"}, cells[0])
        others = [
            tag("td", {"role": "cell", "data-label": words[i] or None, "class": _kind_of(cell)}, cell)
            for i, cell in enumerate(cells[1:], start=1)
        ]
        body.append(tag("tr", {"role": "row"}, first, *others))
    whole = tag(
        "table",
        {"class": name, "role": "table"},
        tag("caption", None, caption),
        tag("thead", {"role": "rowgroup"}, tag("tr", {"role": "row"}, *heads)),
        tag("tbody", {"role": "rowgroup"}, *body),
    )
    region = {"class": "scroll", "role": "region", "tabindex": "0", "aria-label": caption}
    return join(tag("div", region, whole), tag("p", {"class": "footing"}, footing) if footing else "")


def _kind_of(cell: object) -> str:
    return "chart" if isinstance(cell, Markup) and cell.startswith("<svg") else "value"


def policy_name(results: Results, name: str) -> Markup:
    """A policy's label, and under it in small its code name and what it believes with."""
    policy = results.policy(name)
    if policy is None:
        return tag("span", {"class": "who"}, name)
    small = [tag("code", None, policy.name)]
    if policy.tracker:
        small.append(join(" on ", policy.tracker))
    if not policy.deployable:
        small.append(tag("b", {"class": "flag"}, "privileged"))
    return tag("span", {"class": "who"}, policy.label, tag("small", None, *small))


def kind_legend(policies: Sequence[Policy]) -> Markup:
    """What the shapes and colours of the dots mean, for the kinds that are there."""
    kinds = {policy.kind for policy in policies}
    items = []
    for kind, words in KIND_WORDS.items():
        if kind in kinds:
            box = {"width": 18, "height": HEIGHT, "class": "key", "aria-hidden": "true"}
            items.append(tag("li", None, tag("svg", box, mark(kind, "9")), words))
    return tag("ul", {"class": "legend"}, *items)


def form_legend(forms: Sequence[str]) -> Markup:
    """What the colours of the forms of activity mean."""
    swatches = [tag("li", None, _swatch(f"f{i % 12}"), form) for i, form in enumerate(forms)]
    return tag("ul", {"class": "legend"}, *swatches)


def shade_legend(words: str, labels: Sequence[str]) -> Markup:
    """The shades of a heatmap, each with the value it begins at."""
    shades = [tag("li", None, _swatch(f"h{i}"), label) for i, label in enumerate(labels)]
    return join(tag("p", {"class": "shades-words"}, words), tag("ol", {"class": "legend shades"}, *shades))


def _swatch(name: str) -> Markup:
    box = tag("rect", {"class": name, "width": "100%", "height": "100%"})
    return tag("svg", {"class": "swatch", "aria-hidden": "true"}, box)


def figures(panels: Sequence[tuple[Markup, Markup]]) -> Markup:
    """Small multiples: each a (caption, panel), as many beside each other as there is room for."""
    drawn = [tag("figure", None, tag("figcaption", None, caption), panel) for caption, panel in panels]
    return tag("div", {"class": "figures"}, *drawn)


def details(summary: str, *children: object, unfolded: bool = False) -> Markup:
    """Folded away until asked for, unless `unfolded`."""
    return tag("details", {"open": "" if unfolded else None}, tag("summary", None, summary), *children)
