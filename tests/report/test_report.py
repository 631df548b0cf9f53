"""The page: whole, self-contained, true to its numbers, and unmoved by hostile names or missing parts."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from curriculum_rl.evaluation.subgroups import suppressed_groups
from curriculum_rl.report.build import page, report_folder, write_report
from curriculum_rl.report.reading import read_results
from curriculum_rl.violations import InvalidInput

OPTIONAL = (
    "experiment", "world", "objective", "students", "seeds", "subgroups", "subgroup_gaps", "curves", "concept_map",
    "mastery_over_time", "provenance", "kept",
)  # fmt: skip
VOID = {"meta", "br"}
HOSTILE = "<script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(2)>&\x00"


class Reader(HTMLParser):
    """Collects elements and text, and sees to it that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def html(whole_study):
    return page(read_results(whole_study))


def test_page_loads_nothing_and_runs_nothing(html):
    for tag, attributes in read(html).elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "image", "use"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"src", "srcset", "xlink:href"}, (tag, name)
            assert name != "href" or str(value).startswith("#")
    style = re.findall(r"<style>(.*?)</style>", html, re.S)
    assert len(style) == 1
    assert "url(" not in style[0]
    assert "@import" not in style[0]
    assert "default-src 'none'" in read(html).elements[4][1].get("content", "")


def test_every_policy_form_and_concept_is_named(html, whole_study):
    text = read(html).text
    for policy in whole_study["policies"]:
        assert policy["name"] in text
        assert policy["label"] in text
        assert f"{policy['mean']:.2f}" in text
        assert all(form in text for form in policy["forms"])
    for pair in whole_study["comparisons"]:
        assert f"{pair['difference']:+.2f}".replace("-", "−") in text
    for concept in whole_study["concept_map"]["concepts"]:
        assert concept in text
    for cell in whole_study["subgroups"]:
        assert cell["group"] in text
    for value in ("0f3c1d2", "sha256:" + "a1" * 32, "2.9.0", "curriculum-rl study"):
        assert value in text


def test_charts_and_tables_can_be_read_aloud(html):
    reader = read(html)
    for tag, attributes in reader.elements:
        if tag == "svg" and attributes.get("role") == "img":
            assert attributes.get("aria-label")
        elif tag == "svg" and attributes.get("class"):
            assert attributes.get("aria-hidden") == "true"
        if tag == "th":
            assert attributes.get("scope") in {"col", "row"}
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("table") == tags.count("caption") > 5
    assert tags.count("h1") == 1
    anchors = {attributes["id"] for _, attributes in reader.elements if "id" in attributes}
    links = [str(a["href"])[1:] for tag, a in reader.elements if tag == "a"]
    assert set(links) <= anchors


def test_hostile_names_are_text_and_nothing_else(whole_study):
    study = json.loads(json.dumps(whole_study).replace("Masked PPO, concept scorer", json.dumps(HOSTILE)[1:-1]))
    study["experiment"] = HOSTILE
    study["world"] = {HOSTILE: {"deeper": [HOSTILE]}}
    study["provenance"] = {"command": HOSTILE}
    study["objective"] = HOSTILE
    study["concept_map"]["concepts"][0] = HOSTILE
    for policy in study["policies"]:
        policy["forms"][HOSTILE] = 0.1
        policy["tracker"] = HOSTILE
    for cell in study["subgroups"]:
        cell["group"] = HOSTILE if cell["group"] == "behind" else cell["group"]
    html = page(read_results(study))
    reader = read(html)
    assert "alert(1)" in reader.text
    assert not [tag for tag, _ in reader.elements if tag in {"script", "img"}]
    assert not [name for _, attributes in reader.elements for name in attributes if name.startswith("on")]
    assert "\x00" not in html


def test_the_top_says_who_won_and_by_how_much(whole_study):
    study = copy.deepcopy(whole_study)
    learned, rival = "ppo_concepts", "greedy_credit_grid"
    pair = next(p for p in study["comparisons"] if (p["policy"], p["baseline"]) == (learned, rival))

    pair.update(difference=1.07, ci_low=0.84, ci_high=1.3, p_adjusted=0.002)
    top = summary_text(study)
    assert "beats the strongest heuristic, Greedy with prerequisite credit (bkt_grid): +1.07 points" in top
    assert "(95% interval 0.84 to 1.30, adjusted p 0.002)" in top

    pair.update(difference=-1.07, ci_low=-1.3, ci_high=-0.84, p_adjusted=0.002)
    assert "does not beat the strongest heuristic" in summary_text(study)

    pair.update(difference=0.1, ci_low=-0.2, ci_high=0.4, p_adjusted=0.3, smallest_visible_effect=0.43)
    top = summary_text(study)
    assert "cannot tell the best learned policy" in top
    assert "true difference of 0.43 points four times in five" in top

    turned = pair | {"policy": rival, "baseline": learned, "difference": -2.0, "ci_low": -2.5, "ci_high": -1.5}
    study["comparisons"] = [turned | {"p_adjusted": 0.001}]
    assert "+2.00 points (95% interval 1.50 to 2.50" in summary_text(study)

    study["comparisons"] = []
    assert "they were not compared" in summary_text(study)


