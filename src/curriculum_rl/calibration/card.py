"""The card of a calibrated pack: what it models, how well it fits, what is assumed, and what it is not good for."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from curriculum_rl.calibration.card_replay import HOW_CHECKED, check_table, forgetting, leaving, replays, response_times
from curriculum_rl.calibration.checks import Check
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.calibration.flags import LOOKED_FOR
from curriculum_rl.calibration.pack import PROBLEM, SUBGROUPS, Form, concept_id, forms_of
from curriculum_rl.calibration.predictive import Comparison
from curriculum_rl.calibration.prerequisites import FIRST_SHARE, HELPS, MET, MOST_PARENTS
from curriculum_rl.calibration.report import CalibrationReport
from curriculum_rl.calibration.response_times import ResponseTimes
from curriculum_rl.calibration.streaks import IN_A_ROW, WITHIN

MODELS = {
    "bkt": "Bayesian knowledge tracing with forgetting, individual ability and rate of learning, and item difficulty",
    "afm": "the additive factors model with individual ability and rate of learning (iAFM), and item difficulty",
    "pfa": "performance factors analysis with individual ability and rate of learning, and item difficulty",
    "dkt": "deep knowledge tracing, a recurrent network fitted to answers, with item difficulty",
    "irt": "item response theory with growth, individual ability and rate of learning, and item difficulty",
}


NOTICES = {
    "dkt": """**A misspecified stress world.** The network was fitted to predict the next answer in the order in which
the platform asked. That an answer moves its predictions does not say that the student learned: they need not rise with
practice, may jump back and forth, and repeat what the platform did with its students (Yeung & Yeung 2018; Xiong et al.
2016). It is here to see whether a policy that was made for other models survives a world that is not of their kind. No
policy should be chosen by it, and nothing that it says of learning should be believed."""
}
"""What must be read before anything else."""
METHODS = {
    "dkt": "the likelihood of the next answer, stopped early on a tenth of the fitted students who were held out of it"
}
"""Of fitting, where it is not marginal likelihood."""
STUDENTS = {
    "dkt": """The network knows students by their answers: ability is what it leaves, in those held out, and there is no
rate. So the subgroups below differ by little at first."""
}
"""How students differ, where their traits are not fitted with the rest."""

_SHOWN = (
    "memory", "practice", "prerequisites", "dropout", "several", "start_slope", "min_students", "min_tries",
    "unseen_share", "iterations", "repeats", "seed", "reject_limit", "source", "terms", "note",
)  # fmt: skip
"""Settings that the command on the card gives where they are not as usual."""


def card(report: CalibrationReport) -> str:
    """Markdown, deterministic: no date, no machine."""
    parts = [_head(report), _fitted(report), _unseen(report), _flags(report)]
    parts += [forgetting(report)] if report.gain else []
    parts += [response_times(report.evidence.times, report)] if report.evidence.times else []
    parts += [leaving(report.evidence.hazard)] if report.evidence.hazard else []
    parts += [_practice(report) if report.practice else replays(report), _prerequisites(report)]
    parts += [_left_out(report), _limits(report)]
    return "\n\n".join(_wrapped(block) for part in parts for block in part.split("\n\n")) + "\n"


def _wrapped(block: str) -> str:
    """A paragraph filled to 110 columns; tables, headings, lists and code as they are."""
    if block.startswith(("|", "#", "- ", " ")):
        return block
    return textwrap.fill(" ".join(block.split()), 110, break_long_words=False, break_on_hyphens=False)


def _head(report: CalibrationReport) -> str:
    config, counts, (fitted, unseen) = report.config, report.evidence.counts, report.evidence.students
    terms = f"\n\nThe log's terms and citation: {config.terms}" if config.terms else ""
    notices = [text for text in (NOTICES.get(config.model), config.note) if text]
    note = "".join(f"\n\n{text}" for text in notices)
    return f"""# {config.out.name}{note}

Simulated students fitted to {config.source or config.log.name}: {MODELS[config.model]}. Parameters and figures only; no
row of the log is here.

    {_command(config)}

writes these files again, byte for byte on the same platform and package versions.{terms}

