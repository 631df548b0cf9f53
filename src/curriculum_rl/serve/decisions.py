"""One decision: what may be chosen, with which probability, what is chosen, and what is written down of it.

The policy's graph masks what is locked; here it is masked again, with what the platform excludes, before the draw of
`runner/draw.py`. A teacher's pin is obeyed without a lot, so that it has no propensity; it opens nothing that is
locked.
Exclusions only make the eligible set smaller: chance still decides within it, and the propensity is that of the draw.
In shadow mode the platform's own choice is returned and logged, beside what the policy would have done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from curriculum_rl.runner.draw import drawn, explored, uniform
from curriculum_rl.runner.reasons import Reasons
from curriculum_rl.runner.runner import Runner, Step
from curriculum_rl.serve.messages import Event, RankRequest
from curriculum_rl.serve.refusals import Refused, Told
from curriculum_rl.serve.sealed import Opened, Seal, State

Line = dict[str, Any]
"""One line of the journal."""
Server = Literal["policy", "teacher", "platform"]
_UNKNOWN: Final = "is no activity of the catalogue (GET /v1/catalogue)"


@dataclass(frozen=True)
class Decided:
    """What is answered, what is logged, and the decision whose outcome the request tells; "": none."""

    reply: Line
    line: Line
    before: str


@dataclass(frozen=True)
class _Choice:
    """What was chosen, by whom, and with which probability; `own`: what the policy chose, where another did."""

    activity: int
    by: Server
    propensity: float | None
    own: Line | None = None


class Decider:
    """A policy that answers requests.

    Args:
        runner: of its bundle.
        explore: share of decisions drawn evenly from what is eligible.
    """

    def __init__(self, runner: Runner, explore: float) -> None:
        self.runner, self.explore = runner, explore
        self.digest: str = runner.bundle.digest
        self.seal = Seal(self.digest, len(runner.bundle.initial_state), runner.bundle.before)
        self.index = {name: a for a, name in enumerate(runner.activities)}
        catalogue = runner.bundle.catalogue
        self.answered = [bool(a["answered"]) for a in catalogue["activities"]]
        self.skills = [sorted(a["concepts"]) for a in catalogue["activities"]]
        self.reasons = Reasons.of(catalogue)

    def decide(self, asked: RankRequest, event_id: str) -> Decided:
        """The answer to a request.

        Raises:
            Refused: it cannot be answered; every field at fault is named.
        """
        self._check(asked)
        opened = self.opened(asked.learner, asked.state, asked.goals)
        allowed = np.ones((1, len(self.index)), dtype=np.bool_)
        allowed[0, [self.index[name] for name in asked.excluded]] = False
        step = self.stepped(opened.state, asked.last_event, allowed)
        eligible = step.eligible[0] & allowed[0]
        p = explored(step.probabilities[0], eligible, self.explore)
        choice = self._choice(asked, event_id, eligible, p)
        ranked = np.flatnonzero(eligible)
        ranked = ranked[np.argsort(-p[ranked], kind="stable")]
        names = self.runner.activities
        reply: Line = {
            "event_id": event_id,
            "activity": None if choice is None else names[choice.activity],
            "reason": "no_eligible" if choice is None else None,
            "propensity": None if choice is None else choice.propensity,
            "ranking": [{"id": names[a], "p": x} for a, x in zip(ranked.tolist(), p[ranked].tolist(), strict=True)],
            "state": self.seal.close(step.state[0], asked.learner, event_id),
            "policy": self.digest,
            "reasons": self._why(step, choice),
            "served_by": None if choice is None else choice.by,
        }
        line = self._line(asked, event_id, choice, eligible, step.state[0])
        return Decided(reply, line, opened.event if asked.last_event else "")

    def stepped(self, state: State, event: Event | None, allowed: npt.NDArray[np.bool_]) -> Step:
        """The graph's step.

        Raises:
            Refused: the state is one that no student comes to.
        """
        given = (-1, 0.0, 0.0)
        if event is not None:
            given = (self.index[event.activity], event.correct or 0.0, event.elapsed_s)
        last, correct, elapsed = ([value] for value in given)
        try:
            step = self.runner.step(state, last, correct, elapsed, allowed)
        except Exception:  # onnxruntime has one class of its own for each thing that may be wrong
            raise Refused(422, [("state", "cannot be gone on from; make it again with POST /v1/state")]) from None
        if not all(np.isfinite(each).all() for each in (step.state, step.probabilities, step.mastery)):
            raise Refused(422, [("state", "leads to what is no number; make it again with POST /v1/state")])
        return step

    def start(self, goals: list[str] | None) -> State:
        """The state of a new student."""
        known = set(self.runner.concepts)
        unknown = [i for i, goal in enumerate(goals or ()) if goal not in known]
        faults = [(f"goals[{i}]", "is no concept of the catalogue") for i in unknown]
        if goals == []:
            faults.append(("goals", "must name a concept; leave it out for all of them"))
        if faults:
            raise Refused(422, faults)
        return self.runner.start(1, goals)

    def opened(self, learner: str, state: str | None, goals: list[str] | None) -> Opened:
        """The state that was sent, or that of a new student."""
        if state is None:
            return Opened(self.start(goals), "")
        if goals is not None:
            raise Refused(422, [("goals", "are in the state already; they are for a student who is new")])
        return self.seal.open(state, learner)

    def faults(self, event: Event, place: str) -> list[Told]:
        """What is wrong with an event."""
        if event.activity not in self.index:
            return [(f"{place}.activity", _UNKNOWN)]
        if event.correct is None and self.answered[self.index[event.activity]]:
            return [(f"{place}.correct", "is missing: this activity asks for an answer")]
        return []

    def _check(self, asked: RankRequest) -> None:
        named = [(f"excluded[{i}]", name) for i, name in enumerate(asked.excluded)]
        named += [("pinned", asked.pinned)] if asked.pinned is not None else []
        named += [("own_choice.activity", asked.own_choice.activity)] if asked.own_choice else []
        faults: list[Told] = [(field, _UNKNOWN) for field, name in named if name not in self.index]
        faults += self.faults(asked.last_event, "last_event") if asked.last_event else []
        if asked.pinned is not None and asked.pinned in asked.excluded:
            faults.append(("pinned", "is excluded in the same request"))
        if asked.pinned is not None and asked.own_choice:
            faults.append(("own_choice", "cannot stand beside a pin: only one of them can be done"))
        if faults:
            raise Refused(422, faults)

    def _choice(
        self, asked: RankRequest, event_id: str, eligible: npt.NDArray[np.bool_], p: npt.NDArray[np.float64]
    ) -> _Choice | None:
        lot = drawn(p, uniform(self.digest, event_id))
        own = None if lot is None else {"activity_id": self.runner.activities[lot], "propensity": float(p[lot])}
        if asked.pinned is not None:
            pinned = self.index[asked.pinned]
            if not eligible[pinned]:
                raise Refused(422, [("pinned", "is locked for this student now; a pin opens nothing")])
            return _Choice(pinned, "teacher", None, own)
        if asked.own_choice is not None:
            return _Choice(self.index[asked.own_choice.activity], "platform", asked.own_choice.propensity, own)
        return None if lot is None else _Choice(lot, "policy", float(p[lot]))

    def _why(self, step: Step, choice: _Choice | None) -> list[str]:
        if choice is None:
            return ["Nothing is open to this student now."]
        who = {"policy": [], "teacher": ["A teacher chose it."], "platform": ["The platform chose it."]}[choice.by]
        return [*who, *self.reasons.why(step, 0, choice.activity)]

    def _line(
        self, asked: RankRequest, event_id: str, choice: _Choice | None, eligible: npt.NDArray[np.bool_], state: Any
    ) -> Line:
        when = (asked.asked_at or datetime.now(UTC)).astimezone(UTC)
        line: Line = {
            "event_id": event_id,
            "student_id": asked.learner,
            "timestamp": when.isoformat(timespec="microseconds"),
            "activity_id": None,
            "policy": self.digest,
        }
        if choice is None:
            return line | {"reason": "no_eligible"}
        open_ = eligible.copy()
        open_[choice.activity] = True  # what the platform did, it could do
        names = self.runner.activities
        line |= {
            "activity_id": names[choice.activity],
            "event_type": "attempt" if self.answered[choice.activity] else "lesson",
            "skills": self.skills[choice.activity],
            "goals": self._goals(state),
            "eligible": [names[a] for a in np.flatnonzero(open_)],
            "propensity": choice.propensity,
            "logger_id": self.digest if choice.by == "policy" else choice.by,
            "exploration": self.explore,
        }
        if asked.excluded:
            line["excluded"] = asked.excluded
        return line | ({"policy_choice": choice.own} if choice.by != "policy" else {})

    def _goals(self, state: State) -> list[str] | None:
        start = self.runner.bundle.manifest["state"]["goals"][0]
        kept = state[start : start + len(self.runner.concepts)] > 0.5
        return None if kept.all() else [self.runner.concepts[k] for k in np.flatnonzero(kept)]
