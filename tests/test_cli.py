"""Each verb says what it does, does it, and answers bad input with one message, exit code 2 and no traceback."""

from __future__ import annotations

import argparse
import errno
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import curriculum_rl
from curriculum_rl import cli
from curriculum_rl.resources import simulators_folder
from curriculum_rl.studies.doctor import Finding, render
from curriculum_rl.studies.doctor import _requirement as requirement
from curriculum_rl.verbs import worlds
from curriculum_rl.violations import InvalidInput
from tests.test_packs import change_setting

VERBS = (
    "study", "worlds", "import", "calibrate", "evaluate", "report", "record", "judge", "learn", "export-minari",
    "import-minari", "export", "verify", "explain", "recatalogue", "serve", "promote", "doctor",
)  # fmt: skip


def refused(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    """What is said of input that must be mended: exit code 2, nothing but the message, no traceback."""
    assert cli.main(typed) == cli.INVALID
    said = capsys.readouterr()
    assert said.out.strip() == ""
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(verb: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main([verb, "--help"])
    said = capsys.readouterr().out
    assert f"usage: curriculum-rl {verb}" in said
    assert f"curriculum-rl {verb} " in said.partition("options:")[2] or verb == "doctor"


@pytest.mark.parametrize("typed", [[], ["stduy"], ["worlds", "a", "b"], ["study", "--mulitrun"], ["calibrate"]])
def test_usage_errors_exit_with_2(typed: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(typed)
    assert "usage: curriculum-rl" in capsys.readouterr().err


def test_worlds_are_listed_with_their_provenance(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["worlds"]) == cli.DONE
    said = capsys.readouterr().out
    for part in ("assistments09", "new_material", "fitted", "published", "assumed", "concepts", "activities"):
        assert part in said


def test_one_world_shows_the_source_of_every_number(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["worlds", "assistments09"]) == cli.DONE
    said = capsys.readouterr().out
    for part in ("knowledge.guess: fitted", "leak: assumed", "SHA-256"):
        assert part in said


def test_a_world_that_is_not_there(capsys: pytest.CaptureFixture[str]):
    assert "Did you mean new_material?" in refused(capsys, "worlds", "nwe_material")


@pytest.mark.filterwarnings("default::curriculum_rl.world.ExcludedGroup")
def test_a_subgroup_that_is_excluded_is_said_in_a_line_without_a_place_in_the_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = Path(shutil.copytree(simulators_folder() / "classroom", tmp_path / "mine"))
    change_setting(folder, ("faculties", "access", "resources", 0, "by_group"), {"most deprived": -40.0})
    assert cli.main(["worlds", str(folder)]) == cli.DONE
    said = capsys.readouterr()
    assert "faculties.access: assumed" in said.out
    first, *others = said.err.splitlines()
    assert first.startswith("Warning: nobody in 'most deprived / disabled / struggling', ")
    assert first.endswith(": needs online")
    assert " more can do " in first
    assert all(line.startswith("Warning: nobody in ") for line in others)


def test_other_warnings_are_shown_as_ever(monkeypatch: pytest.MonkeyPatch):
    def run(typed: argparse.Namespace) -> int:
        warnings.warn("of another package", UserWarning, stacklevel=1)
        return cli.DONE

    monkeypatch.setattr(worlds, "run", run)
    with pytest.warns(UserWarning, match="of another package"):
        assert cli.main(["worlds"]) == cli.DONE


def test_learners_that_cannot_learn_are_named_before_anything_is_done(capsys: pytest.CaptureFixture[str]):
    said = refused(
        capsys,
        "study",
        "agent=ppo",
        "gate=believed",
        "+learners.a={agent: ${agent}, network: ${network}, tracker: ${tracker}}",
    )
    assert "learner ppo_concept_scorer: gate = on: PPO cannot learn" in said
    assert "learner a: gate = on: PPO cannot learn" in said
    assert "the teacher sees" in refused(capsys, "study", "agent=all_action_ppo", "tracker=bkt")


def test_every_bad_override_of_a_study_is_named(capsys: pytest.CaptureFixture[str]):
    said = refused(
        capsys,
        "study",
        "wrold=new_material",
        "tracker=bkt_gird",
        "seeds=[0,0,-1]",
        "world.leak=3",
        "world.concepts=many",
        "tracking.uri=https://example.org",
        "+agent.typo=1",
        "objective=delayed_test,mastery_gain",
        "name=[",
    )
    for part in (
        "wrold = 'new_material': no such setting. Did you mean world?",
        "tracker = 'bkt_gird': no such choice. Did you mean bkt_grid?",
        "seeds[1] = 0: stands twice",
        "seeds[2] = -1: must be",
        "world.leak = 3.0: must be",
        "world.concepts = 'many': must be a whole number",
        "tracking.uri = 'https://example.org': must be sqlite:///",
        "agent.typo = 1: no such setting",
        "objective=delayed_test,mastery_gain: gives several values; add --multirun",
        "'name=[': is no override",
    ):
        assert part in said
    assert said.startswith("study: 10 things to mend\n")


def test_the_resolved_config_can_be_shown(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["study", "world.concepts=5", "--show", "seeds=[3]"]) == cli.DONE
    said = capsys.readouterr().out
    assert "concepts: 5" in said
    assert "- 3" in said


def test_bad_policies_and_counts_are_refused(capsys: pytest.CaptureFixture[str]):
    said = refused(capsys, "evaluate", "randmo", "ghost", "random")
    assert "'randmo' is no policy. Did you mean random" in said
    assert "2 things to mend" in said
    assert "students" in refused(capsys, "evaluate", "random", "--students", "0")
    assert "world" in refused(capsys, "evaluate", "random", "--world", "nowhere")


def test_policies_are_compared(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["evaluate", "random", "round_robin", "--students", "50"]) == cli.DONE
    said = capsys.readouterr().out
    assert said.index("round_robin") < said.index("random")
    assert "50 held-out students" in said


def test_what_cannot_be_calibrated_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log = tmp_path / "log.csv"
    base = ("calibrate", "--model", "bkt", "--out", str(tmp_path / "pack"), "--log", str(log))
    assert "column = 'scroe=x'" in refused(capsys, *base, "--column", "scroe=x", "--column", "answer")
    assert "unseen_share = 2.0" in refused(capsys, *base, "--unseen-share", "2", "--iterations", "0")
    assert "log.csv" in refused(capsys, *base)
    log.write_text("")
    assert "log.csv" in refused(capsys, *base)
    log.write_text("student,order,item\n1,1,1\n")
    assert "answer" in refused(capsys, *base)
    log.write_text("student,order,item,skills,answer\n1,1,1,a,7\n")
    assert "answer" in refused(capsys, *base)
    assert not (tmp_path / "pack").exists()


def test_a_report_needs_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "results.json" in refused(capsys, "report", str(tmp_path / "nowhere"))
    (tmp_path / "results.json").write_text("{")
    assert "is not JSON" in refused(capsys, "report", str(tmp_path))
    (tmp_path / "results.json").write_text(json.dumps({"schema": 1}))
    assert "policies" in refused(capsys, "report", str(tmp_path))


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EROFS, "Read-only file system", "site"),
        OSError(errno.ENOSPC, "No space left on device", "from", None, "site"),
        OSError(errno.ENAMETOOLONG, "File name too long", "site"),
        PermissionError(errno.EACCES, "Permission denied", "site"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_to_be_mended_and_no_fault_of_the_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: OSError
):
    def failing(typed: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(cli, "_typed", lambda arguments: argparse.Namespace(verb=failing, debug=False))
    place = "site" if error.filename else "a file"
    assert refused(capsys).startswith(f"{place}: 1 thing to mend\n  cannot be used ({error.strerror}).")


def test_what_is_wrong_with_the_code_is_not_to_be_mended_by_whoever_typed(monkeypatch: pytest.MonkeyPatch):
    def failing(typed: argparse.Namespace) -> int:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "a resource of the package")

    monkeypatch.setattr(cli, "_typed", lambda arguments: argparse.Namespace(verb=failing, debug=False))
    assert cli.main([]) == cli.FAILED


@pytest.mark.parametrize("verb", [["export", "--policy", "random"], ["recatalogue", "a.zip", "--catalogue", "a.json"]])
def test_a_bundle_is_not_written_where_no_file_can_be(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert "is a folder. Name a file in it" in refused(capsys, *verb, "--out", str(tmp_path))
    assert "its folder is not there" in refused(capsys, *verb, "--out", str(tmp_path / "none" / "a.zip"))


def test_debug_shows_the_traceback():
    with pytest.raises(InvalidInput):
        cli.main(["worlds", "nowhere", "--debug"])


def test_the_doctor_examines_this_installation(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["doctor"]) == cli.DONE
    said = capsys.readouterr().out
    for part in ("Python", "torch", "mlflow", "configs in", "pack assistments09", "Everything that is needed is here"):
        assert part in said


def test_the_doctor_says_how_to_mend_what_is_missing_or_old():
    absent = requirement("no-such-package", ">=1", "1.5")
    old = requirement("numpy", ">=99", "")
    other = requirement("numpy", ">=1", "0.1")
    assert (absent.state, absent.remedy) == ("missing", "pip install 'no-such-package==1.5'")
    assert (old.state, old.remedy) == ("missing", "pip install 'numpy>=99'")
    assert (other.state, other.remedy) == ("note", "")
    assert render([absent, old, Finding("ok", "x")]).endswith("2 to mend; then run this again.")


def test_the_doctor_and_the_help_need_nothing_installed(tmp_path: Path):
    """`-S` hides every installed package, which is how the most broken installation looks."""
    source = {"PYTHONPATH": str(Path(curriculum_rl.__file__).parent.parent)}

    def run(verb: str) -> subprocess.CompletedProcess[str]:
        typed = [sys.executable, "-S", "-m", "curriculum_rl.cli", verb]
        return subprocess.run(typed, cwd=tmp_path, env=source, capture_output=True, text=True, check=False)

    examined, other, usage = run("doctor"), run("worlds"), run("--help")
    assert (examined.returncode, other.returncode, usage.returncode) == (cli.FAILED, cli.FAILED, cli.DONE)
    assert "MISSING" in examined.stdout
    assert "`curriculum-rl doctor` says how to mend it" in other.stderr
    assert "Traceback" not in examined.stderr + other.stderr


SMALL = (
    *("seeds=[0]", "agent.frames=32768", "policies=untuned", "policies.names=[]", "policies.privileged=false"),
    *("evaluation.students=20", "evaluation.traced=20", "evaluation.replicates=1000", "evaluation.workers=1"),
)


def until_training(folder: Path) -> None:
    """Waits for the run of the seed to be open, and some seconds more for its first steps."""
    for _ in range(240):
        time.sleep(0.5)
        database = folder / "runs" / "mlflow.db"
        if database.exists():
            with closing(sqlite3.connect(database)) as connection:
                if connection.execute("SELECT count(*) FROM runs").fetchone() == (2,):
                    break
    time.sleep(20)


@pytest.mark.slow
def test_a_sweep_writes_a_study_for_each_job(tmp_path: Path):
    typed = ["-m", "curriculum_rl.cli", "study", "-m", *SMALL, "tracking=none", "world=new_material,as_fitted"]
    done = subprocess.run([sys.executable, *typed], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = {json.loads(file.read_text())["world"]["name"] for file in (tmp_path / "runs").rglob("*/results.json")}
    assert found == {"new_material", "as_fitted"}
    assert "Job 2: " in done.stdout
    assert not (tmp_path / "runs" / "mlflow.db").exists()


def started(typed: list[str], **settings: Any) -> subprocess.Popen[str]:
    """A process that hears Ctrl-C, even where this one was told not to, as a shell does with what runs behind."""
    return subprocess.Popen(typed, preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL), **settings)


@pytest.mark.slow
def test_ctrl_c_leaves_a_checkpoint_and_closed_runs(tmp_path: Path):
    typed = ["-m", "curriculum_rl.cli", "study", *SMALL, "agent.frames=100_000_000"]
    running = started([sys.executable, *typed], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    until_training(tmp_path)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode == cli.STOPPED
    assert "hydra.run.dir=" in err
    assert "Traceback" not in err
    assert len(list(tmp_path.rglob("checkpoints/*.safetensors"))) == 1
    with closing(sqlite3.connect(tmp_path / "runs" / "mlflow.db")) as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("KILLED",), ("KILLED",)]


@pytest.mark.slow
def test_ctrl_c_ends_with_one_line(tmp_path: Path):
    program = "import sys; from curriculum_rl import cli; print('here', flush=True); sys.exit(cli.main())"
    typed = [sys.executable, "-c", program, "evaluate", "random", "--students", "1000000"]
    running = started(typed, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "here\n"
    time.sleep(5)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == cli.STOPPED
    assert out == ""
    assert err.strip().splitlines()[-1] == "Stopped by Ctrl-C."
    assert "Traceback" not in err
