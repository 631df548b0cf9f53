"""The matrix of policies by simulators, from the folders of several studies, as one page and as text.

Every study compared the same policies in a world of its own. Cells of a policy in the world that it was trained in are
marked, and left out of every verdict: see `evaluation/cross_simulator.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from curriculum_rl.evaluation.cross_simulator import Judged, Verdict, Word, verdicts
from curriculum_rl.files import write_whole
from curriculum_rl.report.build import read_folder
from curriculum_rl.report.document import document
from curriculum_rl.report.html import Markup, between, join, points, signed, tag
from curriculum_rl.report.layout import paragraph, policy_name, section, table
from curriculum_rl.report.schema import LEARNED, PRIVILEGED, Results
from curriculum_rl.violations import InvalidInput, Violations

HOME: Final = "trained here"
STYLE: Final = {Word.BETTER: "better", Word.WORSE: "worse"}


def read_studies(folders: Sequence[Path]) -> list[Results]:
    """The study of each folder, or of every folder in it where it is that of a sweep.

    Raises:
        InvalidInput: a folder holds no study, or the studies do not belong in one matrix.
    """
    check = Violations("matrix")
    found = []
    for folder in folders:
        jobs = [] if (folder / "results.json").is_file() else sorted(f.parent for f in folder.glob("*/config.yaml"))
        for job in jobs:
            check.that((job / "results.json").is_file(), f"{job}: is unfinished. Run it again, or name the others")
        check.raise_all()
        found += [read_folder(one) for one in (jobs or [folder])]
    for what, values in (("outcome", [r.outcome for r in found]), ("objective", [r.objective for r in found])):
        seen = sorted(set(values))
        check.that(len(seen) == 1, f"{what} = {', '.join(seen)}: must be the same in all studies")
    shared = set.intersection(*({p.name for p in r.policies} for r in found))
    check.that(bool(shared), "policies: no policy is in all of the studies. Compare the same ones in each")
    check.raise_all()
    return found


def world_of(results: Results) -> str:
    """The name of a study's world."""
    return str(results.world.get("name", "")) or results.experiment


def natives(results: Results) -> frozenset[str]:
    """Policies that were trained in the world of the study.

    Heuristics that were tuned there are not among them: a study that tunes them in each world flatters them.
    """
    here = (None, world_of(results))
    return frozenset(p.name for p in results.policies if p.kind == LEARNED and p.trained_in in here)


def verdicts_of(studies: Sequence[Results]) -> list[Verdict]:
    """A verdict for every pair that all the studies compared.

    Raises:
        InvalidInput: they are too few, or two are of the same world.
    """
    return verdicts([Judged(world_of(r), natives(r), r.comparisons) for r in studies])


def rows(studies: Sequence[Results]) -> list[str]:
    """Policies that are in every study: the learned ones first, each kind by its mean over simulators that count."""
    everywhere = set.intersection(*({p.name for p in r.policies} for r in studies))

    def rank(name: str) -> tuple[int, float]:
        kind = studies[0].kind(name)
        scores = [p.mean for r in studies if name not in natives(r) and (p := r.policy(name))]
        mean = sum(scores) / len(scores) if scores else float("-inf")
        return (0 if kind == LEARNED else 2 if kind == PRIVILEGED else 1, -mean)

    return sorted(everywhere, key=rank)


def cell(results: Results, name: str) -> tuple[str, str]:
    """A policy's mean with its interval in one study, and a note: where it was trained, or how far behind the best.

    The best is the strongest policy that could be deployed and was not trained there.
    """
    policy = results.policy(name)
    if policy is None:  # pragma: no cover - rows() names policies of every study alone
        raise InvalidInput("matrix", [f"{name} is not in {world_of(results)}"])
    home = natives(results)
    told = f"{points(policy.mean)} ({between(policy.ci_low, policy.ci_high)})"
    if name in home:
        return told, HOME
    best = next((p for p in results.policies if p.deployable and p.name not in home), policy)
    behind = policy.mean - best.mean
    return told, "best here" if best.name == name else signed(behind)


def write_matrix(studies: Sequence[Results], path: Path) -> None:
    """Writes the page."""
    found = verdicts_of(studies)
    title = f"{studies[0].experiment}: policies by simulators"
    header = tag("header", None, tag("h1", None, title), paragraph(
        "A score in the simulator that a policy was trained in is no evidence for it. Verdicts count the others alone."
    ))  # fmt: skip
    write_whole(path, document(title, header, tag("main", None, _scores(studies), _verdicts(studies[0], found))))


def _scores(studies: Sequence[Results]) -> Markup:
    body = []
    for name in rows(studies):
        cells: list[object] = [policy_name(studies[0], name)]
        for results in studies:
            told, note = cell(results, name)
            small = tag("small", {"class": "withheld" if note == HOME else None}, note)
            cells.append(join(tag("s", None, told) if note == HOME else told, " ", small))
        body.append(cells)
    heads = ["Policy", *(world_of(r) for r in studies)]
    words = paragraph(
        "Mean points with the 95% interval, and how far behind the strongest policy that could be deployed and was not "
        "trained there. Struck through: trained here."
    )
    return section("scores", "Every policy in every simulator", words, table("wide", "Scores", heads, body))


def _verdicts(first: Results, found: Sequence[Verdict]) -> Markup:
    words = paragraph(
        "Robustly better: the paired interval is above zero in every simulator in which neither of the two was trained."
    )
    tables = []
    for name in dict.fromkeys(v.policy for v in found):
        own = [v for v in found if v.policy == name]
        silent = all(v.word is Word.SILENT for v in own)
        told = paragraph(f"{Word.SILENT.value.capitalize()}.") if silent else _against(first, own)
        tables.append(join(tag("h3", None, first.label(name)), told))
    return section("verdicts", "Verdicts", words, *tables)


def _against(first: Results, own: Sequence[Verdict]) -> Markup:
    """One policy against every other."""
    body = []
    for v in own:
        word = tag("span", {"class": f"verdict {STYLE.get(v.word, '')}"}, v.word.value)
        worst = "–" if v.worst is None else f"{signed(v.worst[1].difference)} in {v.worst[0]}"
        interval = "" if v.worst is None else between(v.worst[1].ci_low, v.worst[1].ci_high)
        body.append([first.label(v.baseline), word, f"{len(v.better)} of {len(v.worlds)}", worst, interval])
    heads = ["Against", "Verdict", "Better in", "Worst difference", "95% interval"]
    return table("wide", f"{first.label(own[0].policy)} against every other", heads, body)


def report_matrix(folders: Sequence[Path]) -> tuple[Path, list[str]]:
    """Writes `matrix.html` where the folders lie, and returns its path and a sentence for each policy."""
    studies = read_studies(folders)
    parent = folders[0] if len(folders) == 1 else Path(os.path.commonpath([f.resolve() for f in folders]))
    write_matrix(studies, parent / "matrix.html")
    found = verdicts_of(studies)
    return parent / "matrix.html", [_sentence(name, found) for name in dict.fromkeys(v.policy for v in found)]


def _sentence(name: str, found: Sequence[Verdict]) -> str:
    own = [v for v in found if v.policy == name]
    counts = ", ".join(f"{word.value} {n}" for word in Word if (n := sum(v.word is word for v in own)))
    return f"{name}: against {len(own)} others: {counts}"
