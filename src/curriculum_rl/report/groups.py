"""Who gains: every policy in every group, the worst group marked."""

from __future__ import annotations

from curriculum_rl.evaluation.subgroups import Cell, Gap
from curriculum_rl.report.html import Markup, between, join, points, tag
from curriculum_rl.report.layout import missing, paragraph, policy_name, section, table
from curriculum_rl.report.scale import Scale, scale_of
from curriculum_rl.report.schema import HEURISTIC, LEARNED, Results
from curriculum_rl.report.strips import axis_strip, range_strip


def groups(results: Results) -> Markup:
    """A table for each way of grouping the students."""
    if not results.subgroups:
        return section("groups", "Results by group", missing("results by group of students"))
    ways = groupings(results)
    if not ways:
        return section("groups", "Results by group", paragraph("All students of this world are of one group."))
    held = [x for cell in results.subgroups for x in (cell.mean,) if x is not None]
    scale = scale_of(held)
    parts = [
        part
        for by in ways
        for part in (tag("h3", None, f"By {by}"), _sentence(results, by), _table(results, by, scale))
    ]
    withheld = any(cell.suppressed for cell in results.subgroups)
    return section(
        "groups",
        "Results by group",
        paragraph(
            "Means in points with their 95% intervals. The chart spans a policy's groups: a tick for each, the dot on "
            "the one that gains least, which is also marked in the table."
        ),
        paragraph(
            "Withheld: groups too small to be shown without saying something about single students, and the next "
            "smallest with them, so that no small group can be found by subtraction. So are groups of which all "
            "students sit in one class, whose luck cannot be told from what a policy does."
        )
        if withheld
        else "",
        *parts,
    )


def groupings(results: Results) -> list[str]:
    """The ways of grouping that tell any students apart."""
    ways = dict.fromkeys(cell.by for cell in results.subgroups)
    return [by for by in ways if len({cell.group for cell in results.subgroups if cell.by == by}) > 1]


def _sentence(results: Results, by: str) -> Markup:
    """For each group, the deployable policy that serves it best."""
    deployable = [policy.name for policy in results.policies if policy.kind in (LEARNED, HEURISTIC)]
    shown = [c for c in results.subgroups if c.by == by and c.mean is not None and c.policy in deployable]
    best: dict[str, Cell] = {}
    for cell in shown:
        best[cell.group] = max(best.get(cell.group, cell), cell, key=_mean)
    if not best:
        return join()
    winners = {cell.policy for cell in best.values()}
    if len(winners) == 1:
        return paragraph("In every group shown, the deployable policy with the highest mean is ",
                         tag("b", None, results.label(winners.pop())), ".")  # fmt: skip
    told = "; ".join(f"{results.label(cell.policy)} for “{group}”" for group, cell in best.items())
    return paragraph(f"The deployable policy with the highest mean differs: {told}.")


def _table(results: Results, by: str, scale: Scale) -> Markup:
    cells = [cell for cell in results.subgroups if cell.by == by]
    names = list(dict.fromkeys(cell.group for cell in cells))
    sizes = {cell.group: cell.students for cell in cells}
    gaps = {gap.policy: gap for gap in results.gaps if gap.by == by}
    order = [policy.name for policy in results.policies]
    rows = []
    for policy in sorted(
        {cell.policy for cell in cells}, key=lambda n: (n not in order, order.index(n) if n in order else 0)
    ):
        own = {cell.group: cell for cell in cells if cell.policy == policy}
        shown = {group: cell.mean for group, cell in own.items() if cell.mean is not None}
        worst = min(shown, key=lambda group: shown[group]) if len(shown) > 1 else None
        told = f"{results.label(policy)}: " + ", ".join(f"{group} {mean:.2f}" for group, mean in shown.items())
        strip = range_strip(scale, results.kind(policy), shown, title=told) if shown else Markup("")
        rows.append([
            policy_name(results, policy), strip,
            *(_cell(own.get(name), name == worst) for name in names),
            _gap(gaps.get(policy)),
        ])  # fmt: skip
    heads = [f"{name} ({sizes[name]})" if sizes[name] else name for name in names]
    headers = ["Policy", axis_strip(scale), *heads, "Best minus worst"]
    return table("strips stack wide groups", f"Results by {by}, points (students in the group)", headers, rows)


def _cell(cell: Cell | None, worst: bool) -> Markup:
    if cell is None:
        return join("–")
    if cell.suppressed or cell.mean is None:
        return tag("span", {"class": "withheld"}, "withheld")
    mark = tag("span", {"class": "lowest"}, " lowest") if worst else ""
    return join(
        tag("b", None, points(cell.mean)), mark, " ", tag("small", None, f"({between(cell.ci_low, cell.ci_high)})")
    )


def _gap(gap: Gap | None) -> Markup:
    if gap is None:
        return join("–")
    return join(tag("b", None, points(gap.gap)), " ", tag("small", None, f"({between(gap.ci_low, gap.ci_high)})"))


def _mean(cell: Cell) -> float:
    return cell.mean if cell.mean is not None else float("-inf")