def test_the_top_points_at_a_collapsed_policy_and_the_worst_group(whole_study):
    top = summary_text(whole_study)
    assert "Look twice at Masked PPO, flat network: 99% of its choices are of one form, “worked example”" in top
    assert "the group that gains least is “lowest quarter”" in top
    assert "Seeing the student's hidden state, which no platform can" in top


def test_a_bound_that_offers_one_activity_says_so_where_others_offered_more(whole_study):
    assert "activity at a time" not in summary_text(whole_study)
    assert "It offers one activity at a time, though others offered up to 3" in summary_text(whole_study | {"slate": 3})


def summary_text(study) -> str:
    return read(page(read_results(study)).split("<nav")[0].split("<body>")[1]).text


def test_privileged_policies_are_flagged_and_never_called_best(whole_study):
    study = copy.deepcopy(whole_study)
    text = read(page(read_results(study))).text
    assert "sees the student's hidden state, cannot be deployed" in text
    for policy in study["policies"]:
        policy["kind"] = "privileged"
    assert "No policy of this study could be deployed" in summary_text(study)


@pytest.mark.parametrize("part", OPTIONAL)
def test_a_part_that_is_missing_leaves_a_sentence_or_a_gap_but_no_crash(whole_study, part):
    study = {name: value for name, value in whole_study.items() if name != part}
    text = read(page(read_results(study))).text
    if part in {"subgroups", "curves", "concept_map", "mastery_over_time", "provenance"}:
        assert "This study did not record" in text
    assert not re.search(r"\b(None|nan|inf)\b", text)


def test_the_least_that_a_study_can_hold(whole_study):
    one = {"name": "random", "kind": "heuristic", "mean": 1.0, "ci_low": 1.0, "ci_high": 1.0}
    text = read(page(read_results({"schema": 1, "policies": [one], "comparisons": []}))).text
    assert "There is no learned policy in this study" in text
    assert "No policy was trained in this study." in text
    bare = [dict.fromkeys(("name", "kind", "mean", "ci_low", "ci_high")) | p for p in whole_study["policies"]]
    for policy in bare:
        policy.update(forms=None, iqm=None, sampled_mean=float("nan"), minutes_mean=None, seed_means=[], tracker=None)
    study = {"schema": 1, "policies": bare, "comparisons": whole_study["comparisons"]}
    assert "which forms of activity" in read(page(read_results(study))).text


def test_the_unit_follows_what_was_compared(whole_study):
    assert "above what the same student would score without any practice" in page(read_results(whole_study)).replace(
        "&#x27;", "'"
    )
    text = read(page(read_results(whole_study | {"outcome": "mastery_gain"}))).text
    assert "one percentage point of mastery gained" in text
    assert "points more than no practice" not in text
    for outcome, said in (("total_reward", "all that the objective"), ("engagement_kept", "of full engagement")):
        assert said in read(page(read_results(whole_study | {"outcome": outcome}))).text
    with pytest.raises(InvalidInput, match="outcome = 'fun': must be one of gain, mastery_gain"):
        read_results(whole_study | {"outcome": "fun"})


def test_gaps_in_the_curves_and_runs_of_different_length(whole_study):
    study = copy.deepcopy(whole_study)
    for series in ("frames", "train_return", "validation_return", "entropy"):
        study["curves"][0][series] = study["curves"][0][series][:20]
    study["curves"][0]["forms"] = {}
    study["curves"][1]["entropy"] = [float("nan")] * 40
    study["curves"][2]["validation_return"] = []
    study["curves"].append({"policy": "dqn", "seed": 0, "frames": [], "train_return": []})
    assert not re.search(r"\b(None|nan|inf)\b", page(read_results(study)).split("<main>")[1])


