"""A judgement as tables and sentences for a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from curriculum_rl.ope.judgement import Judgement, Range, Strategy


def told(found: Judgement) -> Group:
    """What the log says of each strategy, the words first, then the numbers."""
    return Group(*(_said(one) for one in found.strategies), _estimates(found), *_simulated(found), _thresholds(found))


def _said(one: Strategy) -> RenderableType:
    lines: list[RenderableType] = [f"[bold]{escape(one.policy)}[/bold]: {one.lines[0].answer}"]
    lines += [Padding(f"- {escape(warning)}", (0, 0, 0, 2)) for warning in one.lines[0].verdict.warnings]
    return Group(*lines)


def _estimates(found: Judgement) -> Table:
    made = Table(box=box.SIMPLE_HEAD, title="Mean return of a student")
    for heading in ("strategy", "estimator", "return [95%]", "against what was used [95%]", "rests on", "verdict"):
        made.add_column(heading, justify="left" if heading in ("strategy", "estimator", "verdict") else "right")
    if found.baseline is not None:
        made.add_row("what was used", "mean", _range(found.baseline.own), "", f"{found.baseline.students:,}", "")
    for one in found.strategies:
        for line in one.lines:
            ess = "" if line.ess is None else f"{line.ess:,.0f}"
            difference = _range(line.difference, "+")
            made.add_row(escape(one.policy), line.estimator, _range(line.own), difference, ess, line.verdict.word)
    return made


def _simulated(found: Judgement) -> list[RenderableType]:
    if not found.models.simulated:
        return []
    made = Table(box=box.SIMPLE_HEAD, title=f"The same strategies in student models: {found.models.words}")
    made.add_column("strategy")
    for one in found.models.simulated:
        made.add_column(f"{escape(one.world)}\n{one.fit}", justify="right")
    for name in found.models.simulated[0].means:
        cells = [
            _range(one.means[name]) + (" trained here" if name in one.natives else "") for one in found.models.simulated
        ]
        made.add_row(escape(name), *cells)
    verdicts = [f"{escape(v.policy)} against {escape(v.baseline)}: {v.word.value}" for v in found.models.verdicts]
    return [made, Group(*verdicts)]


def _thresholds(found: Judgement) -> str:
    limits = found.method.thresholds
    return (
        f"Refused above {limits.off_support:.0%} of choices that the log never shows; withheld under "
        f"{limits.effective:g} effective students, or above {limits.largest_share:.0%} of the weight on one."
    )


def _range(of: Range, sign: str = "") -> str:
    if of.value is None:
        return "–"
    if of.low is None or of.high is None:
        return f"{of.value:{sign}.2f}"
    return f"{of.value:{sign}.2f} \\[{of.low:{sign}.2f}, {of.high:{sign}.2f}]"
