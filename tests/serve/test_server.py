"""What cannot be served is said before anything is served."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curriculum_rl import cli
from curriculum_rl.serve.ledger import Ledger
from curriculum_rl.serve.server import Settings, opened
from curriculum_rl.violations import InvalidInput
from tests.serve.services import Local


def test_every_setting_out_of_range_is_told_at_once(tmp_path: Path):
    wrong: dict[str, Any] = {"port": 70_000, "explore": 1.5, "at_once": 0, "body_seconds": float("nan"), "rotate_mb": 0}
    with pytest.raises(InvalidInput) as told:
        Settings(tmp_path, tmp_path, **wrong)
    assert [line.split(" = ")[0] for line in told.value.violations] == [
        "port", "explore", "at-once", "body-seconds", "rotate-mb",
    ]  # fmt: skip


def test_a_damaged_bundle_is_not_served(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    for path, words in ((damaged, "damaged"), (tmp_path / "none.zip", "no such file")):
        assert cli.main(["serve", str(path), "--log", str(tmp_path / "log")]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "log").exists()


def test_an_address_that_is_taken_is_told(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.main(["serve", str(bundle), "--log", str(tmp_path / "log"), "--port", port]) == 2
    assert "cannot be listened at (Address already in use). Name another" in capsys.readouterr().err
    assert not (tmp_path / "log").exists()
    assert cli.main(["serve", str(bundle), "--log", str(tmp_path / "log"), "--host", "no.such.host.invalid"]) == 2
    assert "cannot be listened at" in capsys.readouterr().err


def test_a_log_in_use_is_told(local: Local, bundle: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["serve", str(bundle), "--log", str(local.log), "--port", "0"]) == 2
    assert "another service writes its log here" in capsys.readouterr().err


def test_a_log_whose_index_cannot_be_written_is_told(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def full(ledger: Ledger, path: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Ledger, "_open", full)
    monkeypatch.setattr(Ledger, "_drop", lambda ledger, path: None)
    assert cli.main(["serve", str(bundle), "--log", str(tmp_path), "--port", "0"]) == cli.INVALID
    assert "the index of the log cannot be written (database or disk is full)" in capsys.readouterr().err


def test_what_was_found_in_the_log_is_told(start: Callable[..., Local], bundle: Path):
    first = start(explore=0.3)
    first.rank(event_id="e1", learner="p7")
    first.service.ledger._base.rollback()  # as in a process that is killed in mid-write
    first.service.ledger._base.close()
    first.service.journal.write(b'{"half')
    first.service.journal.close()
    first.closed = True
    told: list[str] = []
    again = opened(Settings(bundle, first.log, explore=0.3), told.append)
    assert len(told) == 2
    assert "6 bytes were cut off" in told[0]
    assert "1 lines of the log were not in its index" in told[1]
    assert again.ledger.event("e1") is not None
    again.ledger.close()
    again.journal.close()
