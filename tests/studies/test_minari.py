"""A log that went to a Minari dataset and came back is the log that it was, and the dataset says what the log said."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curriculum_rl.cli import main
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.logs.store import Log, open_log
from curriculum_rl.ope.decisions import decisions
from curriculum_rl.ope.logged import read_logged
from curriculum_rl.verbs.verb import DONE, INVALID
from curriculum_rl.world import load_world
from tests.worlds import component

pytest.importorskip("minari", reason="Minari is not installed: pip install 'curriculum_rl[offline]'")
pytest.importorskip("h5py", reason="h5py is not installed: pip install 'curriculum_rl[offline]'")

NAME = "some-log-v0"
WORLDS = ("new_material", "kss", "classroom")
"""With skips of what was recommended, tests before the course, or classes, as the case may be."""


def ran(*typed: object) -> int:
    return main([str(one) for one in typed])


@pytest.fixture(scope="module", params=WORLDS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A folder with a log, the dataset made from it, and the log made from that."""
    folder = tmp_path_factory.mktemp(request.param)
    how = ("--policy", "mastery", "--explore", 0.4, "--students", 7, "--horizon", 9, "--objective", "mastery_gain")
    assert ran("record", "--world", request.param, *how, "--out", folder / "log") == DONE
    assert ran("export-minari", "--log", folder / "log", "--name", NAME, "--out", folder / "sets") == DONE
    assert ran("import-minari", "--from", folder / "sets", "--name", NAME, "--out", folder / "again") == DONE
    return request.param, folder


def rows_of(log: Log) -> pa.Table:
    return pa.concat_tables(log.buckets()).sort_by([("student_id", "ascending"), ("seq", "ascending")])


def episodes_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """As another tool would read them."""
    import minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(folder))
    return list(minari.load_dataset(NAME).iterate_episodes())


def test_a_log_that_comes_back_is_the_same_in_every_column(exported: tuple[str, Path]):
    _, folder = exported
    before, after = open_log(folder / "log"), open_log(folder / "again")
    there, back = rows_of(before), rows_of(after)
    decided = there.filter(pc.is_valid(there["reward"]))
    for name in there.column_names:
        if name not in ("skills", "truncated"):  # the catalogue has the skills
            assert back[name].combine_chunks() == decided[name].combine_chunks(), name
    student, ended = np.array(decided["student_id"]), np.array(decided["terminated"])
    last = np.append(student[1:] != student[:-1], True)
    cut = np.array(decided["truncated"]) | (last & ~ended)  # one who waits for classmates at the end has no last row
    assert np.array_equal(np.array(back["truncated"]), cut)
    assert after.manifest.about == before.manifest.about
    assert after.manifest.groups == before.manifest.groups


def test_actions_and_rewards_are_equal_to_the_byte_and_observations_are_the_trackers(
    exported: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
):
    world, folder = load_world(exported[0]), exported[1]
    log = open_log(folder / "log")
    logged = (read_logged(table, world.platform) for table in log.buckets())
    expected, ids = decisions(logged, world.platform, component("tracker", "bkt"))
    episodes = episodes_of(folder / "sets", monkeypatch)
    assert [e.infos["student_id"][0].decode() for e in episodes] == list(ids)
    for name, ours in (("actions", expected.action), ("rewards", expected.reward)):
        assert np.concatenate([getattr(e, name) for e in episodes]).tobytes() == ours.tobytes()
    assert np.concatenate([e.observations[:-1] for e in episodes]).tobytes() == expected.features.tobytes()
    assert np.concatenate([e.infos["eligible"][:-1] for e in episodes]).tobytes() == expected.mask.tobytes()
    assert np.concatenate([e.truncations for e in episodes])[expected.done].all()


def test_the_last_observation_is_what_is_believed_once_all_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In a world without pauses it is the environment's own after the same activities."""
    world, tracker = load_world("tms_horizon_4"), component("tracker", "bkt")
    how = ("--policy", "random", "--students", 12, "--horizon", 3)
    assert ran("record", "--world", world.name, *how, "--out", tmp_path / "log") == DONE
    assert ran("export-minari", "--log", tmp_path / "log", "--name", NAME, "--out", tmp_path) == DONE
    seen = 0
    for episode in episodes_of(tmp_path, monkeypatch):
        simulation = Simulation(world, tracker, np.array([int(episode.infos["student_id"][0])]))
        for action, observed in zip(episode.actions, episode.observations, strict=False):
            assert np.allclose(simulation.features()[0], observed, atol=1e-5)
            over = simulation.step(np.array([action])).over
        if not over.any():
            seen += 1
            assert np.allclose(simulation.features()[0], episode.observations[-1], atol=1e-5)
    assert seen > 0


def test_a_dataset_of_another_tool_is_read_by_its_actions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import minari
    from gymnasium.spaces import Box, Discrete
    from minari.data_collector import EpisodeBuffer

    world = load_world("tms-binary")
    count = len(world.curriculum.activities)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    flags = np.array([False, False, True])
    buffer = EpisodeBuffer(
        observations=np.zeros((4, 1), dtype=np.float32),
        actions=np.array([1, 0, 1]),
        rewards=np.array([0.5, 0.0, -1.0]),
        terminations=flags,
        truncations=np.zeros(3, dtype=np.bool_),
        infos={},
    )
    spaces = {"observation_space": Box(-1, 1, (1,), np.float32), "action_space": Discrete(count)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Minari asks for an author
        minari.create_dataset_from_buffers(NAME, [buffer, buffer], **spaces)
    typed = ("import-minari", "--from", tmp_path, "--name", NAME, "--out", tmp_path / "log")
    assert ran(*typed) == INVALID
    assert ran(*typed, "--world", "new_material") == INVALID
    assert ran(*typed, "--world", "tms-binary") == DONE
    log = rows_of(open_log(tmp_path / "log"))
    ids = [world.curriculum.activities[a].id for a in (1, 0, 1)]
    assert log["student_id"].to_pylist() == ["episode-0"] * 3 + ["episode-1"] * 3
    assert log["activity_id"].to_pylist() == ids * 2
    assert log["reward"].to_pylist() == [0.5, 0.0, -1.0] * 2
    assert log["terminated"].to_pylist() == flags.tolist() * 2
    assert log["eligible"].null_count == len(log)


@pytest.mark.parametrize(
    ("verb", "change", "told"),
    [
        ("export-minari", ["--name", "no version"], "must be letters"),
        ("export-minari", ["--name", "../out-v0"], "must be letters"),
        ("export-minari", ["--name", NAME], "already"),
        ("export-minari", ["--tracker", "bktt"], "Did you mean bkt"),
        ("import-minari", ["--name", "other-v0"], "holds no dataset"),
        ("import-minari", ["--world", "tms-binary"], "are not the world's"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_message(
    verb: str, change: list[str], told: str, exported: tuple[str, Path], capsys: pytest.CaptureFixture[str]
):
    _, folder = exported
    ways = {
        "export-minari": ["--log", folder / "log", "--name", "new-v0", "--out", folder / "sets"],
        "import-minari": ["--from", folder / "sets", "--name", NAME, "--out", folder / "third"],
    }
    assert ran(verb, *ways[verb], *change) == INVALID
    assert told in capsys.readouterr().err
    assert not (folder / "third").exists()
