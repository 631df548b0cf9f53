"""A served policy judged by what its service logged, beside the truth: python run.py OUT [--repeats 10]

Each repeat starts the real service with an empty log, lets simulated students learn through it over HTTP, imports what
it logged and judges it, all by the verbs of the command line. The truth is simulated directly, with other students.
`results.json` has every estimate; what is not as `expected.json` has it is said on a line, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np

from curriculum_rl.batch import Int
from curriculum_rl.envs.simulation import Simulation
from curriculum_rl.evaluation.cohorts import TEST, first
from curriculum_rl.evaluation.record import Recording, returns
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.evaluate import find_objective
from curriculum_rl.world import World, load_world

WORLD, SERVED, OTHER = "fractions", "greedy_credit", "random"
EXPLORE, STEPS, STUDENTS, TRUTH = 0.5, 3, 1000, 40_000
ESTIMATORS = ("wis", "pdis", "wdr")
START = datetime(2026, 1, 5, tzinfo=UTC)
AS_SERVED = f"{SERVED}, exploring"


def verb(*typed: object) -> str:
    """What a verb of the command line prints."""
    command = [sys.executable, "-m", "curriculum_rl.cli", *map(str, typed)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def service(bundle: Path, log: Path) -> Iterator[HTTPConnection]:
    """A connection to a service of its own."""
    typed = ["serve", bundle, "--log", log, "--explore", EXPLORE, "--port", 0]
    command = [sys.executable, "-m", "curriculum_rl.cli", *map(str, typed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "is served at" in line)
        yield HTTPConnection("127.0.0.1", int(line.split("http://127.0.0.1:")[1].split(";")[0]))
    finally:
        process.terminate()
        process.wait(timeout=60)


def post(connection: HTTPConnection, path: str, content: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request, which must be a success."""
    connection.request("POST", path, json.dumps(content), {"content-type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status not in (201, 204):
        raise RuntimeError(f"{path}: {answer.status} {body.decode()}")
    found: dict[str, Any] = json.loads(body) if body else {}
    return found


def taught(connection: HTTPConnection, world: World, ids: Int) -> None:
    """These students learn through the service, so many steps each; every step is rewarded by its gain."""
    objective, names = find_objective("delayed_test"), [a.id for a in world.curriculum.activities]
    simulation = Simulation(world, load_policy("random").tracker, ids)
    asked: list[dict[str, Any]] = [{"learner": f"s{i}"} for i in ids]
    goals = [c.id for c in world.curriculum.concepts]
    for own, request in zip(simulation.students.goals, asked, strict=True):
        request["goals"] = [goals[k] for k in np.flatnonzero(own)]
    for step in range(STEPS):
        for request, now in zip(asked, simulation.belief.now, strict=True):
            request["event_id"] = f"{request['learner']}-{step}"
            request["asked_at"] = (START + timedelta(days=float(now))).isoformat()
        answers = [post(connection, "/v1/rank", request) for request in asked]
        known = objective.before(simulation.students, world)
        happened = simulation.step(np.array([names.index(answer["activity"]) for answer in answers]))
        reward = objective.reward(happened, simulation.students, world, known)
        for row, answer in enumerate(answers):
            post(connection, f"/v1/events/{answer['event_id']}/reward", {"value": float(reward[row])})
            last: dict[str, Any] = {"activity": names[happened.activity[row]]}
            last |= {
                "elapsed_s": float(happened.elapsed[row]) * 86_400.0,
                "duration_s": float(happened.minutes[row]) * 60.0,
            }
            if happened.answered[row]:
                last["correct"] = int(happened.correct[row])
            asked[row] = {"learner": asked[row]["learner"], "state": answer["state"], "last_event": last}
        going = simulation.going(happened.over)
        asked = [asked[row] for row in going]
        simulation.keep(going)


def judged(bundle: Path, world: World, ids: Int, folder: Path) -> list[dict[str, Any]]:
    """What the log of a service says of the strategies."""
    with service(bundle, folder / "decisions") as connection:
        taught(connection, world, ids)
    files = sorted((folder / "decisions").glob("*.jsonl"))
    verb("import", "--from", "decisions", *files, "--randomised", "--out", folder / "log")
    found = json.loads(verb("judge", "--log", folder / "log", "--world", WORLD, "--policy", SERVED, OTHER, "--json",
                            "--estimators", ",".join(ESTIMATORS)))  # fmt: skip
    used = found["logged"] | {"policy": AS_SERVED, "estimator": "mean"}
    return [used, *found["estimates"]]


def truth(world: World) -> dict[str, float]:
    """What each strategy is worth."""
    objective, others = find_objective("delayed_test"), first(TEST, TRUTH, 1_000_000)
    asked = {AS_SERVED: (SERVED, EXPLORE), SERVED: (SERVED, 0.0), OTHER: (OTHER, 0.0)}
    return {
        name: float(returns(world, load_policy(policy), others, objective, Recording(horizon=STEPS, explore=e)).mean())
        for name, (policy, e) in asked.items()
    }


def main() -> int:
    """Prints a table, writes `results.json`; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--repeats", type=int, default=10)
    typed = parser.parse_args()
    typed.out.mkdir(parents=True)
    world, bundle = load_world(WORLD), typed.out / "served.zip"
    verb("export", "--policy", SERVED, "--world", WORLD, "--observations", 10_000, "--out", bundle)
    really, found = truth(world), []
    for repeat in range(typed.repeats):
        ids = first(TEST, STUDENTS, repeat * STUDENTS)
        found += [row | {"repeat": repeat} for row in judged(bundle, world, ids, typed.out / f"repeat{repeat}")]
        print(f"repeat {repeat + 1} of {typed.repeats}", file=sys.stderr, flush=True)
    (typed.out / "results.json").write_text(json.dumps({"truth": really, "estimates": found}, indent=1) + "\n")
    print(f"| strategy | truth | estimator | mean of {typed.repeats} | off by, standard errors | intervals hold it |")
    print("|---|---|---|---|---|---|")
    expected = json.loads((Path(__file__).parent / "expected.json").read_text(encoding="utf-8"))
    unexpected = []
    for name, value in really.items():
        for estimator in sorted({row["estimator"] for row in found if row["policy"] == name}):
            rows = [row for row in found if (row["policy"], row["estimator"]) == (name, estimator)]
            held = sum(row["ci_low"] <= value <= row["ci_high"] for row in rows)
            values = np.array([row["value"] for row in rows])
            error = (values.mean() - value) / (values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
            print(
                f"| {name} | {value:.3f} | {estimator} | {values.mean():.3f} | {error:+.1f} | {held} of {len(rows)} |"
            )
            if held < expected["held"] * len(rows) or abs(error) > expected["errors"]:
                unexpected.append(f"{name}, {estimator}: {held} of {len(rows)} hold the truth; off by {error:+.1f}")
    print("\n".join(unexpected) or "All as expected.")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
