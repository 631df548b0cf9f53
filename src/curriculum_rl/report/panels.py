"""Charts that stand alone: curves over training, bands of shares, heatmaps of concepts over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from curriculum_rl.report.html import Markup, percent, tag
from curriculum_rl.report.scale import Scale, short

WIDTH, HEIGHT = 250, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 6, 8, 24
ROWS_MOST = 60
LEVELS = 9

Line = Sequence[tuple[float, float]]


def lines_panel(
    x: Scale, y: Scale, thin: Sequence[Line], thick: Line, kind: str, *, title: str, summary: str
) -> Markup:
    """Thin lines (the seeds) under a thick one (their mean)."""
    parts = [_axes(x, y)]
    parts += [_path(x, y, line, f"thin {kind}") for line in thin]
    parts.append(_path(x, y, thick, f"thick {kind}"))
    return _panel(title, summary, WIDTH, HEIGHT, parts)


def bands_panel(
    x: Scale, frames: Sequence[float], shares: Sequence[Sequence[float]], *, title: str, summary: str
) -> Markup:
    """Shares that sum to one at each of `frames`, one band above the other; `shares` has a row for each band."""
    y = Scale(0.0, 1.0)
    floor = [0.0] * len(frames)
    parts: list[Markup] = []
    for i, row in enumerate(shares):
        ceiling = [a + b for a, b in zip(floor, row, strict=True)]
        edge = [*zip(frames, ceiling, strict=True), *reversed(list(zip(frames, floor, strict=True)))]
        parts.append(_path(x, y, edge, f"form f{i % 12}", closed=True))
        floor = ceiling
    parts.append(_axes(x, y, percent))
    return _panel(title, summary, WIDTH, HEIGHT, parts)


def heatmap_panel(
    rows: Mapping[str, Sequence[float]],
    level: Callable[[float], int],
    *,
    numbers: Sequence[str],
    title: str,
    summary: str,
) -> Markup:
    """Rows are concepts, columns bins of time; `level` picks one of the `LEVELS` + 1 shades of a value.

    Cells of one shade are one path, so that twenty-five maps stay small; a row says its values when pointed at.
    """
    bins = max((len(values) for values in rows.values()), default=1)
    cell_w, cell_h = 200 / bins, max(4.0, min(12.0, 220 / max(1, len(rows))))
    left, height = 34, cell_h * len(rows)
    shades: dict[int, list[str]] = {}
    pointed: list[Markup] = []
    ticks: list[Markup] = []
    for i, (name, values) in enumerate(rows.items()):
        for j, value in enumerate(values):
            corner = f"M{left + j * cell_w:.2f} {i * cell_h:.2f}"
            shades.setdefault(level(value), []).append(f"{corner}h{cell_w:.2f}v{cell_h:.2f}h-{cell_w:.2f}z")
        place = {"x": left, "y": f"{i * cell_h:.2f}", "width": 200, "height": f"{cell_h:.2f}"}
        told = f"{name}: {', '.join(percent(value) for value in values)}"
        pointed.append(tag("rect", {"class": "row", **place}, tag("title", None, told)))
        if len(rows) <= 10 or i == 0 or (i + 1) % 5 == 0:
            spot = {"x": left - 5, "y": f"{(i + 0.5) * cell_h + 3.5:.2f}", "text-anchor": "end"}
            ticks.append(tag("text", spot, numbers[i]))
    cells = [tag("path", {"class": f"h{shade}", "d": "".join(d)}) for shade, d in sorted(shades.items())]
    foot = f"{height + 14:.2f}"
    ticks.append(tag("text", {"x": left, "y": foot}, "start"))
    ticks.append(tag("text", {"x": left + 200, "y": foot, "text-anchor": "end"}, "end of course"))
    return _panel(title, summary, left + 202, height + 18, [*cells, *pointed, *ticks])


def _axes(x: Scale, y: Scale, write: Callable[[float], str] = short) -> Markup:
    parts: list[Markup] = []
    for tick in y.ticks(5):
        at = _y(y, tick)
        parts.append(tag("line", {"class": "grid", "x1": _LEFT, "x2": WIDTH - _RIGHT, "y1": at, "y2": at}))
        parts.append(tag("text", {"x": _LEFT - 6, "y": f"{float(at) + 3.5:.1f}", "text-anchor": "end"}, write(tick)))
    for tick in x.ticks(5):
        anchor = "end" if x.share(tick) > 0.97 else "middle"
        parts.append(tag("text", {"x": _x(x, tick), "y": HEIGHT - 8, "text-anchor": anchor}, short(tick)))
    return tag("g", {"class": "axes"}, *parts)


def _path(x: Scale, y: Scale, line: Line, name: str, closed: bool = False) -> Markup:
    steps = "L".join(f"{_x(x, a)} {_y(y, b)}" for a, b in line)
    return tag("path", {"class": name, "d": f"M{steps}{'z' if closed else ''}"}) if line else Markup("")


def _panel(title: str, summary: str, width: float, height: float, parts: Sequence[Markup]) -> Markup:
    attributes = {
        "class": "panel",
        "viewBox": f"0 0 {width:g} {height:.2f}",
        "role": "img",
        "aria-label": f"{title}. {summary}",
    }
    return tag("svg", attributes, tag("title", None, title), tag("desc", None, summary), *parts)


def _x(scale: Scale, value: float) -> str:
    return f"{_LEFT + (WIDTH - _LEFT - _RIGHT) * scale.share(value):.1f}"


def _y(scale: Scale, value: float) -> str:
    return f"{HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * scale.share(value):.1f}"
