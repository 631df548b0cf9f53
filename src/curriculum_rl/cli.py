"""The verbs: `curriculum-rl study`, `worlds`, `calibrate`, `evaluate`, `report`, `doctor`.

Exit codes: 0 done; 1 something failed; 2 the input must be mended; 3 a log was used, but some of its rows were not;
4 too many of its rows were bad, and nothing was written; 130 stopped by Ctrl-C. What a verb needs is imported when
it runs, so that `--help` and `doctor` work on any installation.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

DONE: Final = 0
FAILED: Final = 1
INVALID: Final = 2
SOME_REJECTED: Final = 3
OVER_LIMIT: Final = 4
STOPPED: Final = 130

Verb = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit code. Only `--debug` shows a traceback."""
    typed = _typed(arguments)
    try:
        verb: Verb = typed.verb
        with warnings.catch_warnings():
            warnings.showwarning = partial(_warned, warnings.showwarning)
            return verb(typed)
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader of the output is gone, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if typed.debug:
            raise
        return _told(error)


def _typed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command line. Overrides may stand on both sides of an option, which argparse alone refuses."""
    top = parser()
    typed, rest = top.parse_known_args(arguments)
    if rest and (not hasattr(typed, "overrides") or any(text.startswith("-") for text in rest)):
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        typed.overrides += rest
    return typed


def _warned(usual: Callable[..., None], message: Warning | str, category: type[Warning], *place: Any) -> None:
    """The package's own warnings are for whoever typed, who has no use for a place in the code."""
    if category.__module__.startswith("curriculum_rl."):
        print(f"Warning: {message}", file=sys.stderr)
    else:
        usual(message, category, *place)


def _told(error: Exception) -> int:
    """One message for one error."""
    if isinstance(error, ModuleNotFoundError):
        print(f"{error.name} is not installed. `curriculum-rl doctor` says how to mend it.", file=sys.stderr)
        return FAILED
    from curriculum_rl.violations import InvalidInput

    if isinstance(error, InvalidInput):
        print(error, file=sys.stderr)
        return INVALID
    print(f"This should not have happened: {type(error).__name__}: {error}", file=sys.stderr)
    print("Run it again with --debug to see where, and please report it.", file=sys.stderr)
    return FAILED


