"""The parts of a calibrated pack's card about forgetting, times, dropout, and practice replayed as logged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curriculum_rl.calibration.checks import Check
from curriculum_rl.calibration.forgetting import SESSION, fitted_names
from curriculum_rl.calibration.hazard import Hazard
from curriculum_rl.calibration.replay import Replay
from curriculum_rl.calibration.report import CalibrationReport
from curriculum_rl.calibration.response_times import LONGEST, ResponseTimes
from curriculum_rl.calibration.streaks import LEAST, WITHIN

HOW_CHECKED = f"""The checks are figures that the fit was not made for; those outside what one simulation and the next
give are what these students do not do as real ones did. Between students counts those with {LEAST} tries or more."""


def forgetting(report: CalibrationReport) -> str:
    """What was fitted of memory, and what it adds on unseen students; a report with a fitted memory."""
    memory, gain = report.fit.memory, report.gain
    assert memory is not None
    assert gain is not None
    numbers = ", ".join(f"{name} {getattr(memory, name):.3g}" for name in fitted_names(memory))
    rows = [f"| {name} | {n:,} | {y:.3f} | {p:.3f} | {q:.3f} |" for name, n, y, p, q in gain.by_gap]
    return f"""## Forgetting

**Fitted** to the times of the log, together with the rest: {type(memory).__name__}, {numbers} (half-life in days). What
was gained by practice is kept to the part R that the rule leaves after the days since the concept's last try; what was
known at first is not forgotten. Growth is settled by the tries of one session, R by the fall at the first try after a
gap, the growth of half-lives by how that fall shrinks with right answers. Gaps under {SESSION:g} days count as none:
there the time since the last try holds the time spent on the item itself. **Assumed**: that boundary, a longest
half-life of a year, and that all students remember as long.

The gain over the same model with nothing forgotten, both fitted to the same students, on {gain.tries:,} tries of
{gain.students} students that neither saw: {gain.all:+.4f} nats a try (standard error {gain.error:.4f}, students as
units); on the {gain.later_tries:,} tries half a day or more after the concept's last, {gain.later:+.4f}
({gain.later_error:.4f}).

| days since the last try | tries | right | predicted | predicted, nothing forgotten |
|---|---|---|---|---|
{chr(10).join(rows)}"""


def replays(report: CalibrationReport) -> str:
    """Real and simulated answers to the same tries."""
    tables = "\n\n".join(_replay(name, r, report.checks[name]) for name, r in report.replays.items())
    return f"""## Simulated and real practice

Each student of the log is simulated {report.config.repeats} times through the same items at the same moments; answers
alone differ. Traits come from the posterior given the student's own answers, or, without looking at any answer, from
the population of students who meet as many concepts. The slope is that of a logistic regression of being right on the
opportunity, with a level of each concept, over the first {WITHIN} tries: it holds learning, and who goes on. Practice
counts as wheel-spinning up to the third right answer in a row. {HOW_CHECKED}

{tables}"""


def response_times(times: ResponseTimes, report: CalibrationReport) -> str:
    """How long tries take, and whether simulated ones take as long."""
    low, middle, high = np.quantile(times.minutes[report.concepts], (0.25, 0.5, 0.75))
    return f"""## Response times

**Fitted** to {times.tries:,} tries whose duration the log tells: a log-normal of each concept (median {middle:.2f}
minutes, quartiles {low:.2f} and {high:.2f}), the pace of a student (sd {times.pace_sd:.2f} of the logarithm), and a
residual (sd {times.residual_sd:.2f}), in which are the items. Left out as time away: {times.away:.1%} of the timed
tries, which took over {LONGEST:g} minutes. All students are simulated {report.config.repeats} times on the same tries.

{check_table(report.time_checks)}"""


def leaving(hazard: Hazard) -> str:
    """Who leaves, and whether those who were not fitted do."""
    names = ("intercept", "time", "failures")
    each = zip(names, hazard.errors, strict=True)
    numbers = ", ".join(f"{name} {getattr(hazard.dropout, name):.3f} ({error:.3f})" for name, error in each)
    rows = [f"| {name} | {n:,} | {y:.3f} | {p:.3f} |" for name, n, y, p in hazard.by_session]
    return f"""## Dropout

**Fitted** to {hazard.fitted:,} ends of sessions of the fitted students, a session being what lies between gaps of
{SESSION:g} days: a hazard in logits with {numbers}, standard errors in brackets. **Assumed**: how fast failures fade,
and that engagement, which no log tells, moves nobody. At {hazard.unseen:,} ends of sessions of unseen students:

| session | students | left | expected |
|---|---|---|---|
{chr(10).join(rows)}"""


def check_table(checks: Mapping[str, Check]) -> str:
    """Posterior predictive checks."""
    lines = [
        f"| {what} | {check.real:.3f} | {check.mean:.3f} | {min(check.simulated):.3f} to {max(check.simulated):.3f} |"
        for what, check in checks.items()
    ]
    return "\n".join(["| check | real | simulated | from simulation to simulation |", "|---|---|---|---|", *lines])


def _replay(name: str, r: Replay, checks: Mapping[str, Check]) -> str:
    real, simulated, sd = r.slopes()
    parts = [
        f"### {name[0].upper()}{name[1:]}",
        f"{real:+.4f} logits a try; simulated {simulated:+.4f} (sd of one simulation {sd:.4f}). Accuracy by "
        f"opportunity within {r.furthest:.3f} of the real curve.",
        check_table(checks),
        _table("opportunity", r.by_opportunity()),
    ]
    if r.gap is not None:
        parts.append(_table("days since the last try", r.by_gap()))
    return "\n\n".join(parts)


def _table(first: str, rows: list[tuple[str, float, float, int]]) -> str:
    lines = [f"| {name} | {y:.3f} | {p:.3f} | {p - y:+.3f} | {n:,} |" for name, y, p, n in rows]
    return "\n".join([f"| {first} | real | simulated | difference | tries |", "|---|---|---|---|---|", *lines])