The log: {counts.read:,} rows read, {counts.accepted:,} accepted, {counts.rejected:,} rejected, {counts.merged:,} merged
into others; {fitted + unseen:,} students, of whom {fitted:,} were fitted and {unseen:,}
kept apart to judge the fit. All parameters come from the fitted students alone. `tries` in concepts.csv counts their
rows."""


def _command(config: CalibrationConfig) -> str:
    """What to type to write the pack again."""
    typed = ["curriculum-rl", "calibrate", "--log", config.log.name]
    typed += ["--q-matrix", config.q_matrix.name] if config.q_matrix else []
    typed += ["--model", config.model, "--out", f"simulators/{config.out.name}"]
    for role, name in config.columns.items():
        typed += ["--column", f"{role}={name}"]
    usual = {setting.name: setting.default for setting in fields(config)}
    for name in [name for name in _SHOWN if getattr(config, name) != usual[name]]:
        typed += [f"--{name.replace('_', '-')}", str(getattr(config, name))]
    return shlex.join(typed)


def _fitted(report: CalibrationReport) -> str:
    fit, spread, times = report.fit, report.fit.spread, report.evidence.times
    quartiles = [
        f"| {name} | " + " | ".join(f"{q:.2f}" for q in np.quantile(_kept(report, name), (0.25, 0.5, 0.75))) + " |"
        for name in fit.knowledge.concept_fields()
    ]
    shares = ", ".join(f"{g.name} {g.share:.0%} at {g.mean:+.1f} sd" for g in SUBGROUPS)
    of_concept = forms_of(report.evidence.attempts)
    forms = ", ".join(
        f"{f.name} (quantile {f.quantile:g}, learning x {f.learning:g}, {_long(f, times)})" for f in of_concept
    )
    how_many = {2: "two", 4: "four"}[len(of_concept)]
    memory = "memory, " if fit.memory is None else ""
    several = {
        "set": "An item of several skills practises one concept, the set of its skills, named like s045+s058.",
        "each": "An item of several skills practises every one of them.",
    }[report.config.several]
    method = METHODS.get(report.config.model, "marginal likelihood")
    volume = f"({fit.volume.ability:+.2f} and {fit.volume.rate:+.2f} for one sd of its logarithm)"
    between = f"""Ability and rate are allowed to go with how many concepts a student meets {volume}, so that those who
stay long do not stand for everybody."""
    between = STUDENTS.get(report.config.model, between)
    published = "" if times else " **Published**: the spread of pace, van der Linden (2006)."
    return f"""## What is fitted, what is assumed

`population.yaml` says of every parameter whether it was fitted, published or assumed.

**Fitted** by {method}, {len(fit.log_likelihood)} iterations: {len(report.concepts)} concepts. {several}

| | lower quartile | median | upper quartile |
|---|---|---|---|
{chr(10).join(quartiles)}

Between students: ability sd {spread.ability_sd:.2f}, rate sd {spread.rate_sd:.2f}, correlation
{spread.correlation:.2f}.
Between items of a concept: difficulty sd {fit.difficulty_sd:.2f} logits, each item shrunk towards 0. {between}

**Assumed**: the subgroups ({shares}; together they have the fitted variances), {how_many} activities a concept
({forms}; the difficulties are quantiles of the fitted ones, the worked example shows no answer),
{memory}goals, leak and calendar.{published}"""


def _long(form: Form, times: ResponseTimes | None) -> str:
    """How long the form takes: in minutes, or, where times were fitted, beside a problem."""
    return f"{form.minutes / PROBLEM.minutes:g} of a problem's time" if times else f"{form.minutes:g} minutes"


def _kept(report: CalibrationReport, name: str) -> np.ndarray:
    return np.array(getattr(report.fit.knowledge, name))[report.concepts]


def _unseen(report: CalibrationReport) -> str:
    rows = []
    for name, judged in report.judged.items():
        s, less = judged.scores, judged.auc
        gain = f"{less.mean:+.3f} ({less.low:+.3f} to {less.high:+.3f})" if less else ""
        figures = f"{s.auc:.3f} | {s.rmse:.3f} | {s.log_loss:.3f} | {s.calibration_error:.3f}"
        rows.append(f"| {name} | {figures} | {gain} |")
    own = report.judged[report.config.label].scores
    bins = [f"| {p:.3f} | {y:.3f} | {n:,} |" for p, y, n in own.calibration]
    return f"""## Fit on students it never saw

One step ahead, {own.n:,} tries of {report.evidence.students[1]:,} students; a student's ability and rate are inferred
from that student's own earlier answers alone. Best-LR is the reference to beat: a logistic regression on the item, the
concepts, and the logarithms of earlier right and wrong answers, by concept and in all (Gervet et al. 2020). The last
column is the AUC less that of Best-LR, with a 95% interval by a bootstrap over the students.

| | AUC | RMSE | log-loss | calibration error | AUC less Best-LR |
|---|---|---|---|---|---|
{chr(10).join(rows)}

Calibration of {report.config.label}, by tenths of the predictions:

| predicted | right | tries |
|---|---|---|
{chr(10).join(bins)}"""


def _flags(report: CalibrationReport) -> str:
    found = "\n".join(f"- {flag}" for flag in report.flags)
    return f"""## What is wrong with this fit

{found or f"Nothing that is looked for: {LOOKED_FOR}."}"""


def _practice(report: CalibrationReport) -> str:
    tables = "\n\n".join(_comparison(name, c, report.checks[name]) for name, c in report.practice.items())
    return f"""## Simulated and real practice

