"""The section about single students: every event has its column, what was not offered is framed, nothing breaks it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from curriculum_rl import load_world
from curriculum_rl.evaluation.diary import diaries, told
from curriculum_rl.policies.load import load_policy
from curriculum_rl.report.build import page
from curriculum_rl.report.reading import read_results
from curriculum_rl.violations import InvalidInput
from tests.report.conftest import build_results


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    world = load_world("classroom")
    kept, attendance = diaries(world, load_policy("mastery_review"), np.arange(30), 1)
    return {**build_results(200), "diaries": told(world, "mastery_review", kept, attendance, 1)}


def section(results: dict[str, Any]) -> str:
    html = page(read_results(results))
    start = html.index('<section id="students"')
    return html[start : html.index("</section>", start)]


def test_every_event_is_a_column_and_own_ways_are_framed(results: dict[str, Any]):
    html = section(results)
    events = [e for c in results["diaries"]["courses"] for e in c["events"]]
    assert html.count('class="believed"') == html.count('class="true"') == len(events)
    assert html.count('stroke="currentColor"') == sum(e["done"] != e["offered"][0] for e in events) > 0
    assert html.count('class="right"') == sum(e["right"] is True for e in events)
    assert html.count('class="wrong"') == sum(e["right"] is False for e in events)


def test_a_course_that_the_policy_stopped_says_so_and_a_control_has_no_chance_of_recall(results: dict[str, Any]):
    course = results["diaries"]["courses"][0]
    stop = {**course["events"][-1], "done": "stop", "offered": ["stop"], "form": "stop", "right": None}
    events = [*course["events"][:3], {**stop, "believed": None, "true": None, "minutes": 0.0}]
    stopped = {**course, "stopped": True, "left": False, "events": events}
    html = section({**results, "diaries": {**results["diaries"], "courses": [stopped]}})
    assert "3 activities, stopped by the policy" in html
    assert html.count('class="believed"') == html.count('class="true"') == 3
    assert f"day {stop['day']:.0f}: stop" in html


def test_names_from_a_pack_cannot_break_the_page(results: dict[str, Any]):
    course = {**results["diaries"]["courses"][0], "group": "<script>alert(1)</script>"}
    html = section({**results, "diaries": {**results["diaries"], "courses": [course]}})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_where_nobody_can_be_stuck_a_sentence_stands_in_the_place_of_the_list(results: dict[str, Any]):
    assert "Nobody can be" not in section(results)
    html = section({**results, "diaries": {**results["diaries"], "stuck": [], "stuck_students": None}})
    assert "Nobody can be: a few tries teach any goal of this world" in html


def test_a_study_without_them_says_so_and_a_broken_one_is_refused(results: dict[str, Any]):
    assert "did not record" in section(build_results(200))
    with pytest.raises(InvalidInput, match="courses"):
        read_results({**results, "diaries": {**results["diaries"], "courses": 3}})


@pytest.mark.parametrize(
    ("there", "words", "charts"),
    [
        ([1.0, 1.0, 1.0], "Everybody stayed to the end.", 0),
        ([0.9], "90% stayed to the end of the only session.", 0),
        ([0.9, 0.8], "90% after the first session, 80% after the last.", 1),
    ],
)
def test_attendance_is_drawn_where_there_is_something_to_draw(
    results: dict[str, Any], there: list[float], words: str, charts: int
):
    html = section({**results, "diaries": {**results["diaries"], "attendance": {"there": there}}})
    html = html[html.index("Attendance by session") : html.index("Who is stuck")]
    assert words in html
    assert html.count("<figure") == charts
