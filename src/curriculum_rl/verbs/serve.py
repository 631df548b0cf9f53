"""`curriculum-rl serve`: an exported policy behind HTTP, with every decision in a log that can be judged."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "serve",
        run,
        "serve an exported strategy over HTTP: rank, then reward, every decision logged",
        """\
POST /v1/rank asks for an activity, POST /v1/events/ID/reward says what it was worth, POST /v1/state makes a student's
state again from raw events; GET /openapi.json describes it all, /healthz and /metrics are for those who keep it going.
The log is made of JSON lines that `curriculum-rl import --from decisions` reads.

examples:
  curriculum-rl serve greedy.zip --log decisions --explore 0.1
  curriculum-rl serve greedy.zip --log decisions --host 0.0.0.0 --port 80 --fsync""",
    )
    added.add_argument("bundle", type=Path, metavar="FILE", help="that export wrote")
    added.add_argument("--log", required=True, type=Path, metavar="FOLDER", help="where decisions are appended")
    added.add_argument("--host", default="127.0.0.1", help="address to listen at (default: this machine alone)")
    added.add_argument("--port", type=int, default=8080, help="0 takes one that is free (default 8080)")
    added.add_argument("--explore", type=float, metavar="E", help="share drawn evenly (default: what the bundle says)")
    added.add_argument("--at-once", type=int, default=256, metavar="N", help="requests; 503 past it (default 256)")
    added.add_argument("--body-seconds", type=float, default=5.0, metavar="S", help="for a request's body (default 5)")
    added.add_argument("--rotate-mb", type=int, default=256, metavar="MB", help="of a file of the log (default 256)")
    added.add_argument("--fsync", action="store_true", help="answer only once the line is on the disk")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    from curriculum_rl.serve.server import Settings, serve

    settings = {name: value for name, value in vars(typed).items() if name not in ("verb", "debug")}
    serve(Settings(**settings), lambda what: print(what, flush=True))
    return DONE
