"""Results by subgroup: right means, the worst named, and no small cell to be read or worked out."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curriculum_rl.evaluation.bootstrap import Bootstrap
from curriculum_rl.evaluation.statistics import mean_interval
from curriculum_rl.evaluation.subgroups import (
    QUARTERS,
    ability_quarters,
    by_group,
    by_subgroup_and_ability,
    suppressed_groups,
    worst_group,
)
from curriculum_rl.violations import InvalidInput

FEW = Bootstrap(replicates=1_000)


def study(seed=0, students=400):
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=students)
    labels = np.where(ability + rng.normal(size=students) < -0.8, "behind", "on track")
    base = 20 + 3 * ability + rng.normal(0, 2, students)
    return {"zone": base, "ppo": np.stack([base + 1, base + 2])}, labels, ability


def test_every_policy_and_group_has_its_mean_and_interval():
    scores, labels, ability = study()
    found = by_subgroup_and_ability(scores, labels, ability, FEW)
    assert len(found.cells) == 2 * (2 + 4)
    for cell in found.cells:
        membership = labels if cell.by == "group" else ability_quarters(ability)
        chosen = np.atleast_2d(scores[cell.policy])[:, membership == cell.group]
        assert cell.students == chosen.shape[1]
        assert cell.mean == pytest.approx(chosen.mean())
        assert cell.ci_low < cell.mean < cell.ci_high
        own = mean_interval(chosen, FEW)
        assert cell.ci_high - cell.ci_low == pytest.approx(own.high - own.low, rel=0.15)
    assert [c.group for c in found.cells if c.by == "ability quarter" and c.policy == "ppo"] == list(QUARTERS)


def test_the_worst_group_is_named_and_the_gap_has_an_interval():
    scores, labels, ability = study()
    found = by_subgroup_and_ability(scores, labels, ability, FEW)
    worst = worst_group(found.cells, "ppo", "ability quarter")
    assert worst is not None
    assert worst.group == "lowest quarter"
    gap = next(gap for gap in found.gaps if gap.policy == "ppo" and gap.by == "ability quarter")
    assert (gap.worst, gap.best) == ("lowest quarter", "highest quarter")
    means = {cell.group: cell.mean for cell in found.cells if cell.policy == "ppo"}
    assert gap.gap == pytest.approx(means["highest quarter"] - means["lowest quarter"])
    # Two groups without a common student: the standard errors add in squares.
    ends = {quarter: scores["zone"][ability_quarters(ability) == quarter] for quarter in (gap.worst, gap.best)}
    expected = 2 * 1.96 * np.sqrt(sum(values.var(ddof=1) / values.size for values in ends.values()))
    assert gap.ci_high - gap.ci_low == pytest.approx(expected, rel=0.12)


def test_a_group_of_a_single_class_is_withheld_and_the_others_are_as_they_were():
    rng = np.random.default_rng(4)
    scores, classes = {"zone": rng.normal(size=90)}, np.repeat(np.arange(3), 30)
    labels = np.where(np.arange(90) < 12, "one class", "three classes")
    settings = replace(FEW, classes=tuple(classes.tolist()))
    found = by_group(scores, labels, "group", settings)
    alone, others = found.cells
    assert (alone.group, alone.suppressed, alone.mean, alone.students) == ("one class", True, None, None)
    rows = labels == "three classes"
    drawing, theirs = settings.of(rows, 2), scores["zone"][rows]
    own = drawing.interval(theirs.mean(), drawing.means({"zone": theirs})["zone"])
    assert (others.students, others.mean, others.ci_low, others.ci_high) == (78, own.mean, own.low, own.high)
    assert found.gaps == ()
    assert not any(cell.suppressed for cell in by_group(scores, labels, "group", FEW).cells)


def test_quarters_are_equal_follow_ability_and_ignore_the_order_of_students():
    ability = np.random.default_rng(1).normal(size=1_000)
    quarters = ability_quarters(ability)
    assert [int((quarters == name).sum()) for name in QUARTERS] == [250] * 4
    edges = [(ability[quarters == name].min(), ability[quarters == name].max()) for name in QUARTERS]
    assert all(low[1] < high[0] for low, high in itertools.pairwise(edges))
    assert (ability_quarters(ability[::-1]) == quarters[::-1]).all()
    assert len(set(ability_quarters(np.zeros(20)))) == 1


def test_a_small_group_takes_the_next_smallest_with_it():
    assert suppressed_groups({"a": 4, "b": 50, "c": 30}) == {"a", "c"}
    assert suppressed_groups({"a": 4, "b": 9, "c": 30}) == {"a", "b"}
    assert suppressed_groups({"a": 2, "b": 3, "c": 30}) == {"a", "b", "c"}
    assert suppressed_groups({"a": 10, "b": 50}) == frozenset()
    assert suppressed_groups({"a": 9}) == {"a"}


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 40), min_size=1, max_size=7))
@settings(max_examples=200)
def test_what_is_shown_and_the_whole_never_reveal_fewer_than_ten(counts):
    """Whole minus the shown groups is all that subtraction gives: nothing, or at least ten students in two cells."""
    hidden = suppressed_groups(counts)
    assert all(count >= 10 for name, count in counts.items() if name not in hidden)
    if hidden != counts.keys() and hidden:
        assert len(hidden) >= 2
        assert sum(counts[name] for name in hidden) >= 10


AXES = (("north", "middle", "south"), ("boys", "girls"), ("old", "young"))
CROSSED = [" / ".join(parts) for parts in itertools.product(*AXES)]
SUMS = [frozenset(name for name in CROSSED if part in name.split(" / ")) for axis in AXES for part in axis]


@given(st.lists(st.integers(0, 60), min_size=len(CROSSED), max_size=len(CROSSED)))
@settings(max_examples=200)
def test_results_by_axis_reveal_no_small_crossing_by_subtraction(sizes):
    counts = {name: size for name, size in zip(CROSSED, sizes, strict=True) if size}
    hidden = suppressed_groups(counts, 10, SUMS)
    assert all(count >= 10 for name, count in counts.items() if name not in hidden)
    for names in SUMS:
        out = hidden & names
        assert not out or len(out) >= 2 or len(names & counts.keys()) == 1
        assert not out or sum(counts[n] for n in out) >= 10 or out == names & counts.keys()
    assert suppressed_groups(counts) <= hidden


def test_a_small_crossing_takes_another_of_each_of_its_parts_with_it():
    counts = dict.fromkeys(CROSSED, 50) | {"south / girls / young": 4, "north / boys / old": 20}
    hidden = suppressed_groups(counts, 10, SUMS)
    for part in ("south", "girls", "young", "north", "boys", "old"):
        assert len([name for name in hidden if part in name]) in (0, 2, 3, 4)
    assert suppressed_groups(counts) == {"south / girls / young", "north / boys / old"}


def test_a_group_whose_sum_gives_it_away_covers_for_nobody():
    counts = {"a / x": 5, "b / y": 11, "a / y": 12, "a / z": 40}
    sums = [frozenset(n for n in counts if part in n.split(" / ")) for part in "abxyz"]
    assert "b / y" not in suppressed_groups(counts, 10, sums)


def test_results_by_each_axis_are_those_of_its_parts():
    rng = np.random.default_rng(5)
    labels, ability = rng.choice(CROSSED, 3_000), rng.normal(size=3_000)
    scores = {"zone": 20 + 3 * ability - 4.0 * np.char.startswith(labels, "south"), "ppo": 21 + ability}
    found = by_subgroup_and_ability(scores, labels, ability, FEW, order=CROSSED)
    assert list(dict.fromkeys(cell.by for cell in found.cells)) == [
        "group", "north, middle, south", "boys, girls", "old, young", "ability quarter"
    ]  # fmt: skip
    for axis in AXES:
        cells = [cell for cell in found.cells if cell.by == ", ".join(axis) and cell.policy == "zone"]
        assert [cell.group for cell in cells] == list(axis)
        for cell in cells:
            chosen = scores["zone"][[cell.group in label.split(" / ") for label in labels]]
            assert (cell.students, cell.mean) == (len(chosen), pytest.approx(chosen.mean()))
    gaps = {gap.by: gap for gap in found.gaps if gap.policy == "zone"}
    assert gaps["north, middle, south"].worst == "south"
    assert gaps["north, middle, south"].ci_low > 3.0
    assert abs(gaps["boys, girls"].gap) < 0.5


def test_a_suppressed_cell_carries_no_number():
    labels = np.array(["tiny"] * 4 + ["small"] * 20 + ["large"] * 76)
    found = by_group({"zone": np.arange(100.0)}, labels, "group", FEW)
    withheld = [cell for cell in found.cells if cell.suppressed]
    assert {cell.group for cell in withheld} == {"tiny", "small"}
    for cell in withheld:
        assert (cell.students, cell.mean, cell.ci_low, cell.ci_high) == (None, None, None, None)
    assert found.gaps == ()
    worst = worst_group(found.cells, "zone", "group")
    assert worst is not None
    assert worst.group == "large"
    assert worst_group(found.cells, "zone", "school") is None


def test_renaming_groups_renames_results():
    scores, labels, _ = study(2)
    plain = by_group(scores, labels, "group", FEW)
    renamed = by_group(scores, np.where(labels == "behind", "a", "b"), "group", FEW)
    assert [cell.mean for cell in plain.cells] == [cell.mean for cell in renamed.cells]
    assert [cell.ci_low for cell in plain.cells] == [cell.ci_low for cell in renamed.cells]


def test_bad_input_says_what_to_mend():
    with pytest.raises(InvalidInput, match=r"labels = .*must have shape \(3,\)"):
        by_group({"a": [1.0, 2.0, 3.0]}, ["x", "y"], "group", FEW)
    with pytest.raises(InvalidInput, match="minimum = 1"):
        by_group({"a": [1.0, 2.0]}, ["x", "y"], "group", FEW, minimum=1)
    with pytest.raises(InvalidInput, match="finite for every student"):
        ability_quarters([0.0, np.nan])
