"""A row is answered as the service answers the same request, course by course; what is wrong is named by its row."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.serve.messages import LastEvent, RankRequest
from curriculum_rl.serve.pyfunc_model import BUNDLE, INPUTS, OUT, OUTPUTS, BundleModel
from curriculum_rl.world import load_world

WORLD = load_world("fractions")
ACTIVITIES = [a.id for a in WORLD.curriculum.activities]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> BundleModel:
    file = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    file.write_bytes(make("zpdes", load_policy("zpdes"), WORLD, 1000).content)
    made = BundleModel()
    made.load_context(SimpleNamespace(artifacts={BUNDLE: str(Path(file))}))
    return made


def predicted(model: BundleModel, *rows: dict[str, Any]) -> pd.DataFrame:
    return model.predict(None, pd.DataFrame(list(rows)))


def test_the_model_and_the_service_teach_the_same_course(model: BundleModel):
    rng, learners, steps = np.random.default_rng(0), ("a", "b", "c"), 12
    mine: dict[str, str | None] = dict.fromkeys(learners)
    theirs: dict[str, str | None] = dict.fromkeys(learners)
    last: dict[str, dict[str, Any]] = {}
    for step in range(steps):
        shut = list(rng.choice(ACTIVITIES, 3, replace=False))
        rows = [
            {"event_id": f"{name}-{step}", "learner": name, "state": mine[name], "excluded": shut} | last.get(name, {})
            for name in learners
        ]
        found = predicted(model, *rows).set_index("event_id")
        for name in learners:
            did = last.get(name)
            event = did and LastEvent(activity=did["last_activity"], correct=did["correct"], elapsed_s=did["elapsed_s"])
            asked = RankRequest(learner=name, state=theirs[name], last_event=event, excluded=[str(one) for one in shut])
            expected = model.decider.decide(asked, f"{name}-{step}").reply
            got = found.loc[f"{name}-{step}"]
            for column in (c for c in OUT if c != "event_id"):
                value = None if not isinstance(got[column], list) and pd.isna(got[column]) else got[column]
                assert value == expected[column], column
            mine[name], theirs[name] = got["state"], expected["state"]
            answer, elapsed = float(rng.random() < 0.6), float(rng.uniform(1.0, 1e5))
            last[name] = {"last_activity": got["activity"], "correct": answer, "elapsed_s": elapsed}
    assert mine == theirs


def test_columns_are_those_of_the_signature(model: BundleModel):
    found = predicted(model, {"event_id": "e", "learner": "a"})
    assert tuple(found.columns) == tuple(OUTPUTS.input_names()) == OUT
    assert set(INPUTS.required_input_names()) == {"event_id", "learner"}


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA])
def test_what_is_missing_in_a_table_is_missing(model: BundleModel, missing: Any):
    bare = {"event_id": "e", "learner": "a"}
    full = bare | dict.fromkeys(("state", "goals", "last_activity", "correct", "elapsed_s", "excluded"), missing)
    assert predicted(model, full).to_dict() == predicted(model, bare).to_dict()


def test_nothing_eligible_is_an_answer(model: BundleModel):
    found = predicted(model, {"event_id": "e", "learner": "a", "excluded": ACTIVITIES}).iloc[0]
    assert (found["activity"], found["reason"]) == (None, "no_eligible")


EVENT = {"last_activity": ACTIVITIES[0], "correct": 1.0, "elapsed_s": 1.0}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event_id": None}, "event_id"),
        ({"learner": None}, "learner"),
        ({"learner": "a b"}, "learner"),
        ({"state": "AAAA"}, "state"),
        ({"state": "no base64"}, "state"),
        ({"last_activity": "nope"}, "last_event.activity"),
        ({"last_activity": None}, "last_event.activity"),
        ({"elapsed_s": None}, "last_event.elapsed_s"),
        ({"elapsed_s": -1.0}, "last_event.elapsed_s"),
        ({"elapsed_s": float("inf")}, "last_event.elapsed_s"),
        ({"correct": 2.0}, "last_event.correct"),
        ({"excluded": ["nope"]}, "excluded[0]"),
        ({"goals": ["nope"]}, "goals[0]"),
        ({"surprise": 1.0}, "surprise"),
    ],
)
def test_a_bad_row_is_refused_by_number_and_field(model: BundleModel, change: dict[str, Any], field: str):
    good = {"event_id": "e", "learner": "a", **EVENT}
    with pytest.raises(MlflowException, match=f"^row 1: {re.escape(field)}: ") as told:
        predicted(model, good, good | change)
    assert told.value.get_http_status_code() == 400
