"""Each source in its own format, as its documentation shows it, becomes the rows that it means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curriculum_rl.logs.arguments import kinds
from curriculum_rl.logs.formats import find, names
from curriculum_rl.violations import InvalidInput
from tests.logs.imports import imported, imported_files, rejects, rows


def only(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {name: row.get(name) for name in columns}


def jsonl(*objects: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def test_every_file_is_an_adapter_with_its_line_of_help() -> None:
    assert set(names()) == {"assistments", "ednet", "duolingo", "xapi", "caliper", "irw", "table", "decisions"}
    for name, line in zip(names(), kinds().splitlines(), strict=True):
        assert find(name)
        assert line.split()[0] == name
        assert len(line.split()) > 3


ASSISTMENTS = """\
order_id,assignment_id,user_id,assistment_id,problem_id,original,correct,attempt_count,ms_first_response,tutor_mode,\
answer_type,sequence_id,student_class_id,position,type,base_sequence_id,skill_id,skill_name,teacher_id,school_id,\
hint_count,hint_total,overlap_time,template_id,answer_id,answer_text,first_action,bottom_hint,opportunity
33022537,277618,64525,33139,51424,1,1,1,32454,tutor,algebra,5948,13241,126,MasterySection,5948,1,Box and Whisker,\
22763,73,0,3,32454,30799,,26,0,,1
33022709,277618,64525,33150,51435,1,0,2,4922,tutor,algebra,5948,13241,126,MasterySection,5948,1,Box and Whisker,\
22763,73,2,3,4922,30799,,55,0,,2
33022709,277618,64525,33150,51435,1,0,2,4922,tutor,algebra,5948,13241,126,MasterySection,5948,2,"Caf\xe9, or Tables",\
22763,73,2,3,4922,30799,,55,0,,2
33022710,277618,64525,33151,51436,0,0,2,4922,tutor,algebra,5948,13241,126,MasterySection,5948,1,Box and Whisker,\
22763,73,2,3,4922,30799,,55,0,,2
33022711,277618,70363,33151,51436,1,1,1,-4922,test,algebra,5948,13241,126,MasterySection,5948,,,22763,73,0,3,1,1,,5,0,,1
33022712,277618,70363,33151,51437,1,1,1,6922,test,algebra,5948,13241,126,MasterySection,5948,,,22763,73,0,3,1,1,,5,0,,1
"""


def test_assistments(tmp_path: Path) -> None:
    found = imported(tmp_path, ASSISTMENTS.encode("latin-1"), "assistments")
    assert rejects(tmp_path) == [(5, "original", "scaffold"), (6, "ms_first_response", "duration")]
    assert (found.counts.read, found.counts.accepted, found.counts.merged) == (6, 3, 1)
    by_seq = {row["seq"]: row for row in rows(tmp_path)}
    assert only(by_seq[33022709], "activity_id", "response", "duration_s", "hints", "skills", "event_type") == {
        "activity_id": "51435",
        "response": 0.0,
        "duration_s": 4.922,
        "hints": 2,
        "skills": ["Box and Whisker", "Café, or Tables"],
        "event_type": "attempt",
    }
    assert only(by_seq[33022712], "event_type", "skills", "group_class", "group_school") == {
        "event_type": "test",
        "skills": None,
        "group_class": "13241",
        "group_school": "73",
    }


def test_scaffolds_do_not_count_against_the_limit(tmp_path: Path) -> None:
    lines = ASSISTMENTS.splitlines(keepends=True)
    imported(tmp_path, "".join(lines[:2] + lines[4:5]).encode("latin-1"), "assistments", reject_limit=0.0)
    assert len(rows(tmp_path)) == 1


def test_ednet(tmp_path: Path) -> None:
    folder = tmp_path / "KT1"
    folder.mkdir()
    header = "timestamp,solving_id,question_id,user_answer,elapsed_time\n"
    first = "1565096190868,1,q5012,b,38000\n1565096221062,2,q4706,c,24000\n1565096221062,2,q4366,,24000\n"
    (folder / "u1.csv").write_text(header + first)
    (folder / "u717875.csv").write_text(header + "1565332027449,1,q5012,a,28000\n1565332027450,1,q1,a,28000\n")
    key = tmp_path / "questions.csv"
    columns = "question_id,bundle_id,explanation_id,correct_answer,part,tags,deployed_at\n"
    key.write_text(f"{columns}q5012,b1,e1,b,1,1;2;179,1\nq4706,b2,e2,d,1,-1,1\nq4366,b2,e2,d,1,15,1\n")
    found = imported_files(tmp_path, [folder], "ednet", answer_key=key)
    assert (found.manifest.students, found.manifest.rows) == (2, 4)
    assert rejects(tmp_path) == [(3, "question_id", "answer_key")]
    by_row = {(row["activity_id"], row["source_row"], row["duration_s"]): row for row in rows(tmp_path)}
    assert only(by_row["q5012", 2, 38.0], "response", "skills", "seq", "timestamp") == {
        "response": 1.0,
        "skills": ["1", "179", "2"],
        "seq": 0,
        "timestamp": datetime(2019, 8, 6, 12, 56, 30, 868000, UTC),
    }
    assert only(by_row["q4706", 3, 24.0], "response", "skills", "seq") == {"response": 0.0, "skills": None, "seq": 1}
    assert only(by_row["q4366", 4, 24.0], "response", "seq") == {"response": None, "seq": 2}
    assert by_row["q5012", 2, 28.0]["response"] == 0.0


def test_ednet_needs_its_key(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="needs --answer-key"):
        imported(tmp_path, "x", "ednet")
    (tmp_path / "questions.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match="question_id and correct_answer"):
        imported(tmp_path, "x\n", "ednet", answer_key=tmp_path / "questions.csv")


def test_duolingo(tmp_path: Path) -> None:
    content = """\
