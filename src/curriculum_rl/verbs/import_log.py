"""`curriculum-rl import`: logs of any source as one canonical log, with a page that says what it can answer."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING

from curriculum_rl.logs.arguments import add_arguments, kinds
from curriculum_rl.verbs.verb import DONE, OVER_LIMIT, SOME_REJECTED, Verbs, add

if TYPE_CHECKING:
    from pathlib import Path

    from curriculum_rl.logs.importing import Imported
    from curriculum_rl.logs.summary import Summary


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "import",
        run,
        "read the logs of a platform into one canonical log, under pseudonyms",
        f"""\
sources (--from):
{kinds()}

roles (--column): student, order, item, answer, time, duration, skills, episode, course, logger, or a column of the log
by its name: eligible, propensity, reward, hints, event_type, end_reason and others. Dates without a zone are UTC.

Students are written under pseudonyms made with a secret key, which stays in OUT.key: keep it apart from the log, and
give it again with --key so that other imports agree. Columns that the log has no place for, names and addresses among
them, are not written. Rows that cannot be used are listed in OUT.rejects.csv: exit code 3 if there are any, 4 (and no
log) if more than --reject-limit are faulty. OUT/summary.html says what the log can answer.

examples:
  curriculum-rl import --from assistments skill_builder_data.csv --out my_log
  curriculum-rl import --from ednet KT1/ --answer-key contents/questions.csv --out my_log
  curriculum-rl import --from table tries.csv --column student=who --column answer=points --max-score 5 --out my_log
  curriculum-rl import --from decisions 2026-11-*.jsonl.gz --out my_log""",
    )
    add_arguments(added)


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from rich.console import Console

    from curriculum_rl.calibration.q_matrix import read_q_matrix
    from curriculum_rl.logs.arguments import config_of
    from curriculum_rl.logs.importing import import_log
    from curriculum_rl.logs.rejects import OverRejectLimit

    config = config_of(typed)
    summaries: list[Summary] = []
    skills_of = None
    if config.q_matrix:
        q = read_q_matrix(config.q_matrix)
        skills_of = {item: tuple(q.concepts[k] for k in places) for item, places in q.skills.items()}
    try:
        with Console(stderr=True).status("reading ...") as status:

            def tick(what: str, rows: int) -> None:
                status.update(f"{what} ... {rows:,} rows")

            imported = import_log(config, skills_of, partial(write_page, summaries), tick)
    except OverRejectLimit as error:
        print(error, file=sys.stderr)
        return OVER_LIMIT
    tell(imported, summaries[0], config.out)
    return SOME_REJECTED if imported.counts.rejected else DONE


def write_page(summaries: list[Summary], folder: Path, imported: Imported) -> None:
    """Puts `summary.html` into the folder of the log, and keeps what it was made of."""
    from curriculum_rl.files import write_whole
    from curriculum_rl.logs.store import Log
    from curriculum_rl.logs.summary import summarise
    from curriculum_rl.report.log_summary import page

    summaries.append(summarise(Log(folder, imported.manifest)))
    write_whole(folder / "summary.html", page(imported, summaries[0]))


def tell(imported: Imported, summary: Summary, out: Path) -> None:
    """Prints what came of it."""
    from curriculum_rl.logs.rejects import REASONS
    from curriculum_rl.report.log_summary import answers

    manifest, counts = imported.manifest, imported.counts
    print(f"{counts.accepted:,} rows of {manifest.students:,} students and {manifest.activities:,} items: {out}")
    print(f"{counts.read:,} rows were read, {counts.merged:,} merged into another, {counts.rejected:,} left out")
    for code, count in sorted(imported.rejects.items()):
        print(f"  {count:,} {code}: {REASONS[code]}")
    if imported.rejects_file:
        print(f"each is listed in {imported.rejects_file}")
    print("What this log can answer:")
    for question, answer, why in answers(manifest, summary):
        print(f"  {question} {answer[0].upper()}{answer[1:]}: {why}.")
    print(f"more: {out / 'summary.html'}\nsecret key of the pseudonyms, to be kept apart: {imported.key}")
