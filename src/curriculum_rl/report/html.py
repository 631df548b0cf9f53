"""HTML that cannot be broken by the data: every text and attribute is escaped unless it was made here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

# Not allowed in HTML at all, and invisible: names from a log may carry them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_VOID = frozenset({"meta", "br"})


class Markup(str):
    """Finished HTML: made by `tag` or `join`, never from data."""

    __slots__ = ()


def tag(name: str, attributes: Mapping[str, object] | None = None, *children: object) -> Markup:
    """One element; children are Markup, or anything else as escaped text. Attributes that are None are left out."""
    written = "".join(f' {key}="{_escaped(value)}"' for key, value in (attributes or {}).items() if value is not None)
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: object) -> Markup:
    """Children one after the other, escaped unless they are Markup."""
    return Markup("".join(child if isinstance(child, Markup) else _escaped(child) for child in children))


def points(value: float | None) -> str:
    """Points with two decimals and a real minus sign; a dash where there is nothing."""
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def signed(value: float) -> str:
    """A difference in points, with its sign."""
    return f"{value:+.2f}".replace("-", "−")


def between(low: float | None, high: float | None) -> str:
    """An interval in words."""
    return f"{points(low)} to {points(high)}"


def percent(share: float | None) -> str:
    """A share as a whole percentage; "<1%" and ">99%" where rounding would claim none or all."""
    if share is None:
        return "–"
    if 0.0 < share < 0.005:
        return "<1%"
    if 0.995 < share < 1.0:
        return ">99%"
    return f"{100.0 * share:.0f}%"


def p_value(p: float) -> str:
    """A p-value with three decimals, never 0."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _escaped(value: object) -> str:
    return escape(_CONTROL.sub("�", str(value)), quote=True)
