"""Decisions from a bundle: one small vector a student goes in and comes out, with probabilities for every activity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from curriculum_rl.runner.alone import Alone
from curriculum_rl.runner.bundle import GRAPH, Bundle, refused
from curriculum_rl.violations import Violations

INPUTS: Final = ("state", "last_activity", "correct", "elapsed_s", "allowed")
OUTPUTS: Final = ("state_out", "probs", "eligible", "concept_mastery")
State = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """What comes out for n students."""

    state: State  # (n, S) after the event
    probabilities: npt.NDArray[np.float32]  # (n, A) 0 where not eligible
    eligible: npt.NDArray[np.bool_]  # (n, A)
    mastery: npt.NDArray[np.float32]  # (n, K) P(known)


@dataclass(frozen=True)
class Event:
    """What a student did.

    Attributes:
        activity: position in the catalogue.
        correct: 0 (wrong) to 1 (right); ignored where the activity asks for no answer.
        elapsed_s: seconds from the decision for it to the next decision.
    """

    activity: int
    correct: float
    elapsed_s: float


class Runner:
    """A bundle, ready to decide, on one core.

    Raises:
        InvalidInput: the graph cannot be run, or does not take and give what it must.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.activities: list[str] = [a["id"] for a in bundle.catalogue["activities"]]
        self.concepts: list[str] = [c["id"] for c in bundle.catalogue["concepts"]]
        self.graph = session(bundle.graph)
        found = tuple(i.name for i in self.graph.get_inputs()), tuple(o.name for o in self.graph.get_outputs())
        if found != (INPUTS, OUTPUTS):
            raise refused(f"{GRAPH}: takes {found[0]} and gives {found[1]}; must be {INPUTS} and {OUTPUTS}")
        self._alone = Alone(self.graph, *self._of_one())

    def start(self, n: int = 1, goals: Iterable[str] | None = None) -> State:
        """The state of n students of whom nothing is known, (n, S).

        Args:
            goals: ids of the concepts that they are here for; None is everything.

        Raises:
            InvalidInput: every goal that is no concept, or that there is none.
        """
        state = np.repeat(self.bundle.initial_state[None], n, axis=0)
        if goals is None:
            return state
        wanted = list(goals)
        check = Violations("goals")
        check.that(wanted, "goals = []: must name at least one concept. Leave them out for all")
        for goal in wanted:
            check.that(goal in self.concepts, f"{goal!r}: is no concept of the catalogue")
        check.raise_all()
        kept = np.array([concept in wanted for concept in self.concepts])
        for start in self.bundle.manifest["state"]["goals"]:
            state[:, start : start + len(kept)] = kept
        return state

    def step(self, state: State, last_activity: Any, correct: Any, elapsed_s: Any, allowed: Any) -> Step:
        """One step of n students: the event, if there was one, and the probabilities of what comes next.

        Args:
            state: (n, S).
            last_activity: positions in the catalogue, (n,); -1 where nothing was done since.
            correct, elapsed_s: of that event, (n,).
            allowed: what the platform allows, (n, A).
        """
        given: dict[str, Any] = {
            "state": np.asarray(state, dtype=np.float32),
            "last_activity": np.asarray(last_activity, dtype=np.int64),
            "correct": np.asarray(correct, dtype=np.float32),
            "elapsed_s": np.asarray(elapsed_s, dtype=np.float32),
            "allowed": np.asarray(allowed, dtype=np.bool_),
        }
        alone = self._alone
        return Step(*(alone.run(given) if alone.fits(given) else self.graph.run(OUTPUTS, given)))

    def _of_one(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What goes in for one student, and what comes out: types and shapes."""
        state, one = self.bundle.initial_state[None].astype(np.float32), np.zeros(1, dtype=np.float32)
        open_ = np.zeros((1, len(self.activities)), dtype=np.bool_)
        mastery = np.zeros((1, len(self.concepts)), dtype=np.float32)
        given = (state, np.zeros(1, dtype=np.int64), one, one, open_)
        made = (state, open_.astype(np.float32), open_, mastery)
        return dict(zip(INPUTS, given, strict=True)), dict(zip(OUTPUTS, made, strict=True))

    def after(self, events: Sequence[Event], goals: Iterable[str] | None = None) -> State:
        """The state of one student after these events, (1, S): what a platform that lost it can make again."""
        state, allowed = self.start(1, goals), np.ones((1, len(self.activities)), dtype=np.bool_)
        for event in events:
            state = self.step(state, [event.activity], [event.correct], [event.elapsed_s], allowed).state
        return state


def session(graph: bytes) -> Any:
    """A graph, ready to run on one core.

    Raises:
        InvalidInput: onnxruntime cannot run it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_mem_reuse = False  # to plan it takes the square of the nodes: 42 s for the 10,000 of a lookahead
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # what a hostile file makes of the parser is no promise of its authors
        raise refused(f"{GRAPH}: cannot be run: {str(error)[:200]}") from None
