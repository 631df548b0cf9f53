"""An event is answered once, completed once, rewarded once; what contradicts it is refused."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.serve.services import Local

REWARD = "/v1/events/e1/reward"


def test_a_retry_gets_the_same_bytes_and_no_second_line(start: Callable[..., Local]):
    local = start(explore=0.3)
    asked = {"event_id": "e1", "learner": "p7", "excluded": ["recipe"]}
    first = local.rank(**asked)
    assert local.rank(**asked).body == first.body
    assert local.rank(excluded=["recipe"], learner="p7", event_id="e1", pinned=None).body == first.body
    assert len(local.lines()) == 1
    local.close()
    again = start(explore=0.3)
    assert again.rank(**asked).body == first.body
    assert len(again.lines()) == 1


@pytest.mark.parametrize("other", [{"learner": "p8"}, {"excluded": ["recipe"]}, {"goals": ["parts"]}])
def test_an_event_id_is_for_one_request(local: Local, other: dict[str, object]):
    asked = {"event_id": "e1", "learner": "p7"}
    local.rank(**asked)
    refused = local.rank(**asked | other)
    assert (refused.status, refused.fields) == (409, ["event_id"])
    assert len(local.lines()) == 1


def test_another_rate_of_exploration_does_not_answer_for_the_old_one(start: Callable[..., Local]):
    first = start(explore=0.3)
    first.rank(event_id="e1", learner="p7")
    first.close()
    assert start(explore=0.1).rank(event_id="e1", learner="p7").fields == ["event_id"]


def test_an_event_id_is_made_where_none_is_given(local: Local):
    made = {local.rank(learner="p7").json["event_id"] for _ in range(5)}
    assert len(made) == 5
    assert made == {line["event_id"] for line in local.lines()}


def played(local: Local, **last: object) -> list[dict[str, object]]:
    """The log's completing lines after one decision and what the student did, as told in the next request."""
    first = local.rank(event_id="e1", learner="p7", pinned="parts-easy").json
    local.rank(event_id="e2", learner="p7", state=first["state"], last_event={"elapsed_s": 60, **last})
    return [line for line in local.lines() if "activity_id" not in line]


def test_the_next_request_completes_the_decision_before(local: Local):
    assert played(local, activity="parts-easy", correct=0.5, duration_s=12.5) == [
        {"event_id": "e1", "response": 0.5, "duration_s": 12.5}
    ]


def test_what_the_student_did_instead_is_told_apart(local: Local):
    (line,) = played(local, activity="recipe", correct=1)
    listed = local.send("GET", "/v1/catalogue").json["activities"]
    skills = sorted(next(one["concepts"] for one in listed if one["id"] == "recipe"))
    assert line == {"event_id": "e1", "response": 1.0, "done": "recipe", "skills": skills}


def test_the_same_outcome_is_taken_once_and_another_refused(local: Local):
    first = local.rank(event_id="e1", learner="p7", pinned="parts-easy").json
    last = {"activity": "parts-easy", "correct": 1, "elapsed_s": 60}
    for i in range(2):
        assert local.rank(event_id=f"f{i}", learner="p7", state=first["state"], last_event=last).status == 201
    refused = local.rank(event_id="g", learner="p7", state=first["state"], last_event=last | {"correct": 0})
    assert (refused.status, refused.fields) == (409, ["last_event"])
    assert [line for line in local.lines() if "response" in line] == [{"event_id": "e1", "response": 1.0}]


def test_only_what_is_activated_is_a_decision(local: Local):
    asked = {"event_id": "e1", "learner": "p7", "defer_activation": True}
    first = local.rank(**asked)
    assert local.rank(**asked).body == first.body
    assert [line["activity_id"] for line in local.lines()] == [None]
    early = local.post(REWARD, value=1)
    assert (early.status, early.fields) == (409, ["event_id"])
    last = {"activity": "parts-easy", "correct": 1, "elapsed_s": 60}
    local.rank(event_id="e2", learner="p7", state=first.json["state"], last_event=last, defer_activation=True)
    assert not [line for line in local.lines() if "response" in line]
    for _ in range(2):
        assert local.post("/v1/events/e1/activate").status == 204
    assert local.post(REWARD, value=1).status == 204
    decisions = [line for line in local.lines() if line.get("activity_id")]
    assert [line["activity_id"] for line in decisions] == [first.json["activity"]]
    assert decisions[0]["propensity"] == first.json["propensity"]
    assert local.rank(**asked).body == first.body
    assert len(local.lines()) == 4


def test_a_reward_is_taken_once(local: Local):
    local.rank(event_id="e1", learner="p7")
    for _ in range(2):
        assert local.post(REWARD, value=0.7, observed_at="2026-11-22T10:00:00Z").status == 204
    refused = local.post(REWARD, value=0.8, observed_at="2026-11-22T10:00:00Z")
    assert (refused.status, refused.fields) == (409, ["value"])
    assert local.lines()[1:] == [{"event_id": "e1", "reward": 0.7, "observed_at": "2026-11-22T10:00:00+00:00"}]


def test_what_was_never_ranked_cannot_be_rewarded_or_activated(local: Local):
    for path in ("/v1/events/nobody/reward", "/v1/events/nobody/activate"):
        refused = local.post(path, value=1)
        assert (refused.status, refused.fields) == (404, ["event_id"])
    local.rank(event_id="e1", learner="p7", excluded=local.service.decider.runner.activities)
    refused = local.post(REWARD, value=1)
    assert (refused.status, refused.fields) == (409, ["event_id"])
    assert local.post("/v1/events/e1/activate").status == 204  # there is nothing to do


def test_nothing_is_answered_that_cannot_be_logged(local: Local, monkeypatch: pytest.MonkeyPatch):
    local.rank(event_id="e0", learner="p7")
    before = local.lines()
    whole = os.write
    monkeypatch.setattr("curriculum_rl.serve.journal.os.write", lambda file, data: whole(file, data[: len(data) // 2]))
    assert local.rank(event_id="e1", learner="p7").status == 503
    assert local.send("GET", "/healthz").status == 503
    assert local.lines() == before
    monkeypatch.undo()
    assert local.rank(event_id="e1", learner="p7").status == 201
    assert local.send("GET", "/healthz").json["status"] == "ok"
    assert len(local.lines()) == 2
