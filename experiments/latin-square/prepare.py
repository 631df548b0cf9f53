"""The spatial-rotation trial as a table of decisions: python prepare.py spatial_rotation.parquet OUT.csv [--without V]

A decision is which block of ten items comes next. Five orders of the five blocks were assigned at random, each with
p = 1/5, so the first block had p = 1/5, and what followed was settled by it. Reward: items right, of ten. With
--without, the students of one test version (1 to 5) are left out, as if nobody had ever had that order.
"""

from __future__ import annotations

import argparse

import pandas as pd


def decisions(tries: pd.DataFrame) -> pd.DataFrame:
    """A row for each student and block."""
    keys = ["user_id", "test_version", "block_position", "block_id"]
    blocks = tries.groupby(keys, as_index=False).agg(right=("correct", "sum"), seconds=("latency_s", "sum"))
    blocks = blocks.sort_values(["user_id", "block_position"])
    begins = blocks["block_position"] == 0
    name = "block " + blocks["block_id"].astype(str)
    every = ";".join(sorted(name.unique()))
    return pd.DataFrame(
        {
            "student": blocks["user_id"],
            "order": blocks["block_position"],
            "item": name,
            "skills": name,
            "response": blocks["right"] / 10.0,
            "reward": blocks["right"],
            "duration": blocks["seconds"],
            "eligible": name.where(~begins, every),
            "propensity": begins.map({True: 0.2, False: 1.0}),
        }
    )


def main() -> None:
    """Reads the tries, writes the decisions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tries")
    parser.add_argument("out")
    parser.add_argument("--without", type=int)
    typed = parser.parse_args()
    tries = pd.read_parquet(typed.tries)
    decisions(tries[tries["test_version"] != typed.without]).to_csv(typed.out, index=False)


if __name__ == "__main__":
    main()
