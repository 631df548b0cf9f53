"""Where each number of a calibrated pack comes from: one line a parameter."""

from __future__ import annotations

from curriculum_rl.calibration.fit import Fit
from curriculum_rl.calibration.forgetting import fitted_names
from curriculum_rl.calibration.prerequisites import FIRST_SHARE, HELPS, MET

_MEANING = {
    "initial": "P(known) at the first try, EM with individual students",
    "learn": "P(becomes known) at one try, EM with individual students",
    "forget": "P(lost) at one try; the log has no times, so it stands for all forgetting between tries",
    "guess": "P(right on a medium item | not known), EM",
    "slip": "P(wrong on a medium item | known), EM",
    "intercept": "logit of P(right) at the first try, marginal likelihood",
    "right": "logits gained at one right answer, marginal likelihood",
    "wrong": "logits moved by one wrong answer, marginal likelihood",
    "weights": "of the network, likelihood of the next answer, stopped early on students held out of the fit",
    "slope": "logits gained at one try, marginal likelihood",
    "level": "ability before the first try, marginal likelihood",
    "rise": "logits gained at one try by one who knows nothing, marginal likelihood",
    "discrimination": "slope of the item curve, marginal likelihood with a log-normal prior",
}


_MEMORY = {
    "new_days": "half-life of what was newly learned",
    "gain": "growth of the half-life with any right answer",
    "spacing": "its further growth where the answer was about to be forgotten",
    "decay": "exponent of the power law",
}


def of_dropout(source: str) -> dict[str, str]:
    """The lines of a fitted dropout."""
    return {
        "faculties.dropout": "assumed: that engagement, which no log tells, moves nobody; how fast failures fade",
        "faculties.dropout.intercept": f"fitted: discrete-time hazard by sessions; {source}",
        "faculties.dropout.time": f"fitted: discrete-time hazard by sessions; {source}",
        "faculties.dropout.failures": f"fitted: discrete-time hazard by sessions; {source}",
    }


def _usual(source: str) -> dict[str, str]:
    """What holds of a fit unless something says otherwise."""
    return {
        "memory.new_days": "assumed: half-life of what was newly learned; sweep it",
        "memory.known_days": "assumed: half-life of what was known before the course; sweep it",
        "memory.gain": "assumed: a recall lengthens the half-life by at least a fifth",
        "memory.spacing": "assumed: and by more the nearer it was to being forgotten",
        "memory.cap_days": "assumed: no half-life passes a year",
        "pace.residual_sd": "published: residual sd of log response time, van der Linden (2006)",
        "groups": "fitted: spread of ability and rate and their correlation; assumed: the three groups' shares and "
        "means, and the spread of memory; published: pace sd within .18 to .37, van der Linden (2006)",
        "goals.share": "assumed: 40% of the concepts are drawn for each student, what they need is added",
        "leak": "assumed: a tenth of the learning of one who is ready, without any of the prerequisites",
        "course": "assumed: eight sessions of 30 minutes over four weeks, a test a week later",
        "concepts": f"fitted: the skills of the log with enough evidence; {source}",
        "prerequisites.strength": f"assumed: 1, a full need but for the leak, where at least "
        f"{FIRST_SHARE:.0%} of {MET} or more students met the one first and knowing it helps (z of {HELPS} or more); "
        "the log holds no prerequisites",
        "activities.difficulty": f"fitted: quantiles .15, .5 and .85 of the concept's item difficulties; {source}",
        "activities.minutes": "assumed: 1.8, 2, 2.4 and 2 minutes",
        "activities.learning": "assumed: .7, 1, 1.25 and 1.7 times the learning of a medium problem",
    }


def provenance(
    fit: Fit, source: str, inferred: bool = True, told_apart: bool = True, timed: bool = False, dated: bool = False
) -> dict[str, str]:
    """The lines for population.yaml.

    Args:
        fit: the population.
        source: names the log.
        inferred: whether prerequisites were inferred from it.
        told_apart: whether it tells items of a concept apart.
        timed: whether it says how long tries take.
        dated: whether it says when they were.
    """
    fitted = (*fit.knowledge.concept_fields(), *fit.knowledge.files())
    lines = {f"knowledge.{name}": f"fitted: {_MEANING[name]}; {source}" for name in fitted}
    if "weights" in fit.knowledge.files():
        lines["knowledge.intercept"] = f"fitted: logit of P(right) before any answer, with the network; {source}"
    if "discrimination" in fit.knowledge.concept_fields():
        lines["knowledge.guess"] = f"fitted: P(right) by luck, marginal likelihood with a logit-normal prior; {source}"
    lines |= _usual(source)
    if fit.memory is not None:
        how = "marginal likelihood from the times of the log, with a wide log-normal prior"
        lines |= {f"memory.{name}": f"fitted: {_MEMORY[name]}, {how}; {source}" for name in fitted_names(fit.memory)}
        lines["memory.known_days"] = "assumed: a year; what was known at first is not forgotten in this model"
        lines["groups"] = lines["groups"].replace("the spread of memory", "that all remember as long")
    if "weights" in fit.knowledge.files():  # it knows no rate of learning
        one = "spread of the ability that the network leaves"
        lines["groups"] = lines["groups"].replace("spread of ability and rate and their correlation", one)
    if not told_apart:
        lines["activities.difficulty"] = (
            "fitted: one number a concept, shrunk towards 0; the log does not tell its items apart"
        )
        lines["activities.minutes"] = "assumed: 2 minutes"
        lines["activities.learning"] = "assumed: a worked example teaches 1.7 times as much as a problem"
    if timed:
        how = "EM with a pace of each student"
        lines["pace.residual_sd"] = f"fitted: sd of log minutes within a student and concept, {how}; {source}"
        published = "published: pace sd within .18 to .37, van der Linden (2006)"
        lines["groups"] = lines["groups"].replace(published, f"fitted: pace sd; {source}")
        ratios = "other forms .9, 1.2 and 1 times as long" if told_apart else "a worked example as long"
        lines["activities.minutes"] = f"fitted: the median problem of each concept, {how}; {source}; assumed: {ratios}"
    if dated and "knowledge.forget" in lines:
        untold = "the log has no times, so it"
        lines["knowledge.forget"] = lines["knowledge.forget"].replace(untold, "the log's times are not used, so it")
    if not inferred:
        lines["prerequisites.strength"] = "assumed: there are none; the log's order does not say what needs what"
    return lines
