"""The requests of the service, one after the other: decided, written to the journal, and only then answered.

An event id is answered once. Asked again with the same content it gets the same bytes, and nothing is written; with
other content it is refused. What is told of an event twice is taken once, and refused where it differs.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic_core import to_json

from curriculum_rl.serve.decisions import Decider, Line
from curriculum_rl.serve.journal import Journal
from curriculum_rl.serve.ledger import Ledger, told
from curriculum_rl.serve.messages import LastEvent, RankRequest, RewardRequest, StateRequest
from curriculum_rl.serve.metrics import Metrics
from curriculum_rl.serve.refusals import Refused


class Service:
    """What stands behind the addresses.

    Attributes:
        decider: the policy.
        writable: whether the last line could be written.
    """

    def __init__(self, decider: Decider, journal: Journal, ledger: Ledger, metrics: Metrics) -> None:
        self.decider, self.journal, self.ledger, self.metrics = decider, journal, ledger, metrics
        self.writable = True
        self._setting = f"{decider.digest} {decider.explore!r} ".encode()

    def rank(self, asked: RankRequest) -> bytes:
        """An activity for a student, as JSON."""
        event_id = asked.event_id or uuid.uuid4().hex
        request = hashlib.blake2b(self._setting + asked.model_dump_json().encode(), digest_size=16).hexdigest()
        known = self.ledger.event(event_id)
        if known is not None and known.request != request:
            why = "was answered before, for another request, policy or setting; take a new one"
            raise Refused(409, [("event_id", why)])
        decided = self.decider.decide(asked, event_id)
        if known is None:
            lines = self._outcome(decided.before, asked.last_event)
            line = decided.line | {"request": request}
            if asked.defer_activation and line["activity_id"] is not None:
                line = {
                    "event_id": event_id, "student_id": asked.learner, "activity_id": None, "reason": "deferred",
                    "request": request, "deferred": line,
                }  # fmt: skip
            self._write([*lines, line])
            self.metrics.decided(decided.reply["served_by"] or "nobody")
        return to_json(decided.reply)

    def activate(self, event_id: str) -> None:
        """Makes a deferred decision one."""
        known = self.ledger.event(event_id)
        if known is None:
            raise Refused(404, [("event_id", "is of no decision that was made here")])
        if known.deferred is not None:
            self._write([json.loads(known.deferred)])

    def reward(self, event_id: str, given: RewardRequest) -> None:
        """Takes in what a decision was worth."""
        known = self.ledger.event(event_id)
        if known is None:
            raise Refused(404, [("event_id", "is of no decision that was made here")])
        if known.activity is None:
            why = "was not activated" if known.deferred else "had no activity to decide for"
            raise Refused(409, [("event_id", why)])
        line: Line = {"event_id": event_id, "reward": given.value}
        if given.observed_at:
            line["observed_at"] = given.observed_at.isoformat()
        if known.reward is None:
            self._write([line])
            self.metrics.rewarded()
        elif known.reward != told(line):
            raise Refused(409, [("value", "differs from the reward that this event has")])

    def state(self, asked: StateRequest) -> dict[str, Any]:
        """A state from raw events; nothing is logged."""
        decider = self.decider
        faults = [f for i, event in enumerate(asked.events) for f in decider.faults(event, f"events[{i}]")]
        if faults:
            raise Refused(422, faults)
        opened = decider.opened(asked.learner, asked.state, asked.goals)
        state, allowed = opened.state, np.ones((1, len(decider.index)), dtype=np.bool_)
        for event in asked.events:
            state = decider.stepped(state, event, allowed).state
        return {"state": decider.seal.close(state[0], asked.learner), "policy": decider.digest}

    def _outcome(self, event_id: str, did: LastEvent | None) -> list[Line]:
        """The line that completes the decision before, unless it was told."""
        known = self.ledger.event(event_id) if did is not None and event_id else None
        if did is None or known is None or known.activity is None:
            return []
        line: Line = {"event_id": event_id, "response": did.correct}
        if did.duration_s is not None:
            line["duration_s"] = did.duration_s
        if did.activity != known.activity:
            line |= {"done": did.activity, "skills": self.decider.skills[self.decider.index[did.activity]]}
        if known.answer is None:
            return [line]
        if known.answer != told(line):
            raise Refused(409, [("last_event", "differs from what was told of this event before")])
        return []

    def _write(self, lines: Sequence[Line]) -> None:
        content = b"".join(to_json(line) + b"\n" for line in lines)
        try:
            self.journal.write(content)
        except OSError:
            self.writable = False
            raise
        self.writable = True
        self.metrics.logged(len(content))
        for line in lines:
            self.ledger.take(line)
