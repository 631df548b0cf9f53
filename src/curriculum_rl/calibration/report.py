"""What a calibration found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from curriculum_rl.batch import Int
from curriculum_rl.calibration.checks import Check, of_practice, of_replay
from curriculum_rl.calibration.comparison import Judged
from curriculum_rl.calibration.config import CalibrationConfig
from curriculum_rl.calibration.evidence import Evidence
from curriculum_rl.calibration.fit import Fit
from curriculum_rl.calibration.gain import Gain
from curriculum_rl.calibration.predictive import Comparison
from curriculum_rl.calibration.prerequisites import Map
from curriculum_rl.calibration.replay import Replay
from curriculum_rl.calibration.response_times import check_times


@dataclass(frozen=True)
class CalibrationReport:
    """What was found; the pack's card says the same in words.

    Attributes:
        config: what was asked for.
        evidence: the log, and what the references make of it.
        fit: the population.
        judged: by model, on unseen students; the fitted model is called by the config's `label`.
        flags: what is wrong with the fit, a sentence each.
        practice: real and simulated practice of all students of the log, by how their traits were drawn; empty where
            it is compared as logged.
        replays: the same, as logged; else empty.
        gain: of the fitted memory over none on unseen students; None where memory is assumed.
        prerequisites: what was inferred.
        concepts: of the pack, positions in the fit.
        students, tries: evidence of each concept of the fit, (K,) each.
    """

    config: CalibrationConfig
    evidence: Evidence
    fit: Fit
    judged: Mapping[str, Judged]
    flags: tuple[str, ...]
    practice: Mapping[str, Comparison]
    replays: Mapping[str, Replay]
    gain: Gain | None
    prerequisites: Map
    concepts: Int
    students: Int
    tries: Int

    @cached_property
    def checks(self) -> Mapping[str, Mapping[str, Check]]:
        """Posterior predictive checks by name, by how the traits of the simulated students were drawn."""
        found = {name: of_practice(compared) for name, compared in self.practice.items()}
        return found | {name: of_replay(replayed) for name, replayed in self.replays.items()}

    @cached_property
    def time_checks(self) -> Mapping[str, Check]:
        """Those of response times, on all students; empty where there are none."""
        times = self.evidence.times
        return check_times(times, self.evidence.attempts, self.config.seed, self.config.repeats) if times else {}
