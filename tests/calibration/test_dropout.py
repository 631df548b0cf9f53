"""Dropout is fitted to how many withdrew: closed forms, a table with a spreadsheet's mistake in it, the pack itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.special import logit

from curriculum_rl import load_world, rollout
from curriculum_rl.calibration.dropout import Felt, Withdrawals, felt, fit_dropout, leaving, read_withdrawals
from curriculum_rl.policies.load import load_policy
from curriculum_rl.students.dropout import Dropout
from curriculum_rl.students.traits import Group, of_groups
from curriculum_rl.violations import InvalidInput

GROUPS = tuple(
    Group(f"{band} / {ability}", 0.25)
    for band in ("most deprived", "least deprived")
    for ability in ("disabled", "not disabled")
)


def test_with_nothing_felt_it_is_the_closed_form():
    """1 - (1 - h)^S, so logit h = logit(1 - (1 - share)^(1 / S)), whatever the offsets share with the intercept."""
    sessions, share = 5, {"most deprived": 0.4, "least deprived": 0.2}
    those = Felt(np.repeat([0, 1, 2, 3], 50), np.zeros((200, sessions)), np.ones((200, sessions), dtype=np.bool_))
    fitted = fit_dropout(Dropout(), GROUPS, those, Withdrawals(0.3, share, {}))
    for band, of in share.items():
        hazard = 1.0 - (1.0 - of) ** (1.0 / sessions)
        assert fitted.intercept + fitted.by_group[band] == pytest.approx(logit(hazard), abs=2e-4)
    assert sum(fitted.by_group.values()) == pytest.approx(0.0, abs=2e-4)
    assert fitted.time == Dropout().time


def test_shares_by_two_axes_are_met_at_once():
    rng = np.random.default_rng(0)
    those = Felt(rng.integers(4, size=4000), rng.normal(0, 1, (4000, 8)), rng.random((4000, 8)) < 0.9)
    share = {"most deprived": 0.37, "least deprived": 0.25, "disabled": 0.36, "not disabled": 0.26}
    of = np.array([[p in g.name.split(" / ") for p in share] for g in GROUPS], dtype=float)[those.group]
    share["not disabled"] += (of[:, :2] @ [0.37, 0.25]).mean() - (of[:, 2:] @ [0.36, 0.26]).mean()  # one total
    fitted = fit_dropout(Dropout(), GROUPS, those, Withdrawals(0.31, share, {}))
    chance = leaving(fitted, of_groups(GROUPS, fitted.by_group), those)
    found = (of * chance[:, None]).sum(axis=0) / of.sum(axis=0)
    np.testing.assert_allclose(found, list(share.values()), atol=2e-3)


def test_a_table_is_counted_with_the_spreadsheets_date_among_the_bands(tmp_path: Path):
    band = ["0-10%", "20-Oct", "90-100%", "90-100%", None, "30-40%"]
    disability = ["Y", "N", "N", "N", "Y", "Y"]
    result = ["Withdrawn", "Pass", "Fail", "Withdrawn", "Withdrawn", "Distinction"]
    path = tmp_path / "info.parquet"
    pq.write_table(pa.table({"imd_band": band, "disability": disability, "final_result": result}), path)
    found = read_withdrawals(path)
    assert found.share == pytest.approx(2 / 5)
    assert found.by_part == pytest.approx(
        {"most deprived": 0.5, "middle": 0.0, "least deprived": 0.5, "disabled": 0.5, "not disabled": 1 / 3}
    )
    assert sum(found.joint.values()) == pytest.approx(1.0)


def test_what_cannot_be_fitted_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="studentInfo"):
        read_withdrawals(tmp_path / "none.parquet")
    with pytest.raises(InvalidInput, match="dropout is off"):
        felt(load_world("fractions"), load_policy("random"), np.arange(4))
    those = Felt(np.zeros(4, dtype=np.int64), np.zeros((4, 2)), np.ones((4, 2), dtype=np.bool_))
    with pytest.raises(InvalidInput, match="no subgroup is named"):
        fit_dropout(Dropout(), (Group("all"),), those, Withdrawals(0.3, {"disabled": 0.4}, {}))


def test_what_was_felt_without_leaving_says_who_would_leave():
    """The chance that the fit works with, against those who do leave when they may: 4.5 standard errors."""
    world, policy = load_world("classroom"), load_policy("random")
    ids = np.arange(600)
    dropout = world.population.faculties.dropout
    assert dropout is not None
    expected = leaving(dropout, of_groups(world.population.groups, dropout.by_group), felt(world, policy, ids))
    left = rollout(world, policy, ids).left
    assert abs(left.mean() - expected.mean()) < 4.5 * np.sqrt((expected * (1 - expected)).sum()) / len(ids)
    softer = replace(dropout, intercept=dropout.intercept - 5.0)
    assert leaving(softer, of_groups(world.population.groups, dropout.by_group), felt(world, policy, ids)).mean() < 0.05


@pytest.mark.slow
def test_the_classroom_withdraws_as_the_open_university():
    """31.5% in all, 39.4% of the disabled, 36.2% of the most deprived, 27.2% of the least: 4 standard errors."""
    world = load_world("classroom")
    outcomes = rollout(world, load_policy("mastery_review"), 20_000)
    names = np.array([g.name for g in world.population.groups], dtype=object)[outcomes.group]
    for part, share in {"": 0.3151, "/ disabled": 0.3944, "most deprived": 0.3624, "least deprived": 0.2723}.items():
        left = outcomes.left[[part in name for name in names]]
        assert abs(left.mean() - share) < 4.0 * np.sqrt(share * (1 - share) / len(left)) + 0.002, part
