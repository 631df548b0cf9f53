"""What a network must know of a world: the places of the features, the graph of concepts, the kinds of activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curriculum_rl.batch import Int
from curriculum_rl.envs.simulation import TIME_FEATURES
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.world import Platform

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """K concepts, A activities, P features of each concept, S of the student and the time.

    An observation is P planes of K entries, then S entries (`View.features`).

    Attributes:
        before, after: mean over the prerequisites (over what is unlocked) of each concept, weighted by strength,
            (K, K): row k holds the weights of the others, and is 0 where there is none.
        concept, share: what each activity practises, (L, A).
        form: its form, (A,), of `forms` in all.
        controls: what can be chosen beside activities (`controls.py`), in the order of their logits.
        within: how its difficulty, minutes and learning differ from the mean of its form, (A, 3): logits, and
            logarithms of ratios. All 0 where the forms say everything.
    """

    planes: int
    student: int
    before: Matrix
    after: Matrix
    concept: Int
    share: Matrix
    form: Int
    forms: int
    within: Matrix
    controls: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        platform: Platform,
        tracker: Tracker,
        forms: tuple[str, ...] | None = None,
        controls: tuple[str, ...] | None = None,
    ) -> Layout:
        """The layout of a platform's observations.

        Args:
            forms: the order in which forms are numbered, for weights that were trained with another curriculum; that
                of the platform's own by default.
            controls: that weights were trained with; the platform's by default.
        """
        curriculum, belief = platform.curriculum, tracker.belief
        forms = curriculum.forms if forms is None else forms
        concept, share = curriculum.loads
        attributes = np.stack([curriculum.difficulty, np.log(curriculum.minutes), np.log1p(curriculum.learning)], 1)
        mean = np.stack([attributes[curriculum.form == f].mean(axis=0) for f in range(len(curriculum.forms))])
        number = np.array([forms.index(form) for form in curriculum.forms], dtype=np.int64)
        within = attributes - mean[curriculum.form]
        within[np.abs(within) < 1e-9] = 0.0
        return cls(
            planes=len(belief.concept_features),
            student=len(belief.student_features) + len(TIME_FEATURES),
            before=_rows_to_one(curriculum.requires.T),
            after=_rows_to_one(curriculum.requires),
            concept=concept,
            share=share.astype(np.float32),
            form=number[curriculum.form],
            forms=len(forms),
            within=within.astype(np.float32),
            controls=platform.controls if controls is None else controls,
        )

    @property
    def concepts(self) -> int:
        """K."""
        return len(self.before)

    @property
    def activities(self) -> int:
        """A."""
        return len(self.form)

    @property
    def actions(self) -> int:
        """A + C, activities and controls."""
        return self.activities + len(self.controls)

    @property
    def features(self) -> int:
        """F, the length of an observation."""
        return self.planes * self.concepts + self.student

    @property
    def varied(self) -> bool:
        """Whether activities of one form differ from one another."""
        return bool(np.any(self.within))


def _rows_to_one(weights: npt.NDArray[np.float64]) -> Matrix:
    total = weights.sum(axis=1, keepdims=True)
    return (weights / np.where(total > 0, total, 1.0)).astype(np.float32)
