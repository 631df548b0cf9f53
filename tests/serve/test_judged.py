"""The loop closed: what the service logged is a canonical log, and tells what strategies are worth."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curriculum_rl import load_world
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.logs.store import open_log
from curriculum_rl.ope.logged import read_logged
from curriculum_rl.ope.replay import likelihoods
from curriculum_rl.policies.load import load_policy
from tests.logs.imports import imported_files, rows
from tests.serve.services import Local

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "the-loop-closed" / "run.py"


def test_every_kind_of_decision_is_imported(local: Local, tmp_path: Path):
    names, found = local.service.decider.runner.activities, {}

    def next_(event: str, did: str | None, correct: float = 1.0, **more: Any) -> None:
        """The next decision, a minute later, after the student did this."""
        day = {"asked_at": f"2026-09-01T08:{len(found):02}:00Z"}
        before = next(reversed(found.values()), None)
        last = {"activity": did, "correct": correct, "elapsed_s": 60, "duration_s": 30} if did else None
        state = before["state"] if before else None
        found[event] = local.rank(learner="p7", event_id=event, state=state, last_event=last, **day, **more).json
        assert "state" in found[event], found[event]

    next_("policy", None)
    next_("pin", found["policy"]["activity"], pinned="parts-easy")
    next_("shadow", "recipe", 0.5, own_choice={"activity": "parts-hard", "propensity": 0.5})
    next_("unknown", "parts-hard", 0.0, own_choice={"activity": "parts-hard"})
    next_("nothing", "parts-hard", excluded=names)
    next_("deferred", "parts-easy", defer_activation=True)
    next_("activated", None, defer_activation=True)
    for event in ("activated", "policy", "pin", "shadow"):
        path = f"/v1/events/{event}"
        assert local.post(f"{path}/activate").status == 204
        assert local.post(f"{path}/reward", value=0.5).status == 204
    done = imported_files(tmp_path, sorted(local.log.glob("*.jsonl")), "decisions")
    assert done.rejects == {"kind": 1, "deferred": 1}  # nothing to decide, and never activated
    told = rows(tmp_path)
    assert [row.get("offered", row["activity_id"]) for row in told] == [
        found[event]["activity"] for event in ("policy", "pin", "shadow", "unknown", "activated")
    ]
    assert [row.get("propensity") for row in told] == [
        found["policy"]["propensity"], None, 0.5, None, found["activated"]["propensity"],
    ]  # fmt: skip
    assert [row.get("response") for row in told] == [1.0, 0.5, 0.0, 1.0, None]
    assert [row.get("duration_s") for row in told] == [30.0] * 4 + [None]
    assert [row.get("reward") for row in told] == [0.5, 0.5, 0.5, None, 0.5]
    assert told[1]["activity_id"] == "recipe"
    assert sorted(told[0]["eligible"]) == sorted(names)


@pytest.mark.slow
def test_what_is_served_is_judged_as_it_is_worth(bundle: Path, tmp_path: Path):
    """One repeat of the experiment: every estimate is within five of its standard errors."""
    spec = importlib.util.spec_from_file_location("the_loop_closed", EXPERIMENT)
    assert spec is not None
    assert spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    world, really = load_world(run.WORLD), run.truth(load_world(run.WORLD))
    found = run.judged(bundle, world, first(TEST, run.STUDENTS), tmp_path)
    assert {row["policy"] for row in found} == set(really)
    for row in found:
        error = (row["ci_high"] - row["ci_low"]) / (2 * 1.96)
        assert abs(row["value"] - really[row["policy"]]) < 5.0 * error, row
    replayed_as_served(run, tmp_path / "log")


def replayed_as_served(run: Any, folder: Path) -> None:
    """The package, replaying the log, finds the propensities that the service logged."""
    world, policy, off, rows_ = load_world(run.WORLD), load_policy(run.SERVED), 0, 0
    for table in open_log(folder).buckets():
        log = read_logged(table, world.platform)
        assert log.eligible is not None
        p = likelihoods(log, world.platform, policy)
        expected = (1.0 - run.EXPLORE) * p + run.EXPLORE / log.eligible.sum(axis=1)
        off += int((np.abs(expected - log.propensity) > 1e-6).sum())
        rows_ += len(p)
    assert rows_ >= 1000
    assert off <= 0.002 * rows_  # ties that single precision breaks otherwise


def test_its_expectations_are_there():
    assert set(json.loads(EXPERIMENT.with_name("expected.json").read_text())) == {"held", "errors"}
