"""`curriculum-rl study`: train agents and compare them with every heuristic."""

from __future__ import annotations

import argparse

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "study",
        run,
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


def run(typed: argparse.Namespace) -> int:
    """Runs it."""
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