p_recall,timestamp,delta,user_id,learning_language,ui_language,lexeme_id,lexeme_string,history_seen,history_correct,\
session_seen,session_correct
0.5,1362076081,27649635,u:FO,de,en,76390c1350a8dac31186187e2fe1e178,lernt/lernen<vblex><pri><p3><sg>,6,4,2,1
1.0,1362076081,27649635,u:FO,de,en,7dfd7086f3671685e2cf1c1da72796d7,die/die<det><def><f><sg><nom>,4,4,2,2
1.0,1362082032,444407,u:dDwF,es,en,73eecb492ca758ddab5371cf7b5cca32,bajo/bajo<pr>,3,3,1,2
"""
    found = imported(tmp_path, content, "duolingo")
    assert found.manifest.about.aggregated
    assert rejects(tmp_path) == [(4, "session_correct", "trials")]
    assert only(rows(tmp_path)[0], "response", "n_trials", "n_correct", "event_type", "course_id", "timestamp") == {
        "response": 0.5,
        "n_trials": 2,
        "n_correct": 1,
        "event_type": "review",
        "course_id": "de",
        "timestamp": datetime(2013, 2, 28, 18, 28, 1, tzinfo=UTC),
    }


def test_irw(tmp_path: Path) -> None:
    imported(tmp_path, "id,item,resp,rt\n1,i2,3,4.5\n1,i1,0,NA\n2,i1,NA,3\n2,i2,4,3\n", "irw", max_score=3)
    assert rejects(tmp_path) == [(5, "resp", "response")]
    found = [only(row, "seq", "activity_id", "response", "duration_s") for row in rows(tmp_path)]
    assert {"seq": 0, "activity_id": "i2", "response": 1.0, "duration_s": 4.5} in found
    assert {"seq": 1, "activity_id": "i1", "response": 0.0, "duration_s": None} in found
    assert {"seq": 0, "activity_id": "i1", "response": None, "duration_s": 3.0} in found


def statement(number: int, verb: str = "answered", **more: Any) -> dict[str, Any]:
    return {
        "id": f"s{number}",
        "actor": {"name": "Sally Glider", "account": {"homePage": "https://lms.example", "name": "sally"}},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}", "display": {"en-US": verb}},
        "object": {"objectType": "Activity", "id": f"https://lms.example/items/{number}"},
        "timestamp": f"2026-01-01T10:00:{number:02d}.5Z",
        **more,
    }


def test_xapi(tmp_path: Path) -> None:
    content = jsonl(
        statement(1, result={"success": True, "score": {"scaled": 0.3}, "duration": "PT1M4.5S"}),
        {"statements": [statement(2, result={"score": {"scaled": 0.25}}), statement(3, "experienced")], "more": ""},
        statement(4, "launched"),
        statement(5, result={"score": {"raw": 3, "max": 4}}),
        statement(6, result={"score": {"scaled": -0.5}}),
        statement(7, result={"success": True, "duration": "four seconds"}),
        statement(8, result={"success": False}, actor={"mbox": "mailto:sally@lms.example", "name": "Sally"}),
        statement(9, result={"success": True}, actor={"name": "Sally"}),
        statement(10, result={"success": True}),
        statement(11, "voided", object={"objectType": "StatementRef", "id": "s10"}),
        statement(1, result={"success": True, "score": {"scaled": 0.3}, "duration": "PT1M4.5S"}),
        statement(12, result={"success": True}, timestamp="2026-01-01T09:00:00Z"),
    )
    found = imported(tmp_path, content + "[1]\nnull\n{\n" + '{"id": NaN}\n' + '{"id": "\\ud800"}\n', "xapi")
    assert found.rejects == {"kind": 2, "response": 1, "duration": 1, "missing": 1, "voided": 1, "json": 5}
    assert (found.counts.read, found.counts.merged, found.manifest.students) == (18, 1, 2)
    numbers = {row["activity_id"].rsplit("/", 1)[1]: row for row in rows(tmp_path)}
    assert {n: row.get("response") for n, row in numbers.items()} == {
        "1": 1.0,
        "2": 0.25,
        "3": None,
        "5": 0.75,
        "8": 0.0,
        "12": 1.0,
    }
    assert numbers["1"]["duration_s"] == 64.5
    assert (numbers["3"]["event_type"], numbers["2"]["event_type"]) == ("lesson", "attempt")
    assert (numbers["12"]["seq"], numbers["1"]["seq"]) == (0, 1)
    for path in (tmp_path / "out").iterdir():
        assert b"ally" not in path.read_bytes()


def test_caliper(tmp_path: Path) -> None:
    def item(number: int, attempt: str, action: str = "Completed") -> dict[str, Any]:
        return {
            "@context": "http://purl.imsglobal.org/ctx/caliper/v1p2",
            "type": "AssessmentItemEvent",
            "actor": {"id": "https://example.edu/users/554433", "type": "Person", "name": "Jo"},
            "action": action,
            "object": {"id": f"https://example.edu/items/{number}", "type": "AssessmentItem"},
            "generated": {
                "type": "Response",
                "attempt": {"id": attempt, "type": "Attempt", "count": 1, "duration": "PT9S"},
            },
            "eventTime": f"2018-11-15T10:15:{number:02d}.000Z",
            "group": "https://example.edu/courses/7",
        }

    def grade(attempt: str, given: float, kind: str = "AssessmentItem") -> dict[str, Any]:
        return {
            "type": "GradeEvent",
            "actor": {"id": "https://example.edu/autograder", "type": "SoftwareApplication"},
            "action": "Graded",
            "object": {"id": attempt, "type": "Attempt", "assignable": {"id": "x", "type": kind}},
            "generated": {"type": "Score", "maxScore": 4.0, "scoreGiven": given},
            "eventTime": "2018-11-15T10:20:00.000Z",
        }

    content = jsonl(
        grade("a2", 1.0),
        {"sensor": "s", "data": [item(1, "a1"), item(2, "a2"), item(3, "a3", "Started"), {"type": "SessionEvent"}]},
        grade("a1", 4.0),
        grade("a1", 4.0),
        grade("a1", 3.0),
        grade("a9", 3.0),
        grade("a9", 30.0, "Assessment"),
        item(4, "a4"),
    )
    found = imported(tmp_path, content, "caliper")
    assert found.rejects == {"kind": 3, "differs": 1, "orphan": 1}
    assert (found.counts.read, found.counts.accepted, found.counts.merged) == (11, 3, 3)
    assert [only(row, "response", "duration_s", "attempt_no", "course_id") for row in rows(tmp_path)] == [
        {"response": r, "duration_s": 9.0, "attempt_no": 1, "course_id": "https://example.edu/courses/7"}
        for r in (1.0, 0.25, None)
    ]


def decision(event: str, seq: int, **more: Any) -> dict[str, Any]:
    usual = {"student_id": "p7", "activity_id": "a1", "eligible": ["a0", "a1"], "propensity": 0.25}
    return {"event_id": event, "seq": seq, **usual, **more}


def test_decisions(tmp_path: Path) -> None:
    content = jsonl(
        {"event_id": "e2", "reward": 0.5},
        decision("e1", 1, logger_id="sha256:1", group_class="c", ip="10.0.0.1"),
        decision("e2", 2, response=1),
        {"event_id": "e1", "response": 0, "reward": -1.5, "duration_s": 12.5, "terminated": True},
        decision("e2", 2, response=1),
        {"event_id": "e1", "reward": -1.5},
        decision("e3", 3, logger_id="teacher", propensity=None, eligible=None),
    )
    found = imported(tmp_path, content, "decisions")
    assert (found.counts.read, found.counts.accepted, found.counts.merged) == (7, 3, 4)
    assert not found.manifest.propensity
    one, two, three = rows(tmp_path)
    wanted = ("response", "reward", "duration_s", "terminated", "propensity", "eligible", "group_class", "logger_id")
    assert only(one, *wanted) == {
        "response": 0.0,
        "reward": -1.5,
        "duration_s": 12.5,
        "terminated": True,
        "propensity": 0.25,
        "eligible": ["a0", "a1"],
        "group_class": "c",
        "logger_id": "sha256:1",
    }
    assert (two["reward"], two["response"]) == (0.5, 1.0)
    assert three["logger_id"] == "teacher"


def test_decisions_of_a_service(tmp_path: Path) -> None:
    content = jsonl(
        decision("e1", 1, skills=["k"]),
        {"event_id": "e1", "response": 1, "done": "a7", "skills": ["l", "m"]},
        decision("e2", 2, skills=["k"]),
        {"event_id": "e2", "response": 0, "done": "a1"},
        decision("e3", 3, logger_id="platform", propensity=None, skills=["k"]),
        {"event_id": "e4", "student_id": "p7", "activity_id": None, "reason": "no_eligible"},
        {"event_id": "e5", "student_id": "p7", "activity_id": None, "reason": "deferred"},
        {"event_id": "e6", "student_id": "p7", "activity_id": None, "reason": "deferred"},
        decision("e6", 6, skills=["k"]),
        {"event_id": "e6", "reward": 1, "done": "a8", "skills": []},
        {"event_id": "e6", "reward": 2},
        {"event_id": "e6", "done": "a9"},
    )
    found = imported(tmp_path, content, "decisions", reject_limit=0.2)  # of 12, two are faults
    assert found.rejects == {"kind": 1, "deferred": 1, "differs": 2}
    assert (found.counts.accepted, found.counts.merged) == (4, 4)
    told = [only(row, "activity_id", "offered", "skills", "response") for row in rows(tmp_path)]
    assert told == [
        {"activity_id": "a7", "offered": "a1", "skills": ["l", "m"], "response": 1.0},
        {"activity_id": "a1", "offered": None, "skills": ["k"], "response": 0.0},
        {"activity_id": "a1", "offered": None, "skills": ["k"], "response": None},
        {"activity_id": "a8", "offered": "a1", "skills": [], "response": None},
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (decision("e9", 9, propensity=0), "propensity"),
        (decision("e9", 9, propensity=1e-300), "propensity"),
        (decision("e9", 9, propensity=1.01), "propensity"),
        (decision("e9", 9, propensity=None), "propensity"),
        ({k: v for k, v in decision("e9", 9).items() if k != "propensity"}, "propensity"),
        (decision("e9", 9, eligible=["a0"]), "eligible"),
        (decision("e9", 9, eligible=[1, 2]), "list"),
        (decision("e9", 9, eligible="a1"), "list"),
        (decision("e9", 9, student_id=7), "id"),
        (decision("e9", 9, activity_id=None), "missing"),
        (decision("e9", 9, student_id=None), "missing"),
        ({**decision("e9", 9), "seq": [9]}, "number"),
        (decision("e9", 1, activity_id="a0", response=0), "tie"),
        (decision("e1", 9), "differs"),
        ({"event_id": "e1", "reward": 2}, "differs"),
        ({"event_id": "e1", "reward": "much"}, "number"),
        ({"event_id": "unknown", "reward": 2}, "orphan"),
        ({"reward": 2}, "orphan"),
    ],
    ids=str,
)
def test_decisions_that_cannot_be(tmp_path: Path, line: dict[str, Any], code: str) -> None:
    content = jsonl(decision("e1", 1, reward=1), decision("e2", 2), line, decision("e3", 3))
    found = imported(tmp_path, content, "decisions")
    assert found.rejects == {code: 1}
    assert found.counts.accepted == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[\n{}\n]\n", "one JSON document"),
        ('{\n  "a": 1\n}\n', "one JSON document"),
        ("\n", "no events"),
        ("[" * 200_000 + "\n", "one JSON document"),
    ],
)
def test_documents_that_are_no_json_lines(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        imported(tmp_path, content, "decisions")


def test_skills_that_stand_apart(tmp_path: Path) -> None:
    content = jsonl(decision("e1", 1), {"event_id": "e1", "reward": 1}, decision("e2", 2, activity_id="a0"))
    imported(tmp_path, content, "decisions", skills_of={"a1": ("k", "l")})
    assert rejects(tmp_path) == [(3, "activity_id", "item")]
    assert only(rows(tmp_path)[0], "skills", "reward") == {"skills": ["k", "l"], "reward": 1.0}


def test_json_of_any_depth_is_a_reject(tmp_path: Path) -> None:
    imported(tmp_path, jsonl(decision("e1", 1)) + '{"a":' * 100_000 + "\n", "decisions")
    assert rejects(tmp_path) == [(2, "", "json")]
