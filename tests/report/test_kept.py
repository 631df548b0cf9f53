"""The share that is kept of a gain: on the page where a study has one, and read as strictly as the rest."""

from __future__ import annotations

import copy

import pytest

from curriculum_rl.report.build import page
from curriculum_rl.report.reading import read_results
from curriculum_rl.violations import InvalidInput


def test_the_share_that_is_kept_is_shown_where_there_is_one(whole_study):
    study = copy.deepcopy(whole_study)
    names = [p["name"] for p in study["policies"][:3]]
    study["policies"][0]["label"] += ", trained in new_material"
    study["kept"] = [
        {"policy": names[0], "native": names[1], "share": 0.9123, "ci_low": 0.8712, "ci_high": 0.9634},
        {"policy": names[0], "native": names[2], "share": None, "ci_low": None, "ci_high": None},
    ]
    html = page(read_results(study))
    for part in ("Share of the gain that is kept", "91.23", "87.12 to 96.34", ", trained in new_material"):
        assert part in html
    assert "Share of the gain" not in page(read_results(whole_study))
    study["kept"][1]["native"] = "nobody"
    with pytest.raises(InvalidInput, match=r"kept\[1\].native"):
        read_results(study)
