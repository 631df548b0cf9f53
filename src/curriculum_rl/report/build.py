"""Writes the report: one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from curriculum_rl.files import write_whole
from curriculum_rl.report.concepts import curriculum_map, mastery
from curriculum_rl.report.document import document
from curriculum_rl.report.groups import groups
from curriculum_rl.report.html import Markup, join, tag
from curriculum_rl.report.outcomes import comparisons, forms, outcomes
from curriculum_rl.report.provenance import provenance, setting
from curriculum_rl.report.reading import read_results
from curriculum_rl.report.schema import LEARNED, Results
from curriculum_rl.report.students import students
from curriculum_rl.report.summary import summary
from curriculum_rl.report.training import training
from curriculum_rl.violations import InvalidInput

CONTENTS = (
    ("outcomes", "Outcome"),
    ("comparisons", "Comparisons"),
    ("forms", "Forms"),
    ("training", "Training"),
    ("mastery", "Mastery"),
    ("map", "Curriculum map"),
    ("groups", "Groups"),
    ("students", "Students"),
    ("setting", "Setting"),
    ("provenance", "Provenance"),
)


def write_report(results: Mapping[str, object], path: str | os.PathLike[str]) -> None:
    """Writes the study's results (`results.json`, as a dictionary) as an HTML page to `path`.

    The page is complete or not there: it is written to a temporary name, synced, and renamed.
    Raises `InvalidInput` if the results are not what schema 1 says.
    """
    write_whole(Path(path), page(read_results(results)))


def read_folder(folder: str | os.PathLike[str]) -> Results:
    """What a study found, from `results.json` of its folder.

    Raises:
        InvalidInput: there is no such file, or it is not what a study writes.
    """
    source = Path(folder) / "results.json"
    try:
        results = json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "there is no such file. Give the folder that a study wrote."
        raise InvalidInput(str(source), [remedy]) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(source), [f"is not JSON: {error}. Run the study again."]) from None
    if not isinstance(results, dict):
        raise InvalidInput(str(source), [f"holds a {type(results).__name__}: must be an object with named fields"])
    return read_results(results, str(source))


def report_folder(folder: str | os.PathLike[str]) -> Path:
    """Reads `results.json` of a study's folder, writes `report.html` beside it, and returns that path."""
    target = Path(folder) / "report.html"
    write_whole(target, page(read_folder(folder)))
    return target


def page(results: Results) -> str:
    """The whole page."""
    body = [
        tag("header", None, tag("h1", None, results.experiment), _line_under(results), summary(results)),
        tag("nav", {"aria-label": "Contents"}, *(tag("a", {"href": f"#{a}"}, words) for a, words in CONTENTS)),
        tag(
            "main",
            None,
            outcomes(results),
            comparisons(results),
            forms(results),
            training(results),
            mastery(results),
            curriculum_map(results),
            groups(results),
            students(results),
            setting(results),
            provenance(results),
        ),
    ]
    return document(f"{results.experiment}: report", *body)


def _line_under(results: Results) -> Markup:
    world = next((str(results.world[key]) for key in ("label", "name", "pack") if results.world.get(key)), "")
    date = str(results.provenance.get("date", ""))[:10]
    students = f"{results.students:,} simulated students" if results.students else ""
    learned = any(policy.kind == LEARNED for policy in results.policies)
    count = len(results.seeds) if learned else 0
    seeds = f"{count} training {'seed' if count == 1 else 'seeds'}" if count else ""
    known = [part for part in (world, students, seeds, f"{len(results.policies)} policies", date) if part]
    return tag("p", {"class": "under"}, join(" · ".join(known)))
