"""The page in headless Chromium: right, usable by keyboard and by ear, and asking nobody for anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.runner.draw import drawn, explored, uniform
from curriculum_rl.runner.explain import explain
from curriculum_rl.runner.history import read_history
from curriculum_rl.runner.replay import replay
from curriculum_rl.runner.runner import Event, Runner
from tests.web.conftest import BUNDLES, Site

pytestmark = pytest.mark.slow
EACH = pytest.mark.parametrize("name", BUNDLES)
TOLERANCE = 1e-5
DAY = 86_400.0
Open = Callable[..., Any]


class Visit:
    """A person at the page, and all that the page asks for and complains of."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.asked, self.complaints = page, [], []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type != "log" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(url)
        page.wait_for_selector("#work:not([hidden])")

    def text(self, element: str) -> str:
        return str(self.page.inner_text(f"#{element}"))

    def until_changed(self, element: str, act: Callable[[], Any]) -> None:
        before = self.text(element)
        act()
        changed = "([id, old]) => document.getElementById(id).innerText !== old"
        self.page.wait_for_function(changed, arg=[element, before])

    def answer(self, right: bool = True) -> None:
        wanted = "done" if self.page.is_visible("#done") else "right" if right else "wrong"
        self.until_changed("clock", lambda: self.page.click(f"#{wanted}"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.textContent"))

    def saved(self, folder: Path) -> Path:
        with self.page.expect_download() as download:
            self.page.click("#save")
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path


@pytest.fixture
def visit(chromium: Any, sites: dict[str, Site]) -> Iterator[Open]:
    contexts = []
    visits = []

    def opened(name: str = "gated", url: str = "", **how: Any) -> Visit:
        contexts.append(chromium.new_context(accept_downloads=True, **how))
        contexts[-1].set_default_timeout(30_000)
        visits.append(Visit(contexts[-1].new_page(), url or sites[name].url))
        return visits[-1]

    yield opened
    for one in visits:
        assert one.complaints == []
        assert {urlsplit(url).hostname for url in one.asked if urlsplit(url).scheme != "data"} <= {"localhost", None}
    for context in contexts:
        context.close()


@EACH
def test_every_vector_is_replayed_in_the_browser(visit: Open, bundles: dict[str, Path], name: str):
    program = """async () => {
        const ort = await import('/ort/ort.wasm.min.mjs');
        const { openBundle, replay, Runner } = await import('/runner/runner.mjs');
        const content = await (await fetch('/policy.zip')).arrayBuffer();
        return replay(await Runner.create(await openBundle(content), ort));
    }"""
    one = visit(name)
    found = one.page.evaluate(program)
    assert found["decisions"] == replay(Runner(open_bundle(bundles[name])))
    assert found["furthest"] <= TOLERANCE
    one.until_changed("replayed", lambda: one.page.click("#replay"))
    one.page.wait_for_function("document.getElementById('replayed').textContent.includes('came out the same')")
    assert f"{found['decisions']} decisions" in one.text("replayed")


@EACH
def test_the_page_says_what_python_says(visit: Open, bundles: dict[str, Path], tmp_path: Path, name: str):
    one, runner = visit(name), Runner(open_bundle(bundles[name]))
    names = [a["name"] for a in runner.bundle.catalogue["activities"]]
    for step in range(8):
        if step == 4:
            one.page.check("text=a week later")
        one.answer(right=step % 3 != 2)
    events = read_history(one.saved(tmp_path), runner.activities)
    assert len(events) == 8
    assert [event.elapsed_s > 7 * DAY for event in events] == [False] * 4 + [True] * 4
    told = explain(runner, events)
    assert told.choice is not None
    assert one.text("activity") == names[told.choice]
    assert one.text("reasons").splitlines() == told.reasons
    figures = one.page.locator("#beliefs td:nth-child(3)").all_text_contents()
    for figure, mastery in zip(figures, told.mastery, strict=True):
        assert float(figure.strip("<>%")) == pytest.approx(100 * mastery, abs=0.6)
    if told.otherwise is not None:
        same = told.otherwise == told.choice
        assert ("the same" if same else names[told.otherwise]) in one.text("otherwise")


def test_a_drawn_choice_can_be_made_again_from_its_event(visit: Open, bundles: dict[str, Path]):
    one, runner = visit("network"), Runner(open_bundle(bundles["network"]))
    names = [a["name"] for a in runner.bundle.catalogue["activities"]]
    one.page.check("#sampled")
    one.page.focus("#rate")
    one.press("End")  # explores half of the time
    assert one.text("rate-said") == "50%"
    state, event, allowed = runner.start(), Event(-1, 0.0, 0.0), np.ones((1, len(names)), dtype=np.bool_)
    chosen = []
    for decision in range(1, 8):
        found = runner.step(state, [event.activity], [event.correct], [event.elapsed_s], allowed)
        chances = explored(found.probabilities[0], found.eligible[0], 0.5)
        choice = drawn(chances, uniform(runner.bundle.digest, f"student-1-decision-{decision}"))
        assert choice is not None
        one.page.wait_for_function("name => document.getElementById('activity').innerText === name", arg=names[choice])
        chosen.append(choice)
        one.answer()
        minutes = runner.bundle.catalogue["activities"][choice]["minutes"]
        state, event = found.state, Event(choice, 1.0, round(60 * minutes))
    assert len(set(chosen)) > 3


def test_it_is_used_by_keyboard_alone(visit: Open):
    one = visit("gated")
    one.press("Tab")
    assert one.focused() == "Skip to the recommendation"
    one.press("Enter", "Tab")
    assert one.page.evaluate("document.activeElement.name") == "pause"
    one.press("ArrowDown")  # a day later
    one.press("Tab")
    assert one.focused() in ("right", "done")
    for _ in range(3):
        one.until_changed("clock", lambda: one.press("Enter"))
        assert one.focused() in ("right", "done")
    assert one.text("clock") == "Student 1 · day 4 · decision 4"
    assert one.text("events").count("then a day") == 3
    first = one.text("activity")

    one.page.focus("#find")
    one.page.keyboard.type("hard")
    names = one.page.eval_on_selector_all("#found .name", "all => all.map((one) => one.firstChild.textContent)")
    assert names
    assert all("hard" in name for name in names)
    one.press("Tab", "Tab")  # past the list as a whole, to its first button
    pinned = str(one.page.evaluate("document.activeElement.getAttribute('aria-label')")).removeprefix("Pin ")
    one.until_changed("activity", lambda: one.press("Space"))
    assert one.text("activity") == pinned
    assert "pinned by the teacher" in one.text("about")
    assert one.page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    one.until_changed("activity", lambda: one.press("Space"))
    assert one.text("activity") == first

    one.page.focus("#ranking [data-tool^=exclude]")
    one.until_changed("activity", lambda: one.press("Enter"))
    assert one.text("activity") != first
    assert f"Excluded: {first}" in one.text("set")
    assert one.page.evaluate("document.activeElement.closest('section').id") == "next"

    one.page.focus("#undo")
    one.until_changed("clock", lambda: one.press("Enter"))
    assert one.text("clock").endswith("decision 3")
    one.page.focus("#restart")
    one.until_changed("clock", lambda: one.press("Enter"))
    assert one.text("clock") == "Student 2 · day 1 · decision 1"
    assert one.text("events") == ""


def test_goals_are_chosen_by_keyboard_and_change_the_course(visit: Open, bundles: dict[str, Path], tmp_path: Path):
    one, runner = visit("gated"), Runner(open_bundle(bundles["gated"]))
    names = [a["name"] for a in runner.bundle.catalogue["activities"]]
    one.answer()
    one.answer(right=False)
    one.page.focus("#teacher summary")
    one.press("Enter")
    boxes = one.page.query_selector_all("#goals input")
    for box in boxes[1:]:
        box.focus()
        one.until_changed("goals-said", lambda: one.press("Space"))
    assert one.text("goals-said") == f"1 of {len(boxes)}"
    assert boxes[0].is_disabled()  # the last goal stays
    goal = runner.concepts[0]
    one.page.wait_for_function(
        "name => document.querySelector('#beliefs tr:nth-child(2) td.state').textContent.includes('not a goal')"
    )
    events = read_history(one.saved(tmp_path), runner.activities)
    for told in (explain(runner, events, [goal]), explain(runner, [], [goal])):  # on the way, and from the start
        assert told.choice is not None
        assert one.text("activity") == names[told.choice]
        one.until_changed("clock", lambda: one.page.click("#restart"))
    assert len(events) == 2
    one.page.click("#all-goals")
    one.page.wait_for_function("document.querySelectorAll('#goals input:not(:checked)').length === 0")


def test_nothing_is_ever_unlocked(visit: Open):
    one = visit("gated")
    one.page.fill("#find", "")
    one.page.wait_for_selector("#found li")
    locked = one.page.locator("#found li", has_text="locked").first
    name = locked.locator(".name").evaluate("one => one.firstChild.textContent")
    locked.get_by_role("button", name="Pin").click()
    one.page.wait_for_function("document.getElementById('overruled').textContent !== ''")
    assert one.text("overruled") == f"Pinned, but locked now: {name}."
    assert one.text("activity") != name
    for _ in range(200):  # excludes whatever is recommended, until there is nothing
        tool = one.page.query_selector("#ranking [data-tool^=exclude]")
        if tool is None:
            break
        one.until_changed("set", tool.click)
    assert one.text("activity") == "Nothing may be chosen now"
    assert not one.page.is_visible("#right")
    assert not one.page.is_visible("#done")
    one.until_changed("activity", lambda: one.page.locator("#set button", has_text="Allow").last.click())
    assert one.page.is_visible("#answers")


def test_a_screen_reader_is_told_once_what_is_recommended(visit: Open):
    one = visit("sure")
    for _ in range(3):
        one.answer()
        said = one.page.text_content("#said")
        assert said.startswith(f"Recommended: {one.text('activity')}. It practises")
    assert one.page.evaluate("document.querySelectorAll('[aria-live]').length") == 1
    assert "concepts" in one.page.get_attribute("#map svg", "aria-label")


def test_it_works_without_any_network(visit: Open, bundles: dict[str, Path], packages: Path, tmp_path: Path):
    site = Site(bundles["network"], tmp_path / "site")
    one = visit(url=site.url)
    site.close()
    one.page.context.set_offline(True)
    for _ in range(3):
        one.answer()
    one.page.click("#replay")
    one.page.wait_for_function("document.getElementById('replayed').textContent.includes('came out the same')")
    assert len(read_history(one.saved(tmp_path), Runner(open_bundle(bundles["network"])).activities)) == 3


def test_another_bundle_is_opened_and_a_damaged_one_refused(visit: Open, bundles: dict[str, Path], tmp_path: Path):
    one = visit("gated")
    one.until_changed("policy", lambda: one.page.set_input_files("#other", bundles["network"]))
    assert one.text("policy") == "network"
    damaged = tmp_path / "cut.zip"
    damaged.write_bytes(bundles["gated"].read_bytes()[:-9])
    one.page.set_input_files("#other", damaged)
    one.page.wait_for_selector("#problem:not([hidden])")
    assert "cut.zip: 1 thing to mend" in one.text("problem")
    assert "is damaged or no bundle" in one.text("problem")
    one.answer()  # what was there goes on
    assert not one.page.is_visible("#problem")


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1000, "dark"), (1400, "light")])
def test_it_is_accessible_at_every_width_in_light_and_dark(visit: Open, packages: Path, width: int, scheme: str):
    """By axe-core's rules for WCAG 2.2 A and AA, and its best practices."""
    one = visit("gated", viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    for step in range(6):
        one.answer(right=step % 3 > 0)
    one.page.click("#ranking li:nth-child(2) [data-tool^=pin]")
    one.page.click("#found li:nth-child(1) [data-tool^=exclude]")
    one.page.click("#teacher summary")
    one.page.wait_for_selector("#set li:nth-child(2)")
    one.page.evaluate((packages / "axe-core" / "axe.min.js").read_text())
    found = one.page.evaluate("axe.run()")
    assert len(found["passes"]) > 20
    told = [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found["violations"]]
    assert told == [], json.dumps(told, indent=1)
    for narrower in (width, width - 40, width - 80):
        one.page.set_viewport_size({"width": narrower, "height": 900})
        assert one.page.evaluate("document.documentElement.scrollWidth") <= narrower


def test_text_on_every_shade_of_the_map_can_be_read(visit: Open):
    """Contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3), which axe-core does not look at inside a drawing."""
    program = """() => {
        const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const colour = (value) => {
            probe.fillStyle = value; probe.fillRect(0, 0, 1, 1);
            return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
        };
        return Array.from({ length: 10 }, (_, i) => {
            const one = document.querySelector('#map g');
            one.setAttribute('class', `concept m${i}`);
            const fill = (name) => colour(getComputedStyle(one.querySelector(name)).fill);
            return [fill('.body'), fill('.figure')];
        });
    }"""
    for scheme in ("light", "dark"):
        one = visit("gated", color_scheme=scheme, reduced_motion="reduce")
        for shade, (body, text) in enumerate(one.page.evaluate(program)):
            assert contrast(body, text) >= 4.5, (scheme, shade)


def contrast(a: list[int], b: list[int]) -> float:
    def luminance(colour: list[int]) -> float:
        parts = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