def test_multipliers_are_drawn_where_there_were_any(whole_study):
    study = copy.deepcopy(whole_study)
    assert "Multiplier" not in read(page(read_results(study))).text
    frames = len(study["curves"][0]["frames"])
    study["curves"][0]["multipliers"] = {"multiplier/north": [None, *[0.5] * (frames - 1)], "measured": [1.0] * frames}
    text = read(page(read_results(study))).text
    assert text.count("Multiplier, north") >= 1
    assert "Points of the courses that move it" in text
    study["curves"][0]["multipliers"] = {"multiplier": [0.5]}
    with pytest.raises(InvalidInput, match=r"multipliers.multiplier = '1 values': must have one for each"):
        read_results(study)


def test_many_concepts_share_rows(whole_study):
    study = copy.deepcopy(whole_study)
    concepts = [f"concept {k}" for k in range(250)]
    study["concept_map"] = {"concepts": concepts, "bins": 3, "policies": {"random": [[1 / 250] * 250] * 3}}
    text = read(page(read_results(study))).text
    assert "concept 0 … concept 4" in text
    assert "concept 249" in text


def test_suppressed_cells_never_reach_the_page(whole_study):
    """Even numbers that stand in a suppressed cell by mistake are not printed."""
    study = copy.deepcopy(whole_study)
    assert suppressed_groups({"ahead": 3, "behind": 500, "on track": 1497}) == {"ahead", "behind"}
    for cell in study["subgroups"]:
        if cell["group"] in {"ahead", "behind"}:
            cell.update(suppressed=True, students=3, mean=77.77, ci_low=77.76, ci_high=77.78)
    study["subgroup_gaps"] = []
    html = page(read_results(study))
    labels = " ".join(str(attributes.get("aria-label")) for _, attributes in read(html).elements)
    assert "77.7" not in read(html).text + labels
    assert "withheld" in html
    assert "ahead (3)" not in html


def test_same_results_same_bytes(whole_study):
    assert page(read_results(whole_study)) == page(read_results(copy.deepcopy(whole_study)))


def test_bad_results_are_refused_with_everything_to_mend(whole_study):
    study = copy.deepcopy(whole_study)
    study["schema"] = 7
    study["policies"][0]["kind"] = "magic"
    study["policies"][1]["mean"] = float("nan")
    study["policies"][3]["name"] = study["policies"][2]["name"]
    study["comparisons"][0]["baseline"] = "nobody"
    study["curves"][0]["entropy"] = [1.0]
    study["concept_map"]["policies"]["random"][0] = [0.5]
    study["subgroups"] = "none"
    with pytest.raises(InvalidInput) as refused:
        read_results(study)
    message = str(refused.value)
    for words in (
        "schema = 7: must be 1",
        "policies[0].kind = 'magic': must be one of learned, heuristic, privileged",
        "policies[1].mean = nan: must be a finite number",
        "must be named once",
        "comparisons[0].baseline = 'nobody': must be the name of one of the policies",
        "curves[0].entropy = '1 values': must have one for each of 40 frames",
        "concept_map.policies.random[0]",
        "subgroups = 'none': must be a list",
    ):
        assert words in message
    with pytest.raises(InvalidInput, match=r"policies = None: is missing"):
        read_results({"schema": 1, "comparisons": []})
    with pytest.raises(InvalidInput, match="must hold at least one policy"):
        read_results({"schema": 1, "policies": [], "comparisons": []})


def test_a_folder_gets_its_report_whole_or_not_at_all(tmp_path: Path, whole_study, monkeypatch):
    (tmp_path / "results.json").write_text(json.dumps(whole_study))
    target = report_folder(tmp_path)
    assert target == tmp_path / "report.html"
    assert target.read_text(encoding="utf-8") == page(read_results(whole_study))
    before = target.read_bytes()

    def power_cut(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("os.fsync", power_cut)
    with pytest.raises(OSError, match="power cut"):
        write_report(whole_study, target)
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "results.json"]


def test_a_folder_without_usable_results_says_so(tmp_path: Path):
    with pytest.raises(InvalidInput, match="there is no such file"):
        report_folder(tmp_path)
    (tmp_path / "results.json").write_text('{"schema": 1,')
    with pytest.raises(InvalidInput, match="is not JSON"):
        report_folder(tmp_path)
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(InvalidInput, match="must be an object"):
        report_folder(tmp_path)


def test_students_of_one_group_are_not_set_against_themselves(whole_study):
    study = copy.deepcopy(whole_study)
    study["subgroups"] = [{**cell, "group": "all"} for cell in study["subgroups"] if cell["by"] == "group"][:1]
    study["subgroup_gaps"] = []
    text = read(page(read_results(study))).text
    assert "All students of this world are of one group." in text
    assert "the group that gains least" not in text
