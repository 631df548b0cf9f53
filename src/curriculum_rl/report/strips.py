"""Charts of one table row: an interval with its dot, or shares that fill the row.

Positions are percentages, so that a strip fills its cell at any width while its marks and text keep their size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curriculum_rl.report.html import Markup, join, percent, tag
from curriculum_rl.report.scale import Scale, short
from curriculum_rl.report.schema import HEURISTIC, LEARNED, PRIVILEGED

HEIGHT = 26
_MIDDLE = HEIGHT // 2
# A shape for each kind as well as a colour: circle, square, diamond.
_MARKS = {
    LEARNED: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    HEURISTIC: "M-3.8 -3.8h7.6v7.6h-7.6z",
    PRIVILEGED: "M0 -5.5L5.5 0L0 5.5L-5.5 0z",
}


def mark(kind: str, x: str, y: int = _MIDDLE) -> Markup:
    """The dot of a kind of policy at `x` (a percentage or pixels)."""
    path = tag("path", {"class": f"mark {kind}", "d": _MARKS[kind]})
    return tag("svg", {"x": x, "y": y, "overflow": "visible"}, path)


def interval_strip(
    scale: Scale,
    kind: str,
    mean: float,
    low: float,
    high: float,
    *,
    reference: float | None = None,
    small: Sequence[float] = (),
    title: str,
) -> Markup:
    """A dot with its interval; `small` are thin ticks (the seeds), `reference` a dashed line through all rows."""
    parts = [_grid(scale), _reference(scale, reference)]
    parts += [_line(f"seed {kind}", scale, x, x, _MIDDLE - 9, _MIDDLE + 9) for x in small]
    # A band, not whiskers: where it is narrower than the dot it just disappears behind it.
    band = {"x": _at(scale, low), "width": f"{_width(scale, low, high):.3f}%", "y": _MIDDLE - 6, "height": 12, "rx": 2}
    parts.append(tag("rect", {"class": f"band {kind}", **band}))
    parts.append(mark(kind, _at(scale, mean)))
    return _strip(title, *parts)


def range_strip(scale: Scale, kind: str, values: Mapping[str, float], *, title: str) -> Markup:
    """Several groups of one policy on one line: a tick each, the lowest as the dot."""
    lowest, highest = min(values.values()), max(values.values())
    parts = [_grid(scale), _line(f"interval {kind}", scale, lowest, highest, _MIDDLE, _MIDDLE)]
    parts += [_line(f"interval {kind}", scale, x, x, _MIDDLE - 5, _MIDDLE + 5) for x in values.values() if x > lowest]
    parts.append(mark(kind, _at(scale, lowest)))
    return _strip(title, *parts)


def axis_strip(scale: Scale, *, reference: float | None = None, note: str = "") -> Markup:
    """The axis above a column of strips: its round numbers, and what the dashed line is."""
    texts = [
        tag("text", {"x": _at(scale, tick), "y": HEIGHT - 6, "text-anchor": "middle"}, short(tick))
        for tick in scale.ticks(7)
    ]
    if reference is not None:
        anchor = "end" if scale.share(reference) > 0.5 else "start"
        texts.append(tag("text", {"class": "note", "x": _at(scale, reference), "y": 8, "text-anchor": anchor}, note))
    attributes = {"class": "strip axis", "width": "100%", "height": HEIGHT, "aria-hidden": "true"}
    return tag("svg", attributes, *texts)


def share_strip(shares: Mapping[str, float], *, title: str) -> Markup:
    """Shares that sum to one, side by side; a segment says its share where there is room for it."""
    total = sum(shares.values()) or 1.0
    parts: list[Markup] = []
    start = 0.0
    for i, (name, value) in enumerate(shares.items()):
        width = value / total
        if width > 0.0:
            place = {"x": f"{100 * start:.3f}%", "y": 3, "width": f"{100 * width:.3f}%", "height": HEIGHT - 6}
            parts.append(
                tag("rect", {"class": f"form f{i % 12}", **place}, tag("title", None, f"{name}: {percent(width)}"))
            )
        if width >= 0.15:
            middle = {"x": f"{100 * (start + width / 2):.3f}%", "y": _MIDDLE + 4, "text-anchor": "middle"}
            parts.append(tag("text", {"class": f"on-form on-f{i % 12}", **middle}, percent(width)))
        start += width
    return _strip(title, *parts)


def _strip(title: str, *parts: Markup) -> Markup:
    attributes = {"class": "strip", "width": "100%", "height": HEIGHT, "role": "img", "aria-label": title}
    return tag("svg", attributes, tag("title", None, title), *parts)


def _grid(scale: Scale) -> Markup:
    lines = (_line("grid", scale, tick, tick, 0, HEIGHT) for tick in scale.ticks(7))
    return join(*lines)


def _reference(scale: Scale, value: float | None) -> Markup:
    return _line("reference", scale, value, value, 0, HEIGHT) if value is not None else Markup("")


def _line(name: str, scale: Scale, x1: float, x2: float, y1: int, y2: int) -> Markup:
    return tag("line", {"class": name, "x1": _at(scale, x1), "x2": _at(scale, x2), "y1": y1, "y2": y2})


def _at(scale: Scale, value: float) -> str:
    # Two percent of room on both sides, so that a dot at the end is not cut.
    return f"{2.0 + 96.0 * scale.share(value):.3f}%"


def _width(scale: Scale, low: float, high: float) -> float:
    return 96.0 * (scale.share(high) - scale.share(low))
