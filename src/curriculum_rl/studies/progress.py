"""What a study prints: bars while it works, and the table of what came out."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table


def bars() -> Progress:
    """Progress on standard error; a task may say something `about` itself."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[about]}", style="dim"),
        console=Console(stderr=True),
    )


def table(results: dict[str, Any]) -> Table:
    """Every policy, best first, and how far the best learned one is ahead of each, paired student by student."""
    policies = results["policies"]
    best = next((p["name"] for p in policies if p["kind"] == "learned"), None)
    pairs = {c["baseline"]: c for c in results["comparisons"] if c["policy"] == best}
    world = results["world"]["name"]
    made = Table(
        title=f"{world}: points gained over no practice, {results['students']:,} students that training never met",
        caption="Privileged policies see the true state of students: bounds, not rivals.",
    )
    headings = ("policy", "kind", "sees", "gain", "95% interval", "sampled", f"{best} is ahead by", "95% interval", "p")
    for heading in headings:
        made.add_column(heading, justify="left" if heading in ("policy", "kind", "sees") else "right")
    for p in policies:
        pair = pairs.get(p["name"])
        sampled = "" if p["sampled_mean"] is None else f"{p['sampled_mean']:.2f}"
        row = [p["label"], p["kind"], p["tracker"], f"{p['mean']:.2f}", f"{p['ci_low']:.2f} to {p['ci_high']:.2f}", sampled]
        if pair:
            row += [f"{pair['difference']:+.2f}", f"{pair['ci_low']:+.2f} to {pair['ci_high']:+.2f}"]
            row += [f"{pair['p_adjusted']:.4f}"]
        made.add_row(*row, style={"learned": "bold", "privileged": "dim"}.get(p["kind"], ""))
    return made
