"""Whether a study came out as its experiment expects: python experiments/check.py RESULTS.json EXPECTED.json

`expected.json` holds, for each policy, the mean and how far from it a run may be (0.01 where nothing is random but the
platform's last bits; more for what is trained), and the pairs (policy, baseline) whose interval must be above zero.
Exit code 0 where all holds, 1 where something does not, each said on a line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def failures(results: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """What did not come out as expected."""
    found = []
    means = {policy["name"]: policy["mean"] for policy in results["policies"]}
    for name, wanted in expected["policies"].items():
        if name not in means:
            found.append(f"{name}: is missing from the results")
        elif abs(means[name] - wanted["mean"]) > wanted["within"]:
            found.append(f"{name}: mean {means[name]:.3f}, expected {wanted['mean']} within {wanted['within']}")
    lows = {(pair["policy"], pair["baseline"]): pair["ci_low"] for pair in results["comparisons"]}
    for policy, baseline in expected["ahead"]:
        low = lows.get((policy, baseline))
        if low is None or low <= 0:
            found.append(f"{policy} against {baseline}: low end of the interval is {low}, expected above 0")
    return found


def main() -> int:
    """Prints what did not come out; returns the exit code."""
    results, expected = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3])
    found = failures(results, expected)
    print("\n".join(found) or "All as expected.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
