"""A log is recorded, judged from the command line, and the answer is true, or a refusal in plain words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curriculum_rl import cli
from curriculum_rl.agents.learned import untrained
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.rollout import rollout
from curriculum_rl.logs.manifest import About, Manifest
from curriculum_rl.ope.judgement import Line, Range
from curriculum_rl.ope.verdict import Verdict
from curriculum_rl.policies.load import load_policy
from curriculum_rl.report.judgement import page
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.studies.judge import Question, judge, log_refusals
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world
from tests.worlds import component

WORLD, HORIZON, STUDENTS = "tms-binary", 3, 1500
KEYS = {"policy", "estimator", "value", "ci_low", "ci_high", "ess", "verdict", "warnings"}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("logs") / "random", "random")


def recorded(out: Path, policy: str, *more: str) -> Path:
    typed = ["record", "--world", WORLD, "--policy", policy, "--students", str(STUDENTS), "--horizon", str(HORIZON)]
    assert cli.main([*typed, "--objective", "mastery_gain", "--out", str(out), *more]) == cli.DONE
    return out


def answered(capsys: pytest.CaptureFixture[str], *typed: object) -> dict[str, Any]:
    capsys.readouterr()
    assert cli.main(["judge", *map(str, typed), "--json"]) == cli.DONE
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def truth(policy: str, tmp_path: Path) -> float:
    """What the policy really earns of 20,000 other students within the horizon."""
    from curriculum_rl.evaluation.record import Recording, record

    rows = record(
        load_world(WORLD), load_policy(policy), first(TEST, 20_000, 1_000_000), find_objective("mastery_gain"),
        Recording(horizon=HORIZON),
    )  # fmt: skip
    return float(sum(table["reward"].to_numpy().sum() for table in rows) / 20_000)


def test_answers_hold_the_truth(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = answered(capsys, "--log", log, "--policy", "round_robin", "mastery", "--estimators", "pdis,wis,is,wdr")
    lines = found["estimates"]
    assert [(one["policy"], one["estimator"]) for one in lines] == [
        (p, e) for p in ("round_robin", "mastery") for e in ("pdis", "wis", "is", "wdr")
    ]
    assert all(set(one) >= KEYS for one in lines)
    for policy in ("round_robin", "mastery"):
        real = truth(policy, tmp_path)
        for one in (one for one in lines if one["policy"] == policy):
            error = (one["ci_high"] - one["ci_low"]) / 3.92
            assert abs(one["value"] - real) < 4.0 * error, one
            assert one["verdict"] == "answer"


def test_a_shorter_horizon_is_a_log_that_was_cut_there(log: Path, tmp_path: Path):
    cut = Path(str(log) + "-cut")
    typed = ["record", "--world", WORLD, "--policy", "random", "--students", str(STUDENTS), "--horizon", "1"]
    assert cli.main([*typed, "--objective", "mastery_gain", "--out", str(cut)]) == cli.DONE
    question = Question(log, ("mastery",), estimators=("wis", "pdis"), horizon=1)
    lines = [judge(q).strategies[0].lines for q in (question, Question(cut, ("mastery",), estimators=("wis", "pdis")))]
    for short, recorded_short in zip(*lines, strict=True):
        assert short.own == recorded_short.own
        assert short.ess == recorded_short.ess


def test_the_logged_strategy_is_found_to_be_itself(log: Path, capsys: pytest.CaptureFixture[str]):
    found = answered(capsys, "--log", log, "--policy", "random", "--estimators", "wis,pdis")
    for one in found["estimates"]:
        assert one["value"] == pytest.approx(found["logged"]["value"], abs=1e-9)
        assert one["ess"] == pytest.approx(STUDENTS)
        assert one["answer"].startswith("no difference")


def test_a_log_without_chance_tells_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log = recorded(tmp_path / "fixed", "sequence")
    found = answered(capsys, "--log", log, "--policy", "mastery", "--estimators", "pdis,direct")
    assert {one["verdict"] for one in found["estimates"]} == {"refused"}
    assert all("gave everyone the same next activity" in one["warnings"][0] for one in found["estimates"])
    assert all(one["value"] is None and one["answer"] == "cannot tell" for one in found["estimates"])


def test_a_saved_policy_is_not_judged_by_those_it_was_fitted_on(log: Path, tmp_path: Path):
    out = tmp_path / "learned"
    typed = ["learn", "--log", log, "--method", "behaviour_cloning", "--network", "flat", "--tracker", "counts"]
    assert cli.main([*map(str, typed), "--out", str(out), "passes=1"]) == cli.DONE
    question = Question(log, (str(out / "behaviour_cloning"),), estimators=("wis",))
    (refused,) = judge(question).strategies
    assert refused.lines[0].verdict.word == "refused"
    assert "students are in both the fitting and the judging part" in refused.lines[0].verdict.warnings[0]
    (held_out,) = judge(replace(question, held_out=True)).strategies
    assert held_out.lines[0].verdict.word == "answer"
    assert held_out.diagnostics is not None
    assert held_out.diagnostics.overlap.students < STUDENTS / 2


def test_a_saved_policy_is_not_judged_in_the_simulator_that_trained_it(log: Path, tmp_path: Path):
    world = load_world(WORLD)
    policy = untrained(world.platform, component("network", "flat"), component("tracker", "counts"))
    for digest, word in ((world.digest, "refused"), ("another", "answer")):
        policy.drawn().save(tmp_path / digest[:8], {"digest": digest})
        (found,) = judge(Question(log, (str(tmp_path / digest[:8]),), estimators=("wis",))).strategies
        assert found.lines[0].verdict.word == word
        assert any("was trained on this simulated student" in w for w in found.lines[0].verdict.warnings) == (
            word == "refused"
        )


def test_the_page_and_the_table_are_written(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "answer"
    typed = ["judge", "--log", log, "--policy", "mastery", "--estimators", "wis,pdis", "--out", out]
    typed += ["--simulators", WORLD, "fractions", "--students", "60"]
    assert cli.main([str(t) for t in typed]) == cli.DONE
    said = capsys.readouterr().out
    assert "what was used" in said
    assert "mastery: " in said
    html = (out / "report.html").read_text()
    for heading in ("In plain words", "Every estimate", "What the answer on mastery rests on", "In simulators"):
        assert heading in html
    assert "trained here" not in html
    assert json.loads((out / "judgement.json").read_text())["simulated"][0]["world"] == WORLD


def test_a_simulator_answers_the_question_of_the_log(log: Path):
    """A log from this simulator and its own strategy: the mean return of the same students, to the last digits."""
    found = judge(Question(log, ("random",), estimators=("wis",), simulators=(WORLD, "fractions"), students=STUDENTS))
    here = found.models.simulated[0].means["random"]
    assert found.baseline is not None
    assert here.value == pytest.approx(found.baseline.own.value)
    assert "at most 3 decisions" in found.models.words


def test_the_folder_of_a_study_stands_for_all_that_it_trained(log: Path, tmp_path: Path):
    world = load_world(WORLD)
    policy = untrained(world.platform, component("network", "flat"), component("tracker", "counts"))
    for seed in (0, 1):
        policy.save(tmp_path / "run" / "policies" / f"flat-seed{seed}", {"digest": ""})
    found = judge(Question(log, (str(tmp_path / "run"), "mastery"), estimators=("wis",)))
    assert [one.policy for one in found.strategies] == ["flat-seed0", "flat-seed1", "mastery"]


def test_a_page_can_be_made_of_a_refusal(log: Path):
    found = judge(Question(log, ("mastery",), estimators=("wis",)))
    bare = replace(found, baseline=None, strategies=(replace(found.strategies[0], diagnostics=None),))
    assert "What would another strategy have done?" in page(bare)


@pytest.mark.parametrize(
    ("about", "filled", "told"),
    [
        ({"aggregated": True}, {"eligible": 9, "reward": 9}, "sums up several answers"),
        ({}, {"reward": 9}, "what else could have been chosen (9 of 9 decisions)"),
        ({}, {"reward": 8_000, "eligible": 7_999}, "(1 of 8,000 decisions)"),
        ({}, {"reward": 8, "eligible": 8}, None),
    ],
)
def test_a_log_that_can_answer_nothing_says_why(about: dict[str, Any], filled: dict[str, int], told: str | None):
    reasons = log_refusals(Manifest(About(source="", **about), 9, 3, 2, filled, (), {}), "reward")
    assert len(reasons) == (told is not None)
    assert told is None or told in reasons[0]


@pytest.mark.parametrize(
    ("difference", "verdict", "answer"),
    [
        (Range(1.0, 0.5, 1.5), Verdict("answer", ()), "better than what was used"),
        (Range(-1.0, -1.5, -0.5), Verdict("answer", ("but",)), "worse than what was used, with warnings"),
        (Range(0.0, -1.0, 1.0), Verdict("answer", ()), "no clear difference: one under 1.43 would not have shown"),
        (Range(1e-17, -2e-17, 3e-17), Verdict("answer", ()), "no difference"),
        (Range(1.0, 0.5, 1.5), Verdict("withheld", ("why",)), "cannot tell"),
        (Range(), Verdict("refused", ("why",)), "cannot tell"),
    ],
)
def test_the_answer_in_words(difference: Range, verdict: Verdict, answer: str):
    assert Line("p", "wis", Range(2.0, 1.5, 2.5), difference, 50.0, verdict).answer == answer


def test_every_unknown_name_is_told(log: Path):
    for settings, told in (
        ({"policies": ("masterly",)}, "'masterly' is no policy"),
        ({"estimators": ("wiz", "pdiz")}, "'pdiz' is no estimator"),
        ({"interval": "wide"}, "'wide' is no interval"),
        ({"behaviour": "guess"}, "'guess' is no model"),
        ({"features": "nothing"}, "'nothing' is no tracker"),
        ({"cluster": "school"}, "cluster = 'school'"),
        ({"discount": 2.0}, "discount"),
        ({"horizon": 0}, "horizon = 0"),
        ({"policies": ()}, "none is named"),
        ({"reward": "joy"}, "must be reward or response"),
        ({"simulators": (WORLD, WORLD)}, "simulators: one stands twice"),
        ({"simulators": (WORLD,), "students": 1}, "students = 1"),
    ):
        with pytest.raises(InvalidInput) as refused:
            judge(Question(**({"log": log, "policies": ("mastery",)} | settings)))  # type: ignore[arg-type]
        assert told in str(refused.value)


def test_one_student_and_one_class_tell_nothing_and_that_is_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    typed = ["record", "--policy", "random", "--horizon", "1"]
    for name, world, students, told in (
        ("one", WORLD, "1", "There is one student to judge by"),
        ("class", "classroom", "12", "All 12 students are in one class"),
    ):
        out = str(tmp_path / name)
        assert cli.main([*typed, "--world", world, "--students", students, "--out", out]) == cli.DONE
        (line,) = answered(capsys, "--log", out, "--policy", "mastery", "--estimators", "wis")["estimates"]
        assert (line["verdict"], line["value"]) == ("refused", None)
        assert told in line["warnings"][0]
        assert cli.main(["judge", "--log", out, "--policy", "mastery", "--out", str(tmp_path / "told")]) == cli.DONE


def imported(folder: Path, choices: str, chance: float, students: int, decisions: int) -> Path:
    """A platform's own table: everyone gets one of `choices` each time, of a, b and c; half of the answers right."""
    rows = ["student,order,item,answer,eligible,propensity,reward"]
    for s in range(students):
        for t in range(decisions):
            item, answer = choices[(s // 3**t) % len(choices)], (s + t) % 2
            rows.append(f"s{s},{t},{item},{answer},a|b|c,{chance},{answer}")
    folder.mkdir()
    (folder / "table.csv").write_text("\n".join(rows) + "\n")
    typed = ["import", "--from", "table", str(folder / "table.csv"), "--out", str(folder / "log")]
    assert cli.main(typed) == cli.DONE
    return folder / "log"


@pytest.mark.parametrize(
    ("choices", "chance", "students", "decisions", "word", "told"),
    [
        ("ab", 0.5, 120, 2, "refused", "Your logs never show c in situations like these (33% of the new strategy's"),
        ("a", 1.0, 120, 2, "refused", "gave everyone the same next activity"),
        ("abc", 1 / 3, 24, 2, "withheld", "Based effectively on 24 students of 24."),
        ("abc", 1 / 3, 3, 1, "withheld", "One student of 3 has 33% of the weight"),
    ],
)
def test_refusals_of_a_platform_s_own_table(
    choices: str, chance: float, students: int, decisions: int, word: str, told: str,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    log = imported(tmp_path / "own", choices, chance, students, decisions)
    (line,) = answered(capsys, "--log", log, "--policy", "random", "--estimators", "wis")["estimates"]
    assert line["verdict"] == word
    assert any(told in warning for warning in line["warnings"])


def test_an_eligible_set_elsewhere_does_not_make_up_for_one_that_is_missing(tmp_path: Path):
    log = imported(tmp_path / "own", "abc", 1 / 3, 30, 2)
    lines = (tmp_path / "own" / "table.csv").read_text().splitlines()
    lines[1], lines[2] = lines[1].replace("a|b|c", ""), lines[2][:-1]  # one has a reward, the other an eligible set
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    typed = ["import", "--from", "table", str(tmp_path / "table.csv"), "--out", str(tmp_path / "log")]
    assert cli.main(typed) == cli.DONE
    assert judge(Question(log, ("random",), estimators=("wis",))).strategies[0].lines[0].verdict.word == "answer"
    with pytest.raises(InvalidInput, match="eligible: is missing at 1 or more decisions"):
        judge(Question(tmp_path / "log", ("random",), estimators=("wis",)))


def test_right_answers_count_the_decisions_that_ask_for_none(tmp_path: Path):
    """A worked example earns no right answer; it is no activity that the log never shows."""
    log, typed = tmp_path / "log", ["record", "--world", "new_material", "--policy", "random", "--horizon", "2"]
    assert cli.main([*typed, "--objective", "right_answers", "--out", str(log)]) == cli.DONE
    earned, answers = (
        judge(Question(log, ("random",), estimators=("wis",), reward=reward)) for reward in ("reward", "response")
    )
    assert answers.baseline == earned.baseline
    assert answers.strategies[0].lines == earned.strategies[0].lines
    assert answers.strategies[0].lines[0].verdict.word == "answer"


def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_done(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        for typed in (
            ["judge", "--log", log, "--policy", "mastery"],
            ["learn", "--log", log, "--method", "behaviour_cloning"],
        ):
            assert cli.main([*map(str, typed), "--out", str(out)]) == cli.INVALID
            said = capsys.readouterr()
            assert "cannot be used" in said.err
            assert not said.out
    assert cli.main(["record", "--policy", "random", "--out", str(tmp_path / "file" / "log")]) == cli.INVALID


def test_a_rollout_is_the_same_truth(log: Path):
    """The logged mean return is that of a rollout of the same students."""
    world, objective = load_world(WORLD), find_objective("mastery_gain")
    found = judge(Question(log, ("random",), estimators=("wis",)))
    assert found.baseline is not None
    assert found.baseline.own.value is not None
    whole = rollout(world, load_policy("random"), first(TEST, STUDENTS), objective=objective).reward.mean()
    assert found.baseline.own.value <= whole  # the log is cut at the horizon