Each student of the log is simulated through the same sets of skills in the same order with the same items,
{report.config.repeats} times. A pair of student and set ends at the third right in a row, or when the student leaves,
with the chance that the log shows for that set, opportunity, right answers so far and current run. Items beyond
those that the real student met are drawn from what others met there. What the real log holds after
the third right in a row is left out, too. Traits come from the posterior given the student's own
answers, or, without looking at any answer, from the population of students who meet as many concepts.
Wheel-spinning: {WITHIN} tries and never {IN_A_ROW} right in a row, among pairs
that have {WITHIN} tries or reached {IN_A_ROW} in a row. {HOW_CHECKED}

{tables}"""


def _comparison(name: str, c: Comparison, checks: Mapping[str, Check]) -> str:
    rows = [
        f"| {t + 1} | {real:.3f} | {simulated:.3f} | {simulated - real:+.3f} | {n:,} |"
        for t, (real, simulated, n) in enumerate(zip(c.real.accuracy, c.accuracy, c.real.tries, strict=True))
    ]
    return f"""### {name[0].upper()}{name[1:]}

Accuracy by opportunity within {c.furthest:.3f} of the real curve. Wheel-spinning {c.wheel_spinning:.1%}, real
{c.real.wheel_spinning:.1%} of {c.real.determinate:,} determinate pairs.

{check_table(checks)}

| opportunity | real | simulated | difference | real tries |
|---|---|---|---|---|
{chr(10).join(rows)}"""


def _prerequisites(report: CalibrationReport) -> str:
    if report.config.prerequisites == "none":
        return """## Prerequisites

None: the log's order is no evidence of what needs what, and none were inferred."""
    found, most = report.prerequisites, sorted(report.concepts, key=lambda k: -report.tries[k])[:20]
    inside = sum(e.prerequisite in most and e.concept in most for e in found.edges)
    return f"""## Prerequisites

The log holds none; they are inferred by a rule. A comes before B where at least {MET} students met both (not first in
one and the same item), at least {FIRST_SHARE:.0%} of them met A first, and knowing A helps: among those, the share
right on A so far goes with the first answer on B beyond what the model expects of a student of that ability (score
test, z of {HELPS} or more, so that one pair in ten would pass by chance). Of {found.compared:,} ordered pairs with
enough students, {found.ordered:,} are ordered and {found.helping:,} of these help. Taken in falling z without cycles,
reduced to those that no longer path implies, at most {MOST_PARENTS} a concept: {len(found.edges)} remain, {inside} of
them among the {len(most)} most practised concepts. If none helped, about {found.ordered / 10:.0f} would still have
passed: many of these links may be chance. Every strength is 1, assumed: the log cannot say how strongly learning B
depends on A, and the order of a course is its authors' opinion."""


def _left_out(report: CalibrationReport) -> str:
    fit, concepts = report.fit, report.evidence.attempts.concepts
    config = report.config
    enough = (report.students >= config.min_students) & (report.tries >= config.min_tries)
    rows = [
        f"| {concept_id(concepts[k])} | {fit.degenerate[k]} | {report.tries[k]:,} |"
        for k in range(len(concepts))
        if fit.degenerate[k] and enough[k]
    ]
    thin = int((~enough).sum())
    table = "\n".join(["| concept | why | tries |", "|---|---|---|", *rows]) if rows else "None."
    return f"""## Left out

{thin} concepts have fewer than {config.min_students} students or {config.min_tries} tries. Degenerate concepts, whose
numbers say nothing of knowing (Beck & Chang 2007), are left out as well:

{table}"""


def _limits(report: CalibrationReport) -> str:
    names = (
        "- Names of skills are not in a q-matrix: concepts carry its column numbers.\n"
        if report.config.q_matrix
        else ""
    )
    untold = "Without times" if report.evidence.attempts.day is None else "Fitted without the log's times"
    memory = (
        f"- {untold}, forgetting between tries is not told apart from slips and loss at a try, and the memory of "
        "this\n  pack is assumed: sweep it."
    )
    if report.fit.memory is not None:
        memory = (
            "- A gap is not only time: after one, students meet other units, harder items and mixed review, and what\n"
            "  is fitted as forgetting holds some of that. Half-lives are those of this one course: sweep them."
        )
    return f"""## Limits

{names}{memory}
- Difficulty, guess and slip are those of problems that students met in the order of their course.
- Where the tables above show a difference from real practice, the simulation is wrong by that much.
- The method (what a concept is, forgetting, priors, how students leave) was chosen with tables like these of
  ASSISTments 2009-10 in view, unseen students included: on that log they flatter it a little.
- A difference between subgroups here is one of prior knowledge, and assumed: it says nothing of any real group."""
