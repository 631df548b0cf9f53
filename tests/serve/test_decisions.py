"""A decision is drawn as it says, from what may be chosen, and the log says the same as the answer."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.runner.runner import Event, Runner
from tests.serve.services import Local

EXPLORE = 0.3


def reference_draw(ranking: dict[str, float], order: list[str], digest: str, event_id: str) -> str:
    """The activity that the sum of probabilities, one after the other, passes a hashed number at."""
    number = int(hashlib.sha256(f"{digest}/{event_id}".encode()).hexdigest()[:16], 16) // 2**11 / 2**53
    total = 0.0
    for name in order:
        total += ranking.get(name, 0.0)
        if name in ranking and total > number:
            return name
    raise AssertionError


def test_a_draw_is_that_of_the_event_and_the_policy_explores_evenly(local: Local, bundle: Path):
    runner = Runner(open_bundle(bundle))
    policy = runner.step(runner.start(), [-1], [0], [0], np.ones((1, len(runner.activities)), bool)).probabilities[0]
    chosen = []
    for i in range(60):
        found = local.rank(event_id=f"e{i}", learner="p7").json
        ranking = {one["id"]: one["p"] for one in found["ranking"]}
        for name, p in zip(runner.activities, policy, strict=True):
            assert ranking[name] == pytest.approx(0.7 * p + EXPLORE / len(policy), abs=1e-7)
        assert math.fsum(ranking.values()) == pytest.approx(1.0)
        assert list(ranking.values()) == sorted(ranking.values(), reverse=True)
        assert found["activity"] == reference_draw(ranking, runner.activities, found["policy"], f"e{i}")
        assert found["propensity"] == ranking[found["activity"]]
        chosen.append(found["activity"])
    explored = sum(name != runner.activities[int(policy.argmax())] for name in chosen)
    assert 7 <= explored <= 30  # of 60, each with .29: outside in one of 1,000


def test_the_log_says_what_the_answer_says(local: Local):
    found = local.rank(event_id="e1", learner="p7", goals=["parts", "simplify"], asked_at="2026-09-01T08:00:00+02:00")
    (line,) = local.lines()
    assert found.status == 201
    assert {key: line[key] for key in ("event_id", "student_id", "activity_id", "propensity", "logger_id")} == {
        "event_id": "e1",
        "student_id": "p7",
        "activity_id": found.json["activity"],
        "propensity": found.json["propensity"],
        "logger_id": found.json["policy"],
    }
    assert sorted(line["eligible"]) == sorted(one["id"] for one in found.json["ranking"])
    assert line["timestamp"] == "2026-09-01T06:00:00.000000+00:00"
    assert line["goals"] == ["parts", "simplify"]


def test_what_is_excluded_is_never_chosen_and_the_propensity_is_that_of_the_rest(local: Local):
    names = local.service.decider.runner.activities
    shut = names[:30]
    for i in range(30):
        found = local.rank(event_id=f"e{i}", learner="p7", excluded=shut).json
        assert {one["id"] for one in found["ranking"]} == set(names[30:])
        assert found["activity"] in names[30:]
        assert math.fsum(one["p"] for one in found["ranking"]) == pytest.approx(1.0)
        assert found["propensity"] >= EXPLORE / 7 - 1e-12
    assert all(line["eligible"] == names[30:] and line["excluded"] == shut for line in local.lines())


def test_what_is_locked_is_never_chosen_even_where_nothing_else_is_left(start: Callable[..., Local], gated: Path):
    local = start(gated, explore=1.0)
    names = local.service.decider.runner.activities
    seen = {local.rank(event_id=f"e{i}", learner="p7").json["activity"] for i in range(80)}
    open_ = {one["id"] for one in local.rank(event_id="f", learner="p7").json["ranking"]}
    assert seen <= open_
    assert 0 < len(open_) < len(names)
    nothing = local.rank(event_id="g", learner="p7", excluded=sorted(open_))
    assert (nothing.status, nothing.json["activity"], nothing.json["reason"]) == (201, None, "no_eligible")
    assert (nothing.json["ranking"], nothing.json["propensity"]) == ([], None)
    assert nothing.json["served_by"] is None
    assert local.lines()[-1]["activity_id"] is None
    refused = local.rank(event_id="h", learner="p7", pinned=next(name for name in names if name not in open_))
    assert (refused.status, refused.fields) == (422, ["pinned"])
    assert local.rank(event_id="h", learner="p7").status == 201  # what was refused took no id


def test_everything_excluded_is_no_activity_and_a_retry_says_the_same(local: Local):
    everything = local.service.decider.runner.activities
    first, second = (local.rank(event_id="e1", learner="p7", excluded=everything) for _ in range(2))
    assert (first.status, first.json["activity"], first.json["reason"]) == (201, None, "no_eligible")
    assert first.body == second.body
    assert len(local.lines()) == 1


def test_a_pin_is_obeyed_without_a_propensity(local: Local):
    found = local.rank(event_id="e1", learner="p7", pinned="divide-hard").json
    assert (found["activity"], found["propensity"], found["served_by"]) == ("divide-hard", None, "teacher")
    (line,) = local.lines()
    assert (line["activity_id"], line["propensity"], line["logger_id"]) == ("divide-hard", None, "teacher")
    free = local.rank(event_id="e1", learner="p8").status
    assert free == 409
    own = line["policy_choice"]
    assert own["propensity"] == next(one["p"] for one in found["ranking"] if one["id"] == own["activity_id"])


def test_shadow_mode_returns_the_platforms_choice_and_logs_the_policys(local: Local):
    own = {"activity": "recipe", "propensity": 0.25}
    found = local.rank(event_id="e1", learner="p7", own_choice=own).json
    assert (found["activity"], found["propensity"], found["served_by"]) == ("recipe", 0.25, "platform")
    local.rank(event_id="e2", learner="p7", own_choice={"activity": "recipe"}, excluded=["recipe"])
    first, second = local.lines()
    assert (first["logger_id"], first["propensity"], second["propensity"]) == ("platform", 0.25, None)
    assert "recipe" in second["eligible"]  # what the platform did, it could do
    ranking = {one["id"]: one["p"] for one in found["ranking"]}
    assert ranking[first["policy_choice"]["activity_id"]] == first["policy_choice"]["propensity"]


def test_beliefs_move_as_the_runner_says(local: Local, bundle: Path):
    runner = Runner(open_bundle(bundle))
    first = local.rank(event_id="e1", learner="p7").json
    last = {"activity": first["activity"], "correct": 1, "elapsed_s": 95.5}
    second = local.rank(event_id="e2", learner="p7", state=first["state"], last_event=last).json
    state = runner.after([Event(runner.activities.index(first["activity"]), 1.0, 95.5)])
    assert np.array_equal(local.service.decider.seal.open(second["state"], "p7").state, state)


def test_a_state_made_again_from_raw_events_is_the_state(local: Local):
    events, state = [], None
    for i in range(5):
        found = local.rank(event_id=f"e{i}", learner="p7", state=state, last_event=events[-1] if events else None).json
        events.append({"activity": found["activity"], "correct": i % 2, "elapsed_s": 60.0 * i})
        state = found["state"]
    whole = local.post("/v1/state", learner="p7", events=events[:-1]).json["state"]
    part = local.post("/v1/state", learner="p7", events=events[:2]).json["state"]
    parts = local.post("/v1/state", learner="p7", state=part, events=events[2:-1]).json["state"]
    opened = local.service.decider.seal.open
    assert np.array_equal(opened(whole, "p7").state, opened(state, "p7").state)
    assert whole == parts
    lines = len(local.lines())
    assert local.rank(event_id="f", learner="p7", state=whole, last_event=events[-1]).status == 201
    assert len(local.lines()) == lines + 1  # no decision is known to complete
