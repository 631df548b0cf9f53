"""What a platform sends and gets, as JSON. A field that is not named here is refused.

An id is a pseudonym or a key of the platform's own: letters, digits and . _ ~ : - alone, so that no name and no address
of a person fits by accident, and so that it can stand in a path.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

LONGEST_ID: Final = 128
LONGEST_EVENT: Final = 64
MOST_SECONDS: Final = 1e10
"""Three centuries: more is no time between two activities."""
MOST_REWARD: Final = 1e9

EventId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9._~:-]{{1,{LONGEST_EVENT}}}$")]
Pseudonym = Annotated[str, Field(pattern=rf"^[A-Za-z0-9._~:-]{{1,{LONGEST_ID}}}$")]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0.0, le=MOST_SECONDS, allow_inf_nan=False)]
Reward = Annotated[float, Field(ge=-MOST_REWARD, le=MOST_REWARD, allow_inf_nan=False)]
_FIRST, _LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
When = Annotated[AwareDatetime, Field(ge=_FIRST, le=_LAST, description="ISO 8601 with an offset from UTC")]


class Message(BaseModel):
    """Types are as they stand in JSON: "1" is no number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Event(Message):
    """What a student did."""

    activity: Name
    correct: Share | None = Field(None, description="0 wrong to 1 right; none where the activity asks for no answer")
    elapsed_s: Seconds = Field(description="seconds from the decision for this activity to the next decision")


class LastEvent(Event):
    """What a student did since the last decision, whatever was offered then."""

    duration_s: Seconds | None = Field(None, description="how long the answer took; for the log alone")


class OwnChoice(Message):
    """What the platform chose by itself."""

    activity: Name
    propensity: Annotated[float, Field(ge=1e-9, le=1.0)] | None = Field(None, description="of that choice, if known")


class RankRequest(Message):
    """Asks for an activity."""

    event_id: EventId | None = Field(
        None, description="of this decision, whose draw it seeds; made where none is given"
    )
    learner: Pseudonym
    state: str | None = Field(None, description="from the last answer; none for a student who is new")
    goals: list[Name] | None = Field(None, description="concepts that a new student is here for; none: all of them")
    last_event: LastEvent | None = None
    excluded: list[Name] = Field([], description="activities that the teacher or the platform shuts")
    pinned: Name | None = Field(None, description="the activity that a teacher chose")
    own_choice: OwnChoice | None = Field(
        None, description="shadow mode: this is returned, the policy's choice is logged"
    )
    defer_activation: bool = Field(False, description="no decision until it is activated: asked for ahead of time")
    asked_at: When | None = Field(None, description="when, if not now")


class Ranked(Message):
    """One activity that could have been chosen."""

    id: str
    p: float


class RankReply(Message):
    """An activity, or none and why."""

    event_id: str
    activity: str | None
    reason: Literal["no_eligible"] | None = Field(None, description="why there is no activity")
    propensity: float | None = Field(description="P(this activity) after all guardrails; none where no lot decided")
    ranking: list[Ranked] = Field(description="what is eligible, with the probability of being drawn, likeliest first")
    state: str = Field(description="to be sent with this student's next request")
    policy: str = Field(description="digest of the bundle")
    reasons: list[str]
    served_by: Literal["policy", "teacher", "platform"] | None


class RewardRequest(Message):
    """What a decision was worth."""

    value: Reward
    observed_at: When | None = None


class StateRequest(Message):
    """Asks for a state, from what a student did."""

    learner: Pseudonym
    state: str | None = Field(None, description="to go on from, where a history is sent in parts")
    goals: list[Name] | None = None
    events: list[Event] = Field(description="in order")


class StateReply(Message):
    """A state."""

    state: str
    policy: str


class Violation(Message):
    """One thing to mend."""

    field: str
    message: str


class Problem(Message):
    """What is wrong with a request (RFC 9457)."""

    title: str
    status: int
    violations: list[Violation] = []
