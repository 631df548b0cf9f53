"""Axes with round numbers, and shapes in their right places."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum_rl.report.html import Markup, p_value, percent, points, signed, tag
from curriculum_rl.report.panels import LEVELS, heatmap_panel
from curriculum_rl.report.scale import Scale, scale_of, short
from curriculum_rl.report.strips import interval_strip, share_strip
from curriculum_rl.report.training import mean_line


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(3, 10))
def test_ticks_are_few_round_and_inside(low, span, most):
    scale = Scale(low, low + span)
    ticks = scale.ticks(most)
    assert len(ticks) <= most
    near = 1e-6 * span + 4 * math.ulp(abs(low) + span)  # as near as floats of this size can be
    assert all(scale.low - near <= tick <= scale.high + near for tick in ticks)
    if len(ticks) > 1:
        step = ticks[1] - ticks[0]
        digit = step / 10 ** math.floor(math.log10(step) + 1e-6)
        assert min(abs(digit - d) for d in (1, 2, 5)) < 1e-3


def test_axis_holds_all_values_and_survives_one_value_and_none():
    scale = scale_of([3.0, 8.0], include=[0.0])
    assert scale.low < 0.0 < 8.0 < scale.high
    assert scale_of([5.0, 5.0]).low < 5.0 < scale_of([5.0]).high
    assert scale_of([]).low < 0.0 < scale_of([]).high
    assert scale.share(scale.low) == 0.0
    assert scale.share(scale.high + 1) == 1.0


def test_interval_lies_where_the_axis_says():
    strip = interval_strip(Scale(0.0, 10.0), "learned", 5.0, 2.5, 7.5, title="five")
    assert 'x="50.000%"' in strip
    assert 'x="26.000%"' in strip
    assert 'width="48.000%"' in strip
    assert "<title>five</title>" in strip


def test_shares_fill_the_row_in_order():
    strip = share_strip({"a": 1.0, "b": 0.0, "c": 3.0}, title="t")
    assert 'class="form f0" x="0.000%" y="3" width="25.000%"' in strip
    assert 'class="form f2" x="25.000%" y="3" width="75.000%"' in strip
    assert "f1" not in strip


def test_heatmap_has_a_cell_for_every_value_and_one_path_a_shade():
    rows = {"a": [0.0, 1.0], "b": [1.0, 1.0]}
    panel = heatmap_panel(rows, lambda v: LEVELS if v else 0, numbers=["1", "2"], title="t", summary="s")
    assert panel.count("<path") == 2
    assert panel.count("M") == 4
    assert "a: 0%, 100%" in panel


def test_mean_of_runs_that_were_measured_at_other_times():
    assert mean_line([[(0, 0.0), (2, 2.0)], [(0, 2.0), (1, 2.0), (2, 2.0), (3, 9.0)]]) == [(0, 1.0), (1, 1.5), (2, 2.0)]


def test_numbers_are_written_for_people():
    assert (points(None), points(-1.234), signed(0.5), signed(-0.5)) == ("–", "−1.23", "+0.50", "−0.50")
    assert (percent(0.001), percent(0.999), percent(1.0), percent(0.0)) == ("<1%", ">99%", "100%", "0%")
    assert (p_value(0.0004), p_value(0.0449)) == ("<0.001", "0.045")
    assert [short(x) for x in (0.0, 0.25, -3, 1500, 2_000_000, 3e9)] == ["0", "0.25", "−3", "1.5k", "2M", "3G"]


def test_only_markup_passes_unescaped():
    assert tag("p", {"title": '"<'}, "<b>", tag("i", None, "&")) == '<p title="&quot;&lt;">&lt;b&gt;<i>&amp;</i></p>'
    assert tag("p", {"hidden": None}, Markup("<b>")) == "<p><b></p>"


@pytest.mark.parametrize("kind", ["learned", "heuristic", "privileged"])
def test_kinds_differ_in_shape_and_not_in_colour_alone(kind):
    strips = {
        k: interval_strip(Scale(0, 1), k, 0.5, 0.4, 0.6, title="") for k in ("learned", "heuristic", "privileged")
    }
    shapes = {k: strip.split(' d="')[1].split('"')[0] for k, strip in strips.items()}
    assert [k for k, shape in shapes.items() if shape == shapes[kind]] == [kind]
