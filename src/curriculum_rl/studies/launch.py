"""Hydra runs the study: one job, or one for every combination that `--multirun` asks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from curriculum_rl.resources import configs_folder
from curriculum_rl.studies.compose import HYDRA_VERSION, ROOT

Job = Callable[[DictConfig, Path], None]
"""Runs one composed config; the folder is where its results belong."""


class _Failed(BaseException):
    """Carries an error of the job past Hydra, which would print a line of its own about any `Exception`."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def launch(overrides: Sequence[str], job: Job, *, multirun: bool = False, folder: Path | None = None) -> None:
    """Composes the config and runs the job, once or for each combination.

    Args:
        overrides: as typed; `compose.check` has looked at them.
        job: what is run.
        multirun: whether `a=1,2` means two jobs.
        folder: where the YAML files are; the package's own by default.

    Results lie under `hydra.run.dir`, or `hydra.sweep.dir` with a folder for each job. Errors of the job come
    through as they are, and the first one ends a sweep.
    """

    def task(composed: DictConfig) -> None:
        settings = HydraConfig.get()
        if multirun:
            print(f"\nJob {settings.job.num + 1}: {settings.job.override_dirname or 'as configured'}")
        results = Path(settings.runtime.output_dir)
        try:
            job(composed, results)
        except KeyboardInterrupt:
            if not multirun and any(results.glob("checkpoints/*")):
                hint = f"To go on from its checkpoints, run the same again with hydra.run.dir='{results}'"
                print(hint, file=sys.stderr)
            raise
        except Exception as error:
            raise _Failed(error) from error

    root = str((folder or configs_folder()).absolute())
    # Hydra reads its arguments from sys.argv, and prints an error itself unless it is told to let it through.
    typed, told = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [f"curriculum-rl {ROOT}", *(["--multirun"] if multirun else []), *overrides]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        hydra.main(version_base=HYDRA_VERSION, config_path=root, config_name=ROOT)(task)()
    except _Failed as failed:
        raise failed.error from None
    finally:
        sys.argv = typed
        if told is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = told
