"""A recorded log is the rollout of the same policy, told decision by decision."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, group_columns, record, returns
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.logs.schema import check_sorted
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world

IDS = first(TEST, 30)


def recorded(world: str, policy: str, objective: str = "delayed_test", **how: object) -> pa.Table:
    rows = record(load_world(world), load_policy(policy), IDS, find_objective(objective), Recording(**how))  # type: ignore[arg-type]
    return pa.concat_tables(rows).sort_by([("student_id", "ascending"), ("seq", "ascending")])


def by_student(table: pa.Table, column: str) -> np.ndarray:
    """Sum of a column over the rows of each student, in the order of `IDS`."""
    sums = table.group_by("student_id").aggregate([(column, "sum")]).to_pydict()
    found = dict(zip(sums["student_id"], sums[f"{column}_sum"], strict=True))
    return np.array([found[str(i)] for i in IDS])


@pytest.mark.parametrize(
    ("world", "policy"),
    [("new_material", "greedy_credit"), ("new_material", "random"), ("classroom", "mastery"), ("classes", "random")],
)
def test_rewards_and_minutes_are_those_of_a_rollout(world: str, policy: str):
    objective = find_objective("delayed_test")
    outcomes = rollout(load_world(world), load_policy(policy), IDS, objective=objective)
    table = recorded(world, policy)
    check_sorted(table)
    assert np.allclose(by_student(table, "reward"), outcomes.reward, atol=1e-9)
    assert np.allclose(by_student(table, "duration_s"), outcomes.minutes * 60.0)
    ends = table.filter(pa.compute.is_valid(table["end_reason"]))
    assert len(ends) == len(IDS)  # everybody's course ends once
    assert sum(r == "dropout" for r in ends["end_reason"].to_pylist()) == outcomes.left.sum()
    assert sum(r == "mastery" for r in ends["end_reason"].to_pylist()) == outcomes.finished.sum()


def test_returns_are_what_the_rows_add_up_to():
    world, policy, objective = load_world("kss"), load_policy("random"), find_objective("mastery_gain")
    table = recorded("kss", "random", "mastery_gain", horizon=5)
    found = returns(world, policy, IDS, objective, Recording(horizon=5))
    assert np.allclose(found, by_student(table, "reward"))


def test_right_answers_are_counted():
    table = recorded("new_material", "round_robin", "right_answers")
    assert np.array_equal(by_student(table, "reward"), by_student(table, "response"))


def test_a_horizon_cuts_every_course_and_changes_nothing_before():
    whole, cut = recorded("new_material", "random"), recorded("new_material", "random", horizon=3)
    short = whole.filter(pa.compute.less(whole["seq"], 3))
    same = [name for name in whole.column_names if name not in ("truncated", "end_reason")]
    assert cut.select(same).equals(short.select(same))
    last = cut.filter(pa.compute.equal(cut["seq"], 2))
    assert last["end_reason"].to_pylist() == ["deadline"] * len(IDS)
    assert all(last["truncated"].to_pylist())


def test_exploring_gives_every_allowed_activity_its_share():
    table = recorded("new_material", "mastery", explore=0.4, horizon=4)
    allowed = np.array([len(e) for e in table["eligible"].to_pylist()])
    share = 0.4 / allowed
    p = table["propensity"].to_numpy()
    assert np.isclose(p, 0.6 + share).any()
    assert (np.isclose(p, share) | (p > share)).all()
    assert p.max() <= 1.0


def test_what_is_chosen_by_chance_is_chosen_as_often_as_logged():
    world, ids = load_world("tms-binary"), first(TEST, 4000)
    how = Recording(horizon=1)
    table = pa.concat_tables(record(world, load_policy("random"), ids, find_objective("mastery_gain"), how))
    names, counts = np.unique(table["activity_id"].to_numpy(zero_copy_only=False), return_counts=True)
    p = 1.0 / len(world.curriculum.activities)
    assert len(names) == len(world.curriculum.activities)
    assert (np.abs(counts / len(ids) - p) < 4.0 * np.sqrt(p * (1 - p) / len(ids))).all()
    assert np.allclose(table["propensity"].to_numpy(), p)


def test_what_was_done_before_the_course_stands_first_and_is_no_decision():
    table = recorded("kss", "random", "mastery_gain", horizon=2)
    tests = table.filter(pa.compute.equal(table["event_type"], "test"))
    assert len(tests) > 0
    assert tests["reward"].null_count == tests["propensity"].null_count == tests["eligible"].null_count == len(tests)
    latest = tests.group_by("student_id").aggregate([("seq", "max")]).to_pydict()
    others = table.filter(pa.compute.not_equal(table["event_type"], "test"))
    begun = dict(others.group_by("student_id").aggregate([("seq", "min")]).to_pandas().itertuples(index=False))
    assert all(begun[s] > seq for s, seq in zip(latest["student_id"], latest["seq_max"], strict=True))


def test_the_activity_offered_is_named_where_students_do_another():
    table = recorded("classroom", "random", horizon=20)
    differs = table.filter(pa.compute.is_valid(table["offered"]))
    assert 0 < len(differs) < len(table)
    assert all(o in e for o, e in zip(differs["offered"].to_pylist(), differs["eligible"].to_pylist(), strict=True))


def test_groups_are_columns():
    assert group_columns(load_world("new_material")) == ("group_subgroup",)
    assert group_columns(load_world("classroom"))[-1] == "group_class"
    table = recorded("classroom", "random", horizon=1)
    world = load_world("classroom")
    assert set(table["group_class"].to_pylist()) == {str(i // world.class_size) for i in IDS}


@pytest.mark.parametrize("how", [{"horizon": 0}, {"explore": 1.5}, {"seed": -1}])
def test_settings_out_of_range_are_refused(how: dict[str, float]):
    with pytest.raises(InvalidInput, match=next(iter(how))):
        Recording(**how)  # type: ignore[arg-type]
