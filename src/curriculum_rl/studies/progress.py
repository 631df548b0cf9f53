"""What a study prints: bars while it works, and the table of what came out."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from curriculum_rl.evaluation.outcomes import OUTCOMES


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


MARKS = {"learned": "bold", "privileged": "dim", "heuristic": ""}


def table(results: dict[str, Any]) -> Table:
    """Every policy, best first, and how far the best learned one is ahead of each, paired student by student."""
    policies = results["policies"]
    planned = {c["policy"] for c in results["comparisons"]}
    best = next((p["name"] for p in policies if p["kind"] == "learned" or planned == {p["name"]}), None)
    pairs = {c["baseline"]: c for c in results["comparisons"] if c["policy"] == best}
    slate = results["slate"]
    single = f" It offers one activity at a time; others offered up to {slate}." if slate > 1 else ""
    made = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        title=f"{results['world']['name']}: {OUTCOMES[results['outcome']]},\n"
        f"{results['students']:,} students that training never met",
        caption=f"Bold: learned. Ahead by: what {best} has over each, "
        "paired student by student, with Holm-adjusted p. Dim: privileged, it sees "
        f"the true state of students: a bound, not a rival.{single}",
        caption_justify="left",
    )
    for heading in ("policy", "mean [95%]", "ahead by [95%]", "p"):
        made.add_column(heading, justify="left" if heading == "policy" else "right", no_wrap=True)
    for p in policies:
        row = [
            p["label"].replace(", trained in", ",\n  trained in"),
            f"{p['mean']:.2f} \\[{p['ci_low']:.1f}, {p['ci_high']:.1f}]",
        ]
        if pair := pairs.get(p["name"]):
            row += [f"{pair['difference']:+.2f} \\[{pair['ci_low']:+.2f}, {pair['ci_high']:+.2f}]"]
            row += [f"{pair['p_adjusted']:.3f}".lstrip("0")]
        made.add_row(*row, style=MARKS[p["kind"]])
    return made


def kept_lines(results: dict[str, Any]) -> str:
    """A line for each policy trained elsewhere: the share of the native policy's gain that it keeps."""
    found = []
    labels = {p["name"]: p["label"] for p in results["policies"]}
    for k in results["kept"]:
        start = f"{labels[k['policy']]}, against {labels[k['native']]}:"
        if k["share"] is None:
            found.append(f"{start} no share, for the gain here is not clear of zero\n")
        else:
            found.append(f"{start} keeps {k['share']:.1%} of the gain ({k['ci_low']:.1%} to {k['ci_high']:.1%})\n")
    return "".join(found)
