"""Each block order judged with and without the students who had it: python run.py TRIES.parquet OUT

TRIES is the spatial-rotation data (`hmcdm`); OUT gets a table of decisions, a canonical log and a judgement for the
whole trial and for each trial in which one order is left out, and `results.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from prepare import decisions
from scipy.stats import t as student_t

ORDERS = {version: [f"block {(version + i - 1) % 5 + 1}" for i in range(5)] for version in range(1, 6)}
REWEIGHTED, MODELLED = "wis", "direct"


def verb(*typed: object) -> str:
    """What a verb of the command line prints."""
    command = [sys.executable, "-m", "curriculum_rl.cli", *map(str, typed)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def judged(table: pd.DataFrame, folder: Path, policies: list[Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """Estimates by strategy and estimator, of a log with these rows."""
    folder.mkdir(parents=True)
    table.to_csv(folder / "decisions.csv", index=False)
    columns = [f"--column={role}={role}" for role in ("reward", "duration")]
    verb("import", "--from", "table", folder / "decisions.csv", "--column=answer=response", *columns, "--randomised",
         "--title", "Spatial rotation, blocks in five orders", "--out", folder / "log")  # fmt: skip
    found = json.loads(verb("judge", "--log", folder / "log", "--policy", *policies, "--json",
                            "--estimators", f"{REWEIGHTED},{MODELLED}", "--out", folder / "judgement"))  # fmt: skip
    return {(line["policy"], line["estimator"]): line for line in found["estimates"]}


def really(table: pd.DataFrame) -> dict[str, float]:
    """Mean and 95% interval of the items right of these students."""
    right = table.groupby("student")["reward"].sum().to_numpy(dtype=float)
    half = student_t.ppf(0.975, len(right) - 1) * right.std(ddof=1) / np.sqrt(len(right))
    mean = float(right.mean())
    return {"students": len(right), "mean": mean, "ci_low": mean - half, "ci_high": mean + half}


def main() -> None:
    """Judges, prints a table, writes `results.json`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tries", type=Path)
    parser.add_argument("out", type=Path)
    typed = parser.parse_args()
    tries = pd.read_parquet(typed.tries)
    policies = {}
    typed.out.mkdir(parents=True)
    for version, order in ORDERS.items():
        policies[version] = typed.out / f"order{version}.yaml"
        listed = ", ".join(order)
        policies[version].write_text(f"_target_: curriculum_rl.policies.sequence.Sequence\norder: [{listed}]\n")
    whole = judged(decisions(tries), typed.out / "whole", list(policies.values()))
    results = []
    for version, policy in policies.items():
        own = tries["test_version"] == version
        without = judged(decisions(tries[~own]), typed.out / f"without-{version}", [policy])
        name = policy.stem
        results.append({
            "order": name, "really": really(decisions(tries[own])),
            "with_them": {of: whole[name, of] for of in (REWEIGHTED, MODELLED)},
            "without_them": {of: without[name, of] for of in (REWEIGHTED, MODELLED)},
        })  # fmt: skip
    (typed.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    print(
        "| order | who had it | reweighted, with them | reweighted, without | model, without |\n|---|---|---|---|---|"
    )
    for row in results:
        cells = [row["with_them"][REWEIGHTED], row["without_them"][REWEIGHTED], row["without_them"][MODELLED]]
        print(f"| {row['order']} | {told(row['really'], 'mean')} | {' | '.join(told(c, 'value') for c in cells)} |")


def told(of: dict[str, Any], value: str) -> str:
    """A number with its interval, or the verdict in its place."""
    shown = f"{of[value]:.2f} ({of['ci_low']:.2f} to {of['ci_high']:.2f})" if of[value] is not None else ""
    return f"{shown} {of['verdict'] if of.get('verdict', 'answer') != 'answer' else ''}".strip()


if __name__ == "__main__":
    main()
