"""A policy's own log, replayed, gives back the features and the probabilities that it was recorded with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curriculum_rl.batch import Float
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, record
from curriculum_rl.logs.manifest import About
from curriculum_rl.logs.store import open_log, write_log
from curriculum_rl.ope.logged import Logged, read_logged
from curriculum_rl.ope.replay import Replayed, replay, views
from curriculum_rl.policies.load import load_policy, usual_names
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, load_world

IDS = first(TEST, 12)
HOW = Recording(horizon=15, explore=0.5)


def table_of(world: World, policy: str, objective: str = "mastery_gain", how: Recording = HOW) -> pa.Table:
    rows = record(world, load_policy(policy), IDS, find_objective(objective), how)
    return pa.concat_tables(rows).sort_by([("student_id", "ascending"), ("seq", "ascending")])


def replayed(table: pa.Table, world: World, policy: str) -> Replayed:
    return replay([read_logged(table, world.platform)], world.platform, load_policy(policy))


@pytest.mark.parametrize("policy", usual_names())
def test_every_heuristic_finds_its_own_probabilities_again(policy: str):
    world = load_world("new_material")
    episodes = replayed(table_of(world, policy), world, policy).episodes
    assert np.allclose(0.5 * episodes.target + 0.5 / episodes.eligible.sum(axis=1), episodes.behaviour, atol=1e-9)
    assert not episodes.estimated


@pytest.mark.parametrize("name", ["classroom", "kss", "tms-binary", "vocabulary", "review-efc"])
def test_so_does_one_in_every_kind_of_world(name: str):
    world = load_world(name)
    episodes = replayed(table_of(world, "mastery"), world, "mastery").episodes
    assert np.allclose(0.5 * episodes.target + 0.5 / episodes.eligible.sum(axis=1), episodes.behaviour, atol=1e-9)


def test_features_are_those_of_the_environment():
    world, policy = load_world("new_material"), load_policy("greedy_credit")
    table = table_of(world, "greedy_credit", how=Recording())
    logged = read_logged(table, world.platform)
    found = {}
    for rows, view in views(logged, world.platform, policy.tracker):
        for row, features in zip(rows, view.features(), strict=True):
            found[int(row)] = features
    simulation, rows, at = Simulation(world, policy.tracker, IDS), logged.starts[:-1].copy(), np.arange(len(IDS))
    while len(rows):
        assert np.allclose(simulation.features(), np.array([found[r] for r in rows]), atol=1e-5)
        happened = simulation.step(logged.activity[rows])
        going = simulation.going(happened.over)
        simulation.keep(going)
        rows, at = rows[going] + 1, at[going]


def test_a_log_on_disk_in_buckets_replays_as_one_table_does(tmp_path: Path):
    world = load_world("new_material")
    rows = list(record(world, load_policy("mastery"), IDS, find_objective("mastery_gain"), HOW))
    write_log(tmp_path / "log", rows, About(source="test"))
    log = open_log(tmp_path / "log")
    policy = load_policy("mastery")
    many = replay((read_logged(b, world.platform) for b in log.buckets()), world.platform, policy)
    one = replayed(
        pa.concat_tables(rows).sort_by([("student_id", "ascending"), ("seq", "ascending")]), world, "mastery"
    )

    def told(found: Replayed, values: Float) -> dict[str, list[float]]:
        return {i: values[found.episodes.student == k].tolist() for k, i in enumerate(found.ids)}

    assert told(many, many.episodes.target) == told(one, one.episodes.target)
    assert told(many, many.episodes.reward) == told(one, one.episodes.reward)
    assert sorted(zip(many.ids, many.groups["subgroup"], strict=True)) == sorted(
        zip(one.ids, one.groups["subgroup"], strict=True)
    )


def logged_with(table: pa.Table, world: World, **columns: object) -> Logged:
    for name, values in columns.items():
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.array(values, type=table.schema.field(name).type))
    return read_logged(table, world.platform)


def test_without_propensities_the_behaviour_counts_as_estimated():
    world = load_world("tms-binary")
    table = table_of(world, "random")
    logged = logged_with(table, world, propensity=[None] * len(table))
    episodes = replay([logged], world.platform, load_policy("random")).episodes
    assert episodes.estimated
    assert episodes.known is None
    assert np.allclose(episodes.behaviour, 1.0 / episodes.eligible.sum(axis=1))


def test_propensities_that_were_logged_stay_where_others_were_not():
    world = load_world("tms-binary")
    table = table_of(world, "random")
    whole = replayed(table, world, "random").episodes
    some = np.arange(len(table)) % 5 > 0
    given = [p if kept else None for p, kept in zip(table["propensity"].to_pylist(), some, strict=True)]
    logged = logged_with(table, world, propensity=given)
    episodes = replay([logged], world.platform, load_policy("random")).episodes
    assert episodes.estimated
    assert episodes.known is not None
    assert (episodes.known == some).all()
    assert (episodes.behaviour[some] == whole.behaviour[some]).all()
    assert (episodes.cut(3).guessed == episodes.guessed[episodes.step < 3]).all()


def test_an_answer_that_is_missing_teaches_nothing():
    """Beliefs after a row without an answer are those before it, but for the time."""
    world, policy = load_world("new_material"), load_policy("mastery")
    table = table_of(world, "random", how=Recording(horizon=2))
    asked = {a.id for a in world.curriculum.activities if a.answered}
    first_rows = zip(
        table["student_id"].to_pylist(), table["seq"].to_pylist(), table["activity_id"].to_pylist(), strict=True
    )
    student = next(s for s, seq, activity in first_rows if seq == 0 and activity in asked)
    table = table.filter(pc.equal(table["student_id"], student))
    logged = logged_with(table, world, response=[None] * len(table))
    recall = [view.belief.outlook().recall.copy() for _, view in views(logged, world.platform, policy.tracker)]
    assert np.allclose(recall[0], recall[1], atol=1e-3)  # a few minutes of forgetting
    heard = read_logged(table, world.platform)
    recall = [view.belief.outlook().recall.copy() for _, view in views(heard, world.platform, policy.tracker)]
    assert not np.allclose(recall[0], recall[1], atol=1e-2)


def test_dates_and_seconds_tell_the_same_time():
    world = load_world("new_material")
    table = table_of(world, "mastery")
    seconds = table["t_rel_s"].to_numpy()
    dates = [int(1.7e15 + s * 1e6) for s in seconds]
    by_date = logged_with(table, world, timestamp=dates, t_rel_s=[None] * len(table))
    assert np.allclose(by_date.now, read_logged(table, world.platform).now, atol=1e-9)


def test_a_log_with_an_order_alone_gets_the_calendar():
    """A simulated course has no pauses but those of the calendar, so that its days can be told from its minutes."""
    world = load_world("new_material")
    table = table_of(world, "mastery", how=Recording())
    by_calendar = logged_with(table, world, t_rel_s=[None] * len(table))
    assert np.allclose(by_calendar.now, read_logged(table, world.platform).now, atol=1e-9)


def test_unknown_ids_are_named_once():
    world = load_world("new_material")
    table = table_of(world, "random", how=Recording(horizon=1))
    with pytest.raises(InvalidInput, match=r"activity_id: 1 ids are not in the catalogue \('nothing'\)") as refused:
        logged_with(table, world, activity_id=["nothing"] * len(table))
    assert "Traceback" not in str(refused.value)


def test_a_log_without_rewards_and_an_unknown_axis_are_refused():
    world, policy = load_world("new_material"), load_policy("random")
    table = table_of(world, "random", how=Recording(horizon=1))
    with pytest.raises(InvalidInput, match="reward: is missing in every row"):
        replay([logged_with(table, world, reward=[None] * len(table))], world.platform, policy)
    with pytest.raises(InvalidInput, match="cluster = 'school'"):
        replay([read_logged(table, world.platform)], world.platform, policy, cluster="school")


def test_classes_are_clusters():
    world = load_world("classes")
    table = table_of(world, "random", how=Recording(horizon=1))
    found = replay([read_logged(table, world.platform)], world.platform, load_policy("random"), cluster="class")
    expected = np.array([int(i) // world.class_size for i in found.ids])
    assert (np.unique(expected, return_inverse=True)[1] == found.episodes.cluster).all()
