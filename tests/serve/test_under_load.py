"""Under load nothing that was answered is lost: neither when the service goes on, nor when it is killed."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.serving import measured
from tests.serve.services import Process, logged, process, raw, read_answer

CLIENTS = 6


def rank(event_id: str) -> bytes:
    return raw("/v1/rank", json.dumps({"event_id": event_id, "learner": "p7"}).encode())


class Clients:
    """Ask until the service is gone; keep what was answered."""

    def __init__(self, running: Process, turn: int) -> None:
        self.answered: dict[str, bytes] = {}
        self.running, self.turn = running, turn
        self.threads = [threading.Thread(target=self.ask, args=(i,)) for i in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def ask(self, client: int) -> None:
        number = 0
        try:
            with self.running.connect() as connection:
                while True:
                    event_id = f"t{self.turn}-{client}-{number}"
                    connection.sendall(rank(event_id))
                    found = read_answer(connection)
                    assert found.status == 201
                    self.answered[event_id] = found.body
                    number += 1
        except (ConnectionError, TimeoutError):
            return

    def done(self) -> None:
        for thread in self.threads:
            thread.join(timeout=30)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--fsync", "--rotate-mb", "1")], ids=["usual", "fsync"])
def test_kill_9_takes_no_answered_line(bundle: Path, tmp_path: Path, options: tuple[str, ...]):
    rng, answered = random.Random(len(options)), {}
    for turn in range(3):
        with process(bundle, tmp_path / "log", "--explore", "0.3", *options) as running:
            clients = Clients(running, turn)
            time.sleep(rng.uniform(0.2, 1.2))
            running.kill()
            clients.done()
            answered |= clients.answered
        if turn == 1:  # what is killed in mid-write leaves half a line
            with max((tmp_path / "log").glob("*.jsonl")).open("ab") as file:
                file.write(b'{"event_id": "half')
    with process(bundle, tmp_path / "log", "--explore", "0.3", *options) as running:
        lines = Counter(line["event_id"] for line in logged(tmp_path / "log"))
        assert len(answered) > 20
        assert set(answered) <= set(lines)
        assert max(lines.values()) == 1
        with running.connect() as connection:
            for event_id in rng.sample(sorted(answered), 20):
                connection.sendall(rank(event_id))
                assert read_answer(connection).body == answered[event_id]
        assert Counter(line["event_id"] for line in logged(tmp_path / "log")) == lines
        assert "were not in its index" in "".join(running.told)
        assert running.stop() == -signal.SIGTERM  # having written all that there is
    with process(bundle, tmp_path / "log", "--explore", "0.3", *options) as running:
        assert "index" not in "".join(running.told)


@pytest.mark.slow
def test_nothing_is_missing_at_64_connections_with_malformed_requests_among_them(bundle: Path, tmp_path: Path):
    assert measured(bundle, tmp_path / "log", decisions=4_000, connections=64)
