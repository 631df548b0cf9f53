"""The model card of a bundle: what it is, what a study measured of it, what nobody measured, and what it is not for.

Every figure stands in the study's `results.json`, and is printed as its report prints it (`report/html.py`).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from curriculum_rl.envs.simulation import Gate
from curriculum_rl.evaluation.cross_simulator import Word
from curriculum_rl.evaluation.outcomes import OUTCOMES
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.export.parity import Parity
from curriculum_rl.policies.policy import Policy
from curriculum_rl.report.html import between, p_value, percent, points, signed
from curriculum_rl.report.schema import LEARNED, PRIVILEGED
from curriculum_rl.report.schema import Policy as Scored
from curriculum_rl.world import World

WIDTH = 110
UNMEASURED = """\
Nothing. No study was given, so there is no score, no interval against any other strategy, no gap between groups, no
other simulator and no transfer. `curriculum-rl export --study FOLDER`, or `--run ID`, fills in what a study measured.
"""
INTENDED = (
    "To choose the next activity of this catalogue for a learner who practises on a platform, or to show a teacher a "
    "ranking of what could come next, where somebody can exclude an activity or pin one at any time.",
    "To be tried beside what the platform does now, in shadow first, with every decision logged together with its "
    "propensity, so that it can be judged on real learners before it decides anything.",
)
NOT_FOR = (
    "Marking, certifying, selecting, placing or ranking people. What it believes of a learner serves its next choice.",
    "Any decision that a learner or a teacher cannot see, question and overrule.",
    "Learners, subjects or catalogues unlike those above. A catalogue that is changed needs a new bundle.",
    "Any claim that it teaches better than what is there: that takes a trial with learners.",
)


def card(
    name: str,
    policy: Policy,
    world: World,
    found: Parity,
    gate: Gate | None = None,
    evidence: Evidence | None = None,
    limits: Sequence[str] = (),
) -> str:
    """Markdown, deterministic.

    Args:
        found: what the comparison of graph and package came to.
        evidence: what a study says of it, if there was one.
        limits: of the simulator, a sentence each.
    """
    parts = [*_what(name, policy, world, gate, evidence), *_use()]
    parts += ["## What was measured", _paragraph(UNMEASURED)] if evidence is None else _measured(world, evidence)
    parts += [*_limits(world, limits), *_again(world, found, evidence)]
    return "\n\n".join(parts) + "\n"


def _what(name: str, policy: Policy, world: World, gate: Gate | None, evidence: Evidence | None) -> list[str]:
    learned = getattr(policy, "network", None)
    made_of = f"a network ({type(learned).__name__})" if learned else f"a heuristic ({type(policy).__name__})"
    shut = f"{type(gate).__name__} shuts activities, inside the graph." if gate else "It shuts no activity itself."
    sizes = f"{len(world.curriculum.activities)} activities on {len(world.curriculum.concepts)} concepts"
    seen = "the true state of learners is not seen, only what they answered and when"
    told = f"Chooses the next activity of the catalogue of the world {plain(world.name)}: {sizes}. It is {made_of} "
    told += f"that sees learners through {type(policy.tracker).__name__}: {seen}. {shut}"
    warning = "**Not validated on real students.** All students below are simulated. How well it teaches anybody else, "
    parts = [f"# {plain(name)}", _paragraph(told), _paragraph(f"{warning}nobody has measured.")]
    if evidence is None or evidence.trained_in is None:
        return parts
    curve = None if evidence.seed is None else evidence.results.curve(evidence.name, evidence.seed)
    frames = f" for {curve.frames[-1]:,.0f} decisions" if curve and curve.frames else ""
    told = f"Trained in the world {plain(evidence.trained_in)}{frames}, for {plain(evidence.results.objective)}, on "
    told += f"seeds {', '.join(map(str, evidence.results.seeds))}. These are the weights of seed {evidence.seed}"
    score = None if evidence.seed is None else evidence.results.validation(evidence.name, evidence.seed)
    if score is not None:
        picked = ", the best of the seeds there" if evidence.by_validation else ""
        told += f", which had {points(score)} points on validation students at its end{picked}"
    told += ". Students that it is judged on had no part in that choice."
    return [*parts, "## Training", _paragraph(told)]


def _use() -> list[str]:
    return ["## Intended use", _bullets(INTENDED), "## Not for", _bullets(NOT_FOR)]


def _measured(world: World, evidence: Evidence) -> list[str]:
    results = evidence.results
    told = f"By the study {plain(results.experiment)}: {OUTCOMES[results.outcome]}, in the world "
    told += f"{plain(evidence.world)}, on {evidence.students} simulated students whom no strategy met in training, "
    told += "tuning or validation, each taught by every strategy with the same luck. In brackets: 95% intervals."
    parts = ["## What was measured", _paragraph(told)]
    if world.name != evidence.world:
        other = f"**This bundle is for the world {plain(world.name)}**, where nothing of this was measured."
        parts.append(_paragraph(other))
    elif results.provenance.get("pack_digest") not in (None, world.digest):
        parts.append(
            _paragraph("**The files of the simulator have changed since**: these figures are of the old ones.")
        )
    parts += [_paragraph(f"**{sentence}**") for sentence in evidence.apart]
    parts += [_scores(evidence), *_own(evidence)]
    return [*parts, *_groups(evidence), *_simulators(evidence), *_transfer(evidence)]


def _scores(evidence: Evidence) -> str:
    rows = [[_label(evidence, p), _kind(p), _interval(p.mean, p.ci_low, p.ci_high), *_pair(evidence, p)]
            for p in evidence.results.policies]  # fmt: skip
    return _table(["Strategy", "Kind", "Points", "This one minus it, paired", "p (Holm)"], rows)


def _pair(evidence: Evidence, other: Scored) -> tuple[str, str]:
    """The paired difference and its p, where the study compared the two."""
    if other.name == evidence.name:
        return "**this one**", ""
    pair = evidence.against(other.name)
    if pair is None:
        return "not compared", ""
    return f"{signed(pair.difference)} ({between(pair.ci_low, pair.ci_high)})", p_value(pair.p_adjusted)


def _kind(policy: Scored) -> str:
    return "privileged: sees the true state, a bound" if policy.kind == PRIVILEGED else policy.kind


def _own(evidence: Evidence) -> list[str]:
    """How the score, that of all seeds together, goes with the one that is here."""
    if evidence.policy.kind != LEARNED or len(evidence.results.seeds) < 2:
        return []
    told = f"Scores of what was trained are those of its {len(evidence.results.seeds)} seeds together."
    if evidence.own_mean is not None:
        told += f" Seed {evidence.seed} alone: {points(evidence.own_mean)} points."
    return [_paragraph(told)]


def _groups(evidence: Evidence) -> list[str]:
    title = "## Gaps between groups"
    ways = evidence.groupings()
    if not ways:
        return [title, _paragraph("Not measured: the students of this world were of one group.")]
    best = evidence.best_heuristic
    rows = []
    for by in ways:
        for cell in (c for c in evidence.results.subgroups if (c.by, c.policy) == (by, evidence.name)):
            hidden = cell.suppressed or cell.mean is None
            size = "withheld" if hidden or cell.students is None else f"{cell.students:,}"
            mean = "withheld" if hidden else _interval(cell.mean, cell.ci_low, cell.ci_high)
            rows.append([plain(by), plain(cell.group), size, mean])
        for name in (evidence.name, *([best.name] if best else [])):
            gap = evidence.results.gap(name, by)
            if gap is not None:
                whose = "best minus worst" if name == evidence.name else f"the same under {plain(name)}"
                ends = f"{plain(gap.best)} minus {plain(gap.worst)}"
                rows.append([plain(by), f"{whose}: {ends}", "", _interval(gap.gap, gap.ci_low, gap.ci_high)])
    return [title, _table(["By", "Group", "Students", "Points"], rows)]


def _simulators(evidence: Evidence) -> list[str]:
    title, verdicts = "## Other simulators", evidence.verdicts()
    if not verdicts:
        told = "The worst case over several simulators was not measured. A policy that was learned on one simulated "
        return [title, _paragraph(f"{told}student may have learned its faults.")]
    rows = []
    for verdict in verdicts:
        worst = "–"
        if verdict.worst is not None and verdict.word is not Word.SILENT:
            where, pair = verdict.worst
            worst = f"{signed(pair.difference)} ({between(pair.ci_low, pair.ci_high)}) in {plain(where)}"
        counted = f"{len(verdict.better)} of {len(verdict.worlds)}"
        rows.append([plain(verdict.baseline), verdict.word.value, counted, worst])
    told = "Simulators that neither of the two was trained in count, and no others."
    return [title, _paragraph(told), _table(["Against", "Verdict", "Better in", "Worst difference, paired"], rows)]


def _transfer(evidence: Evidence) -> list[str]:
    title = "## Transfer"
    rows = [
        [plain(k.native), f"{percent(k.share)} ({percent(k.ci_low)} to {percent(k.ci_high)})"]
        for k in evidence.results.kept
        if k.policy == evidence.name and k.share is not None
    ]
    if not rows:
        return [title, _paragraph("What is kept of its gain in a world that it was not trained in was not measured.")]
    told = (
        f"It was trained in {plain(evidence.trained_in)}. Of the gain of those that were trained where it was judged, "
    )
    return [title, _paragraph(f"{told}in {plain(evidence.world)}, it keeps:"), _table(["Trained there", "Kept"], rows)]


def _limits(world: World, limits: Sequence[str]) -> list[str]:
    assumed = sorted(key for key, source in world.provenance.items() if source.startswith("assumed"))
    told = ["What holds for simulated students holds for them: it is no evidence about a classroom."]
    if assumed:
        told.append(f"Of the simulator, this was not fitted but assumed: {', '.join(assumed)}.")
    told.append("The state of a learner is what was answered and when: nothing of why, and nothing off the platform.")
    return ["## Limits", _bullets([*told, *limits])]


def _again(world: World, found: Parity, evidence: Evidence | None) -> list[str]:
    rows = [["world", f"{world.name}, {world.digest}"]]
    if evidence is not None:
        origin = evidence.results.provenance
        keys = ("command", "commit", "version", "config_digest", "pack_digest", "platform", "date")
        rows += [["experiment", evidence.results.experiment]]
        rows += [[key.replace("_", " "), _kept(str(origin.get(key, "not recorded")))] for key in keys]
        rows += [["MLflow run", evidence.run]] if evidence.run else []
    table = _table(["What", "Which"], [[key, _code(value)] for key, value in rows])
    again = [_paragraph("The command, on this commit, trains and judges it again.")] if evidence else []
    return ["## Made from", *again, table, "## Parity", _paragraph(parity_told(found))]


def parity_told(found: Parity) -> str:
    """What the comparison of graph and package came to."""
    parity = f"Graph and package agree over {found.observations:,} observations: probabilities differ by "
    parity += f"{found.furthest:.1g} at most. In {found.level:,} of them the package itself is undecided in the sixth "
    return f"{parity}digit, and its choice was not compared."


def _kept(text: str) -> str:
    """A command without where it put its results, which changes nothing of them."""
    return " ".join(word for word in text.split(" ") if not word.startswith("hydra."))


def _label(evidence: Evidence, policy: Scored) -> str:
    return plain(evidence.results.label(policy.name))


def _interval(mean: float | None, low: float | None, high: float | None) -> str:
    return f"{points(mean)} ({between(low, high)})"


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def _bullets(lines: Iterable[str]) -> str:
    wrap = {"initial_indent": "- ", "subsequent_indent": "  "}
    return "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False, **wrap)  # type: ignore[arg-type]
        for line in lines
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(text: object) -> str:
    """A name from elsewhere, which must not break a table or become a link."""
    return re.sub(r"([|\\`*\[\]<>])", r"\\\1", re.sub(r"\s+", " ", str(text)))


def _code(text: str) -> str:
    """The same as code, in which no backslash hides anything but a line of the table."""
    flat = re.sub(r"[`\s]+", " ", text).replace("|", r"\|")
    return f"`{flat}`"
