"""`curriculum-rl judge`: what a log of one strategy says of others."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "judge",
        run,
        "say what a log of one strategy tells of others: how good, how sure, for whom, or that it cannot tell",
        """\
The log is a folder that import or record wrote. A strategy is a heuristic's name, the path of a saved policy, or a
YAML file like those of configs/policy. Returns are sums of rewards, undiscounted unless --discount says otherwise.
Verdicts: answer; withheld (too few students carry it, so it must not rank strategies); refused (no log like this can
tell, and why). With --simulators the strategies also meet student models, the other kind of evidence.

examples:
  curriculum-rl judge --log my_log --policy mastery greedy_credit
  curriculum-rl judge --log my_log --policy my_order.yaml --estimators pdis,wis,is --json
  curriculum-rl judge --log my_log --policy runs/NAME/DATE/policies/NAME-seed0 --out judgement""",
    )
    added.add_argument("--log", required=True, type=Path, metavar="FOLDER", help="a canonical log")
    added.add_argument("--policy", required=True, nargs="+", action="extend", metavar="POLICY", help="to be judged")
    added.add_argument("--world", help="whose activities the log names (default: what stands in the log)")
    added.add_argument(
        "--estimators",
        type=lambda text: tuple(text.split(",")),
        default=("wdr", "pdis", "wis"),
        metavar="A,B",
        help="groups are told apart by the first (default wdr,pdis,wis; see configs/estimator)",
    )
    added.add_argument("--interval", default="usual", metavar="NAME", help="see configs/interval (default usual)")
    added.add_argument("--behaviour", default="logistic", metavar="NAME", help="model of propensities not logged")
    added.add_argument("--features", default="counts", metavar="TRACKER", help="what models of values see")
    added.add_argument("--cluster", metavar="AXIS", help="groups drawn as a whole (default: classes, if logged)")
    added.add_argument("--reward", default="reward", choices=("reward", "response"), help="column that is rewarded")
    added.add_argument("--discount", type=float, default=1.0, metavar="G", help="of rewards, a decision (default 1)")
    added.add_argument("--horizon", type=int, metavar="T", help="judge by the first T decisions of each student alone")
    added.add_argument("--held-out", action="store_true", help="leave out students that a strategy was fitted on")
    added.add_argument("--simulators", nargs="+", default=(), metavar="WORLD", help="student models to try them in")
    added.add_argument("--students", type=int, default=1000, metavar="N", help="in each of those (default 1000)")
    added.add_argument("--out", type=Path, metavar="FOLDER", help="for judgement.json and report.html")
    added.add_argument("--json", action="store_true", help="print JSON and nothing else")


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
    import json

    from rich.console import Console

    from curriculum_rl.files import write_whole
    from curriculum_rl.report.judgement import page
    from curriculum_rl.studies.judge import Question, judge
    from curriculum_rl.studies.judged import told

    if typed.out:
        typed.out.mkdir(parents=True, exist_ok=True)
    console, settings = Console(stderr=True), dict(vars(typed))
    for name in ("verb", "debug", "out", "json"):
        del settings[name]
    settings["policies"], settings["simulators"] = tuple(settings.pop("policy")), tuple(typed.simulators)
    with console.status("") as status:
        found = judge(Question(**settings), lambda what: status.update(f"{what} ..."))
    as_json = json.dumps(found.plain(), indent=2, allow_nan=False)
    if typed.json:
        print(as_json)
    else:
        Console().print(told(found))
    if typed.out:
        write_whole(typed.out / "judgement.json", as_json + "\n")
        write_whole(typed.out / "report.html", page(found))
        console.print(f"Report: {typed.out / 'report.html'}")
    return DONE
