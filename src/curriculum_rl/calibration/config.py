"""What a calibration is asked for. Light: the command line reads its defaults from here before anything is fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

Model = Literal["afm", "bkt", "dkt", "irt", "pfa"]

GROW: tuple[Model, ...] = ("afm", "irt")
"""The models whose memory can be fitted: what grew by practice is known from the log (see `forgetting.py`)."""


Several = Literal["set", "each"]
"""What items of several skills practise: one concept for each distinct set of skills, or every skill."""
FittedMemory = Literal["assumed", "exponential", "power"]
"""The memory that a pack takes as assumed, or the rule of half-lives fitted to the log."""
Ends = Literal["three_in_a_row", "as_logged"]
"""Where practice is simulated to: the third right answer in a row, or just as far as it was logged."""
USUAL_SLOPE: Final = 0.1
"""Logits a try over 27 data sets: Koedinger et al. (2023), doi:10.1073/pnas.2221311120. Where a log holds far less, say
so: on a logarithm EM would take hundreds of iterations from here to there."""


@dataclass(frozen=True)
class CalibrationConfig:
    """What to fit, to what, and where to write it.

    Attributes:
        log: Parquet or CSV with student, order, item, answer and, without a q-matrix, skills.
        out: folder of the pack; its last part is the pack's name.
        model: of knowledge.
        q_matrix: skills of each item, .npz or CSV; None: the log's own skills.
        columns: role to column name, where the usual names do not fit.
        several: what an item of several skills practises: one concept for the set, or each skill.
        source: of the log, for the card and the provenance; "" for the file's name.
        terms: of the log, and its citation, for the card.
        note: what the pack is good for, for the card.
        memory: assumed, or which rule of half-lives is fitted to the log's times; for models of growth.
        practice: how real and simulated practice are compared: where pairs end at the third right answer in a row, as
            in a skill builder, or try by try as logged.
        prerequisites: inferred from the log, or none.
        dropout: none, or fitted to how the episodes of a canonical log end.
        start_slope: logits a try at which fitting AFM begins; give a small one for a log with next to no learning.
        min_students, min_tries: evidence below which a concept is left out of the pack.
        unseen_share: students kept from fitting where the log has no split of its own.
        iterations: of the fit, at most.
        repeats: simulations of the log's students.
        seed: of those simulations.
        reject_limit: share of unusable rows above which nothing is published.
    """

    log: Path
    out: Path
    model: Model = "bkt"
    q_matrix: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    several: Several = "set"
    source: str = ""
    terms: str = ""
    note: str = ""
    memory: FittedMemory = "assumed"
    practice: Ends = "three_in_a_row"
    prerequisites: Literal["inferred", "none"] = "inferred"
    dropout: Literal["none", "fitted"] = "none"
    start_slope: float = USUAL_SLOPE
    min_students: int = 30
    min_tries: int = 200
    unseen_share: float = 0.2
    iterations: int = 30
    repeats: int = 5
    seed: int = 0
    reject_limit: float = 0.01

    def __post_init__(self) -> None:
        # Here, because the help of the command line, which reads the defaults, must need nothing installed.
        from curriculum_rl.violations import Violations

        check = Violations("calibrate")
        if self.model not in get_args(Model):
            check.add("model", self.model, f"must be one of {', '.join(get_args(Model))}")
        if self.several not in get_args(Several):
            check.add("several", self.several, "must be set or each")
        if self.memory not in get_args(FittedMemory):
            check.add("memory", self.memory, f"must be one of {', '.join(get_args(FittedMemory))}")
        elif self.memory != "assumed" and self.model not in GROW:
            check.add("memory", self.memory, f"can be fitted with the models {' and '.join(GROW)} alone")
        if self.practice not in get_args(Ends):
            check.add("practice", self.practice, "must be three_in_a_row or as_logged")
        elif self.memory in ("exponential", "power") and self.practice != "as_logged":
            remedy = "Practice up to three right in a row is simulated without times."
            check.add("practice", self.practice, "must be as_logged where memory is fitted", remedy)
        if self.prerequisites not in ("inferred", "none"):
            check.add("prerequisites", self.prerequisites, "must be inferred or none")
        if self.dropout not in ("none", "fitted"):
            check.add("dropout", self.dropout, "must be none or fitted")
        for name in ("min_students", "min_tries", "iterations", "repeats"):
            check.number(name, getattr(self, name), at_least=1)
        check.number("start_slope", self.start_slope, above=0.0, at_most=1.0)
        if self.start_slope != USUAL_SLOPE and self.model != "afm":
            check.add("start_slope", self.start_slope, "is of the model afm alone")
        check.number("unseen_share", self.unseen_share, above=0.0, below=1.0)
        check.number("seed", self.seed, at_least=0)
        check.number("reject_limit", self.reject_limit, at_least=0.0, at_most=1.0)
        check.raise_all()

    @property
    def label(self) -> str:
        """What the fitted model is called beside others: in capitals; PFA alone is the one without students' traits."""
        return "individual PFA" if self.model == "pfa" else self.model.upper()
