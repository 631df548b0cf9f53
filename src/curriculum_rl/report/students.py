"""Single students: who stays and how engaged, who is stuck and why, whole courses, and what parents are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curriculum_rl.report.html import Markup, join, percent, tag
from curriculum_rl.report.layout import (
    details,
    figures,
    form_legend,
    missing,
    paragraph,
    policy_name,
    section,
    table,
)
from curriculum_rl.report.panels import lines_panel
from curriculum_rl.report.scale import Scale
from curriculum_rl.report.schema import Results

_STEP, _HIGH = 7, 64  # pixels of an event, and of the part that shows chances


def students(results: Results) -> Markup:
    """The section, from the diaries of some students under one policy."""
    kept = results.diaries
    heading = "Students"
    if kept is None:
        return section("students", heading, _kept_going(results), missing("whole courses of single students"))
    who = results.label(str(kept["policy"]))
    return section(
        "students",
        heading,
        _kept_going(results),
        paragraph(
            f"What {who} did with the first {kept['students']:,} students of the comparison. What was believed is what "
            "a platform could know; what is true, and engagement, no platform can see."
        ),
        _attendance(kept["attendance"]),
        _stuck(kept),
        *(_course(course) for course in kept["courses"]),
    )


def _attendance(data: Mapping[str, Any]) -> Markup:
    """Who is still there at the end of each session, and how engaged."""
    panels, there = [], list(data.get("there") or ())
    stayed = bool(there) and all(share == 1.0 for share in there)
    for name, caption in (("there", "Has not dropped out"), ("engagement", "Mean engagement of those who came")):
        values = data.get(name)
        if not values or len(values) < 2 or (name == "there" and stayed):
            continue
        line = [(float(i + 1), float(x)) for i, x in enumerate(values) if x is not None and x == x]
        x = Scale(1.0, max(float(len(values)), 2.0))
        summary = f"{percent(line[0][1])} after the first session, {percent(line[-1][1])} after the last."
        panel = lines_panel(x, Scale(0.0, 1.0), [], line, "learned", title=caption, summary=summary)
        panels.append((join(caption, tag("small", None, f" {summary}")), panel))
    told = ""
    if stayed:
        told = paragraph("Everybody stayed to the end.")
    elif len(there) == 1:
        told = paragraph(f"{percent(there[0])} stayed to the end of the only session.")
    return join(tag("h3", None, "Attendance by session"), told, figures(panels) if panels else "")


def _kept_going(results: Results) -> Markup:
    """What else happened to the students of each policy: a table, where the world has any of it."""
    names = list(dict.fromkeys(name for policy in results.policies for name in policy.kept_going))
    if not names:
        return Markup("")
    rows = []
    for policy in results.policies:
        cells: list[object] = [policy_name(results, policy.name)]
        for name in names:
            found = policy.kept_going.get(name)
            scale, unit = (1.0, "") if name == "teacher minutes" else (100.0, "%")
            cells.append("–" if found is None else f"{scale * found[0]:.1f}{unit} ± {1.96 * scale * found[1]:.1f}")
        rows.append(cells)
    footing = (
        "± is half a 95% interval over students, or over classes where there are any. Engagement is that at the end; "
        "minutes are each student's own."
    )
    return join(
        tag("h3", None, "How students went on, under each policy"),
        table("stack", "Dropping out, engagement and the like", ["policy", *names], rows, footing),
    )


def _stuck(kept: Mapping[str, Any]) -> Markup:
    """The list a teacher asks for."""
    rows = kept["stuck"]
    heading = tag("h3", None, "Who is stuck, and why")
    if kept.get("stuck_students", 0) is None:
        words = "Nobody can be: a few tries teach any goal of this world, so goals are forgotten at worst."
        return join(heading, paragraph(words))
    if not rows:
        return join(heading, paragraph("Nobody: every goal that was tried often is probably known."))
    share = percent(kept["stuck_students"] / kept["students"])
    words = (
        f"{kept['stuck_students']:,} students ({share}) ended with a goal that they had tried eight times or more and "
        "probably cannot recall. The reason is the likeliest one, from what is believed."
    )
    body = [(str(r["student"]), r["group"], r["concept"], f"{r['right']} of {r['tries']}", r["reason"]) for r in rows]
    headers = ("student", "subgroup", "goal", "right", "probably")
    listed = table("stack", "Students who are stuck on a goal", headers, body)
    folded = details(f"The first {len(rows)} such goals", listed, unfolded=len(rows) <= 10)
    return join(heading, paragraph(words), folded)


def _course(course: Mapping[str, Any]) -> Markup:
    """One student's whole course as a strip, and where it led."""
    events: Sequence[Mapping[str, Any]] = course["events"]
    ended = "left before the end" if course["left"] else "stayed to the end"
    ended = "stopped by the policy" if course.get("stopped") else ended
    done = sum(e["believed"] is not None for e in events)  # a control practises nothing
    title = f"Student {course['student']} ({course['group']}), {done} activities, {ended}"
    forms = list(dict.fromkeys(str(e["form"]) for e in events))
    return join(
        tag("h3", None, title),
        tag("div", {"class": "scroll", "role": "region", "tabindex": "0", "aria-label": title}, _strip(events, forms)),
        form_legend(forms),
        tag(
            "p",
            {"class": "footing"},
            "Each column is an activity: its form by colour, framed where it was not the first offered; below it the "
            "answer (up: right, down: wrong, none where nothing was asked); then the chance that the concept could be "
            "recalled, believed (dot) and true (ring), from 0 at the bottom to 1; gaps are between sessions.",
        ),
        _progress(course["goals"]),
    )


