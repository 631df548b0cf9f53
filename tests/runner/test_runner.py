"""A bundle decides as the package does, makes states again from events, and gives reasons that its numbers bear out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.bundle import read_bundle
from curriculum_rl.runner.explain import explain
from curriculum_rl.runner.history import read_history
from curriculum_rl.runner.reasons import Reasons
from curriculum_rl.runner.runner import Event, Runner
from curriculum_rl.verbs.explain import _show
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world


@pytest.fixture(scope="module")
def content() -> bytes:
    return make("thompson", load_policy("thompson"), load_world("fractions"), 1000).content


@pytest.fixture(scope="module")
def runner(content: bytes) -> Runner:
    return Runner(read_bundle(content))


def test_events_make_the_state_again(runner: Runner):
    events = [Event(a % len(runner.activities), a % 2, 60.0 * a) for a in range(12)]
    state, allowed = runner.start(), np.ones((1, len(runner.activities)), dtype=bool)
    for event in events:
        state = runner.step(state, [event.activity], [event.correct], [event.elapsed_s], allowed).state
    assert np.array_equal(runner.after(events), state)
    assert np.array_equal(runner.after([]), runner.start())


def test_goals_are_checked_and_change_the_state(runner: Runner):
    assert not np.array_equal(runner.start(1, runner.concepts[:1]), runner.start())
    assert np.array_equal(runner.start(1, runner.concepts), runner.start())
    with pytest.raises(InvalidInput, match="'nothing': is no concept"):
        runner.start(1, ["nothing"])
    with pytest.raises(InvalidInput, match="at least one"):
        runner.start(1, [])


def test_an_explanation_agrees_with_the_graph(runner: Runner):
    events = [Event(0, 1.0, 120.0), Event(4, 0.0, 60.0)]
    found = explain(runner, events, excluded=[runner.activities[1]])
    allowed = np.ones((1, len(runner.activities)), dtype=bool)
    allowed[0, 1] = False
    step = runner.step(runner.after(events[:1]), [4], [0.0], [60.0], allowed)
    assert found.choice == step.probabilities[0].argmax()
    assert found.chance == pytest.approx(step.probabilities[0].max())
    assert found.mastery == pytest.approx(step.mastery[0].tolist())
    assert found.reasons == Reasons.of(runner.bundle.catalogue).why(step, 0, int(found.choice or 0))
    practised = {c for a in (4,) for c in runner.bundle.catalogue["activities"][a]["concepts"]}
    assert {runner.concepts[k] for k in found.moved} & practised
    other = runner.step(runner.after(events[:1]), [4], [1.0], [60.0], allowed)
    assert found.otherwise == other.probabilities[0].argmax()


def test_nothing_is_unlocked_to_have_something_to_recommend(runner: Runner):
    found = explain(runner, [], excluded=runner.activities)
    assert (found.choice, found.ranking, found.reasons) == (None, [], [])
    with pytest.raises(InvalidInput, match="'x': is no activity"):
        explain(runner, [], excluded=["x"])


def test_a_history_is_read_from_lines_and_tables_alike(runner: Runner, tmp_path: Path):
    ids = runner.activities
    lines, table = tmp_path / "h.jsonl", tmp_path / "h.csv"
    lines.write_text(
        "".join(f"{json.dumps({'activity': ids[a], 'correct': a % 2, 'elapsed_s': 30 * a})}\n" for a in range(4))
    )
    stamps = ["10:00:00", "10:00:00", "10:00:30", "10:01:30"]
    rows = [f"{ids[a]},{a % 2},2026-01-05T{stamp}Z" for a, stamp in enumerate(stamps)]
    table.write_text("\n".join(["activity_id,response,timestamp", *rows]) + "\n")
    first, second = read_history(lines, ids), read_history(table, ids)
    assert [e.elapsed_s for e in first] == [0.0, 30.0, 60.0, 90.0]
    assert [e.elapsed_s for e in second] == [0.0, 30.0, 60.0, 0.0]
    assert [(e.activity, e.correct) for e in first] == [(e.activity, e.correct) for e in second]


def test_every_fault_of_a_history_is_told_at_once(runner: Runner, tmp_path: Path):
    path = tmp_path / "h.jsonl"
    path.write_text(
        f'{{"activity": "x", "correct": 2}}\n[]\n{{"activity": "{runner.activities[0]}", "elapsed_s": NaN}}\n'
    )
    with pytest.raises(InvalidInput) as told:
        read_history(path, runner.activities)
    assert [line.split(":")[0] for line in told.value.violations] == ["line 2", "line 1", "line 1", "line 3"]


@pytest.mark.parametrize("activity", ['["a"]', '{"a": 1}', "null", "7", "true"])
def test_an_activity_of_any_type_is_told(runner: Runner, tmp_path: Path, activity: str):
    path = tmp_path / "h.jsonl"
    path.write_text(f'{{"activity": {activity}, "correct": 1, "elapsed_s": 1}}\n')
    with pytest.raises(InvalidInput, match=r"line 1: activity = .*is none of the catalogue's"):
        read_history(path, runner.activities)


def test_a_table_that_cannot_be_read_is_told(runner: Runner, tmp_path: Path):
    path = tmp_path / "h.csv"
    path.write_text("activity\n" + "x" * 200_000 + "\n")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_history(path, runner.activities)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("h.jsonl", "\n", ["holds no event"]),
        ("h.csv", "activity,correct,elapsed_s\n", ["holds no event"]),
        ("h.csv", "activity;correct;elapsed_s\nX;1;95\n", ["`activity_id`", "`response`", "`timestamp`"]),
        ("h.csv", "activity,score,elapsed_s\nX,1,95\n", ["no row has `correct` or `response`; there is: 'act"]),
        ("h.jsonl", '{"activity": "X", "correct": 1, "secs": 95}\n', ["no row has `elapsed_s` or `timestamp`"]),
        ("h.csv", "activity,correct,elapsed_s\nX,1,95,7\nX,1,95\n", ["line 2: has more cells than the header"]),
    ],
)
def test_a_history_that_would_be_misread_is_refused(
    runner: Runner, tmp_path: Path, file: str, text: str, told: list[str]
):
    """Under a misspelt name, answers would all be wrong ones, and no time would go by."""
    path = tmp_path / file
    path.write_text(text.replace("X", runner.activities[0]))
    with pytest.raises(InvalidInput) as refused:
        read_history(path, runner.activities)
    assert len(refused.value.violations) == len(told)
    assert all(part in line for part, line in zip(told, refused.value.violations, strict=True))


def test_concepts_are_named_in_the_order_of_the_catalogue():
    """Whatever the order in which an activity names them: JavaScript does not keep that of names like "10" and "9"."""
    one = {"name": "", "concepts": {"10": 0.5, "9": 0.5}, "id": "a", "answered": True}
    reasons = Reasons.of({"activities": [one], "concepts": [{"id": "9"}, {"id": "10"}], "prerequisites": []})
    assert reasons.practised == ((0, 1),)


def test_names_are_shown_as_they_are(runner: Runner, capsys: pytest.CaptureFixture[str]):
    catalogue = json.loads(json.dumps(runner.bundle.catalogue))
    for i, activity in enumerate(catalogue["activities"]):
        activity["id"] = f"[red]{i}[/blue]"
    for concept in catalogue["concepts"]:
        concept["name"] = f"{concept['id']} [/b]"
    odd = Runner(replace(runner.bundle, catalogue=catalogue))
    _show(odd, explain(odd, [Event(0, 0.0, 60.0)]))
    shown = capsys.readouterr().out
    assert "[red]" in shown
    assert "[/b]" in shown


def test_numpy_and_onnxruntime_are_all_it_needs(content: bytes, tmp_path: Path):
    path = tmp_path / "b.zip"
    path.write_bytes(content)
    program = (
        "import sys\n"
        "for name in ('torch', 'gymnasium', 'onnx', 'pandas', 'scipy', 'mlflow', 'hydra', 'yaml', 'omegaconf'):\n"
        "    sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from curriculum_rl.runner.bundle import open_bundle\n"
        "from curriculum_rl.runner.replay import replay\n"
        "from curriculum_rl.runner.runner import Runner\n"
        "print(replay(Runner(open_bundle(Path(sys.argv[1])))))"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "1600", ran.stderr