def parser() -> argparse.ArgumentParser:
    """The command line."""
    from curriculum_rl import __version__

    top = argparse.ArgumentParser(
        prog="curriculum-rl",
        description="Simulated students fitted to real logs, agents that learn to teach them, honest comparisons.",
        epilog="curriculum-rl VERB --help explains a verb and shows examples.",
    )
    top.add_argument("--version", action="version", version=f"curriculum_rl {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (_add_study, _add_worlds, _add_calibrate, _add_evaluate, _add_report, _add_doctor):
        add(verbs)
    return top


Verbs = argparse._SubParsersAction  # the type that argparse gives no public name


def _add(verbs: Verbs[argparse.ArgumentParser], name: str, run: Verb, help: str, text: str) -> argparse.ArgumentParser:
    """A verb with its help; the text below the options keeps its line breaks."""
    added = verbs.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.add_argument("--debug", action="store_true", help="show the traceback of an error")
    added.set_defaults(verb=run)
    return added


def _add_study(verbs: Verbs[argparse.ArgumentParser]) -> None:
    added = _add(
        verbs,
        "study",
        _study,
        "train agents and compare them with every heuristic on the same held-out students",
        """\
groups: world, objective, tracker, agent, network, policies, evaluation, tracking, experiment.
An override is GROUP=CHOICE or SETTING=VALUE; all of them are checked before anything runs.

examples:
  curriculum-rl study experiment=quickstart
  curriculum-rl study world=as_fitted seeds=[0,1,2]
  curriculum-rl study world.pack=path/to/my/pack tracking=none
  curriculum-rl study --multirun objective=delayed_test,mastery_gain
  curriculum-rl study experiment=quickstart --show

Results: results.json, report.html and config.yaml under runs/NAME/DATE. To see the runs:
  mlflow ui --backend-store-uri sqlite:///runs/mlflow.db""",
    )
    added.add_argument("overrides", nargs="*", metavar="OVERRIDE", help="such as world=as_fitted or seeds=[0,1]")
    added.add_argument("-m", "--multirun", action="store_true", help="a=1,2 means two studies; run them all")
    added.add_argument("--show", action="store_true", help="print the resolved config, and run nothing")


def _study(typed: argparse.Namespace) -> int:
    from omegaconf import OmegaConf

    from curriculum_rl.studies.compose import check
    from curriculum_rl.studies.launch import launch

    composed = check(typed.overrides, sweep=typed.multirun)
    if typed.show:
        print(OmegaConf.to_yaml(composed, resolve=True), end="")
        return DONE
    from curriculum_rl.studies.run import run_study

    launch(typed.overrides, run_study, multirun=typed.multirun)
    return DONE


def _add_worlds(verbs: Verbs[argparse.ArgumentParser]) -> None:
    added = _add(
        verbs,
        "worlds",
        _worlds,
        "list the worlds, and say where their numbers come from",
        """\
examples:
  curriculum-rl worlds
  curriculum-rl worlds assistments09
  curriculum-rl worlds path/to/my/pack""",
    )
    added.add_argument("world", nargs="?", help="a name or a folder: show the source of each number")


def _worlds(typed: argparse.Namespace) -> int:
    from curriculum_rl.studies.catalogue import catalogue, provenance

    print(provenance(typed.world) if typed.world else catalogue())
    return DONE


def _add_calibrate(verbs: Verbs[argparse.ArgumentParser]) -> None:
    added = _add(
        verbs,
        "calibrate",
        _calibrate,
        "fit a population to a log of real students, and write it as a pack",
        """\
The log is Parquet or CSV with student, order, item, answer (0 or 1), and skills unless a q-matrix is given.
Usual names of columns are recognised; others are given with --column ROLE=NAME. Rows that cannot be used are counted
and listed in OUT.rejects.csv: exit code 3 if there are any, 4 (and no pack) if there are more than --reject-limit.

examples:
  curriculum-rl calibrate --log tries.csv --model bkt --out my_pack
  curriculum-rl calibrate --log log.parquet --q-matrix q.npz --model afm --out my_pack --column answer=correct""",
    )
    from curriculum_rl.calibration.arguments import add_arguments

    add_arguments(added)


def _calibrate(typed: argparse.Namespace) -> int:
    from curriculum_rl.calibration.arguments import config_of
    from curriculum_rl.calibration.calibrate import run

    return run(config_of(typed))


def _add_evaluate(verbs: Verbs[argparse.ArgumentParser]) -> None:
    added = _add(
        verbs,
        "evaluate",
        _evaluate,
        "compare strategies, by name or saved by a study, on students that none of them met",
        """\
examples:
  curriculum-rl evaluate --world new_material mastery greedy_credit
  curriculum-rl evaluate --world path/to/my/pack random runs/study/DATE/policies/NAME-seed0""",
    )
    added.add_argument("policies", nargs="+", metavar="POLICY", help="a heuristic's name, or the path of a saved one")
    added.add_argument("--world", default="new_material", help="a pack, a configured world or a folder")
    added.add_argument("--objective", default="delayed_test", metavar="NAME", help="what policies are compared by")
    added.add_argument("--students", type=int, default=2000, metavar="N", help="how many (default 2000)")
    added.add_argument("--seed", type=int, default=0, help="of the students and of random policies")


def _evaluate(typed: argparse.Namespace) -> int:
    from rich.console import Console

    from curriculum_rl.studies.evaluate import find_objective, find_policies, forms_table, table, taught_by
    from curriculum_rl.world import load_world

    world = load_world(typed.world)
    policies, objective = find_policies(world, typed.policies), find_objective(typed.objective)
    with Console(stderr=True).status("") as status:

        def told(name: str) -> None:
            status.update(f"{name} ...")

        outcomes = taught_by(world, policies, typed.students, typed.seed, objective, told)
    Console().print(table(world, outcomes, objective.outcome), forms_table(world, outcomes))
    return DONE


def _add_report(verbs: Verbs[argparse.ArgumentParser]) -> None:
    added = _add(
        verbs,
        "report",
        _report,
        "write report.html of a study again, or matrix.html of several: policies by worlds",
        """\
examples:
  curriculum-rl report runs/quickstart/2026-11-21_10-00-00
  curriculum-rl report runs/does-it-survive-another-simulator/2026-11-21_10-00-00""",
    )
    several = "of a study: it holds results.json; several, or the folder of a sweep, make a matrix"
    added.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help=several)


def _report(typed: argparse.Namespace) -> int:
    from curriculum_rl.report.build import report_folder
    from curriculum_rl.report.matrix import report_matrix

    first = typed.folders[0]
    if len(typed.folders) == 1 and ((first / "results.json").is_file() or not any(first.glob("*/config.yaml"))):
        print(report_folder(first))
        return DONE
    page, told = report_matrix(typed.folders)
    print(*told, page, sep="\n")
    return DONE


def _add_doctor(verbs: Verbs[argparse.ArgumentParser]) -> None:
    text = "Exits with 1 where something is missing that a study needs."
    _add(verbs, "doctor", _doctor, "say what is installed, what is missing, and how to mend it", text)


def _doctor(typed: argparse.Namespace) -> int:
    from curriculum_rl.studies.doctor import examine, render

    print(render(findings := examine()))
    return FAILED if any(finding.state == "missing" for finding in findings) else DONE


if __name__ == "__main__":
    sys.exit(main())