def _strip(events: Sequence[Mapping[str, Any]], forms: Sequence[str]) -> Markup:
    parts, x, session = [], 4.0, events[0]["session"] if events else 0
    top = 34
    felt: list[str] = []
    for event in events:
        if event["session"] != session:
            session, x = event["session"], x + _STEP
        own = event["done"] != event["offered"][0]
        box = {"x": f"{x:g}", "y": 4, "width": _STEP - 1, "height": 14, "class": f"f{forms.index(event['form']) % 12}"}
        marks = [tag("rect", {**box, "stroke": "currentColor" if own else None})]
        if event["right"] is not None:
            good = bool(event["right"])
            place = {"x": f"{x + 1:g}", "y": 20 if good else 26, "width": _STEP - 3, "height": 5}
            marks.append(tag("rect", {**place, "class": "right" if good else "wrong"}))
        middle = f"{x + (_STEP - 1) / 2:g}"
        known = event["believed"] is not None
        for name, radius in (("true", 2.6), ("believed", 1.7)) if known else ():
            at = {"cx": middle, "cy": f"{top + _HIGH * (1.0 - event[name]):.1f}", "r": radius, "class": name}
            marks.append(tag("circle", at))
        answer = {True: "right", False: "wrong", None: "no answer"}[event["right"]]
        words = f"day {event['day']:.0f}: {event['done']}"
        if known:
            chances = f"believed {percent(event['believed'])}, true {percent(event['true'])}"
            words += f", {answer}, {event['minutes']:.1f} min; {chances}"
        if own:
            words += f"; offered: {', '.join(event['offered'])}"
        if event["engagement"] is not None:
            words += f"; engagement {percent(event['engagement'])}"
            felt.append(f"{middle} {top + _HIGH * (1.0 - event['engagement']):.1f}")
        parts.append(tag("g", None, tag("title", None, words), *marks))
        x += _STEP
    if felt:
        parts.insert(0, tag("path", {"class": "felt", "d": f"M{'L'.join(felt)}"}))
    width, height = x + 4, top + _HIGH + 6
    size = {"class": "course", "viewBox": f"0 0 {width:g} {height}", "width": f"{width:g}", "height": height}
    return tag("svg", {**size, "role": "img", "aria-label": f"{len(events)} decisions"}, *parts)


def _progress(goals: Sequence[Mapping[str, Any]]) -> Markup:
    """What a student, a parent or a teacher may be told of each goal: in words, with how sure that is."""
    rows = [
        (
            g["concept"],
            _words(g["known"]),
            f"{percent(g['known'])}" + (f" ± {percent(g['spread'])}" if g["spread"] > 0.005 else ""),
            percent(g["at_test"]),
            f"{g['right']} of {g['tries']}" if g["tries"] else "not tried",
        )
        for g in sorted(goals, key=lambda g: -float(g["known"]))
    ]
    headers = ("goal", "in words", "known, as believed", "still there at the test", "right")
    listed = table("stack", "Progress towards each goal, from answers alone", headers, rows)
    return details("Progress, for the student, parents and the teacher", listed)


def _words(known: float) -> str:
    steps = ((0.9, "very likely knows it"), (0.7, "probably knows it"), (0.3, "cannot be told yet"))
    return next((words for least, words in steps if known >= least), "probably does not know it yet")
