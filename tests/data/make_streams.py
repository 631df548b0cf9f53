"""Writes streams.json, the golden vectors, with the scalar reference: `python -m tests.data.make_streams`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.reference.draws import key, step_counter

FILE = Path(__file__).with_name("streams.json")
SEEDS = (0, 1, 7, 2**32, 2**63 - 1)
STUDENTS = (0, 1, 2, 1023, 2**40 + 5, 3 * 2**40, 2**62)
PLACES = ((0, 0), (0, 1), (0, 31), (1, 0), (17, 4), (2**20, 8), (2**40, 31))


def vectors() -> list[dict[str, object]]:
    """Keys and draws of a few streams."""
    made: list[dict[str, object]] = []
    for i, seed in enumerate(SEEDS):
        for j, student in enumerate(STUDENTS):
            purpose = 1 + (i + j) % 4
            stream = key(seed, purpose, student)
            draws = [[step, slot, stream.uniform(step_counter(step, slot)).hex()] for step, slot in PLACES]
            about = {"seed": seed, "purpose": purpose, "student": student}
            made.append({**about, "a": f"{stream.a:016x}", "b": f"{stream.b:016x}", "draws": draws})
    return made


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(vector) for vector in vectors())
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
