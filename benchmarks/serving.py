"""How the service holds out: latency alone and under load, its memory, and whether all that it answered is in its log.

    OMP_NUM_THREADS=1 python -m benchmarks.serving [--decisions 1000000] [--connections 64] [--bundle FILE]

The service is the real one (`curriculum-rl serve`), on another process than the client, which speaks HTTP on plain
sockets. One request at a time (`alone`); then on many connections, at random moments, so many a second (`spaced`); then
on as many connections, each sending the next request as soon as it has its answer (`together`), so that what is
measured is how much the service can do, and latency is the queue. Students answer at random, and one request in twenty
is malformed, in ten ways. Without a bundle, a heuristic for 50 concepts and 200 activities is exported first. Exit code
0 where no answer was a 5xx, every answered decision stands in the log once, and memory grew by no more than 5% after
the first tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

FIRST = 2_000
"""Decisions alone, and as many spaced."""
RATE = 250.0
"""Decisions a second, of those that are spaced."""
WARM_UP = 0.1
GROWTH = 1.05
STEPS = 20
"""Decisions of a student."""
MALFORMED = 0.05
HEAD = b"POST /v1/rank HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BAD: tuple[tuple[bytes, int], ...] = (
    (b"", 422),
    (b"{", 422),
    (b"[" * 30_000, 422),
    (b"[" * 70_000, 413),
    (b'{"learner": "p", "last_event": {"activity": "x", "correct": NaN, "elapsed_s": 1e400}}', 422),
    (b'{"learner": "p", "state": "AAAA"}', 422),
    (b'{"learner": "p", "pinned": "no such activity"}', 422),
    (b'{"learner": "somebody@example.org"}', 422),
    (b'{"learner": "p", "excluded": ["' + b"x" * 600 + b'"]}', 422),
    (b'{"learner": "\xff\xfe"}', 422),
)
"""Bodies that are refused, and how."""


@dataclass
class Seen:
    """What the client saw."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    answered: set[int] = field(default_factory=set)
    """Numbers of the decisions that were answered."""


class Client:
    """One connection, and the student whom it is about."""

    def __init__(self, port: int, seed: int, seen: Seen) -> None:
        self.port, self.seen = port, seen
        self.rng = random.Random(seed)
        self.forget()

    async def connect(self) -> None:
        """Connects anew."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)

    def forget(self) -> None:
        """The next student."""
        self.left = STEPS
        self.asked: dict[str, Any] = {"learner": f"p{self.rng.getrandbits(64):x}"}

    async def decide(self, number: int) -> None:
        """One decision, and now and then something malformed before it."""
        while self.rng.random() < MALFORMED:
            body, wanted = self.rng.choice(BAD)
            status, _ = await self.send(body)
            self.seen.wrong += status != wanted
        began = time.perf_counter()
        status, body = await self.send(json.dumps(self.asked | {"event_id": f"e{number}"}).encode())
        self.seen.seconds.append(time.perf_counter() - began)
        if status != 201:
            self.seen.wrong += 1
            return
        self.seen.answered.add(number)
        answer = json.loads(body)
        self.left -= 1
        if not self.left:
            self.forget()
            return
        did = {
            "activity": answer["activity"],
            "correct": self.rng.randint(0, 1),
            "elapsed_s": self.rng.randint(20, 200),
        }
        self.asked |= {"state": answer["state"], "last_event": did}

    async def send(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self.writer.write(b"%sContent-Length: %d\r\n\r\n%s" % (HEAD, len(body), body))
        told = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(told.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        content = await self.reader.readexactly(length)
        if b"connection: close" in told:
            self.writer.close()
            await self.connect()
        status = int(told[9:12])
        self.seen.statuses[status] += 1
        return status, content


async def load(port: int, numbers: range, connections: int, pid: int, rate: float = 0.0) -> tuple[Seen, list[float]]:
    """Asks for these decisions on so many connections, so many a second or as many as can be.

    Returns what was seen, and the memory of the service at each twentieth of the way, MiB.
    """
    seen, memory, left = Seen(), [], iter(numbers)
    every = max(1, len(numbers) // 20)

    async def one(seed: int) -> None:
        client = Client(port, seed, seen)
        await client.connect()
        for number in left:
            if rate:
                await asyncio.sleep(client.rng.expovariate(rate / connections))
            await client.decide(number)
            if (number - numbers.start) % every == every - 1:
                memory.append(resident(pid))
                if sys.stderr.isatty() or len(numbers) > 100_000:
                    done = (number - numbers.start + 1) / len(numbers)
                    print(f"  {done:4.0%}, {memory[-1]:.1f} MiB", file=sys.stderr, flush=True)
        client.writer.close()

    await asyncio.gather(*(one(numbers.start + i) for i in range(connections)))
    return seen, memory


def resident(pid: int) -> float:
    """Memory of a process, MiB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def in_log(folder: Path) -> Counter[int]:
    """How often each decision stands in the log, by number; torn lines fail."""
    found: Counter[int] = Counter()
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"}\n"):
                    raise AssertionError(f"{path.name}: a line is torn")
                name, activity = line.find(b'"event_id":"e'), line.find(b'"activity_id":"')
                if activity > 0:
                    found[int(line[name + 13 : line.index(b'"', name + 13)])] += 1
    return found


def bundle_of(folder: Path) -> Path:
    """A heuristic for 50 concepts and 200 activities."""
    from benchmarks.synthetic import synthetic_world
    from curriculum_rl.export.bundle import make
    from curriculum_rl.policies.load import load_policy

    path = folder / "bundle.zip"
    path.write_bytes(make("greedy_credit", load_policy("greedy_credit"), synthetic_world(50, 200), 1000).content)
    return path


def told(name: str, seen: Seen, wall: float) -> None:
    """One line."""
    p50, p99 = 1000 * np.percentile(seen.seconds, [50, 99])
    statuses = ", ".join(f"{count:,} x {status}" for status, count in sorted(seen.statuses.items()))
    slowest = 1000 * max(seen.seconds)
    print(f"{name:>12} {len(seen.seconds) / wall:11,.0f} {p50:8.2f} {p99:8.2f} {slowest:8.1f}  {statuses}", flush=True)


def measured(bundle: Path, folder: Path, decisions: int, connections: int) -> bool:
    """Runs the service and asks it; returns whether all went as it must."""
    command = [sys.executable, "-m", "curriculum_rl.cli", "serve", str(bundle), "--log", str(folder), "--port", "0"]
    service = subprocess.Popen([*command, "--explore", "0.1"], stdout=subprocess.PIPE, text=True)
    try:
        assert service.stdout is not None
        line = next(line for line in service.stdout if "is served at" in line)
        port = int(line.split("http://127.0.0.1:")[1].split(";")[0])
        print(f"{'':>12} {'decisions/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}  answers")
        seen = Seen()
        first, second = min(FIRST, decisions), 2 * min(FIRST, decisions)
        for name, numbers, at_once, rate in (
            ("alone", range(first), 1, 0.0),
            ("spaced", range(first, second), connections, RATE),
            ("together", range(second, second + decisions), connections, 0.0),
        ):
            began = time.perf_counter()
            found, memory = asyncio.run(load(port, numbers, at_once, service.pid, rate))
            told(name, found, time.perf_counter() - began)
            seen.statuses += found.statuses
            seen.answered |= found.answered
            seen.wrong += found.wrong
    finally:
        service.terminate()
        service.wait(timeout=60)
    warm = memory[int(WARM_UP * len(memory))]
    print(f"memory, MiB, at each twentieth: {' '.join(f'{each:.1f}' for each in memory)}")
    logged = in_log(folder)
    missing, twice = len(seen.answered - set(logged)), sum(count > 1 for count in logged.values())
    extra = len(set(logged) - seen.answered)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(f"log: {len(logged):,} decisions in {size:,.0f} MB with their index", end="; ")
    print(f"answered and missing: {missing}, twice: {twice}, never answered: {extra}")
    failed = sum(count for status, count in seen.statuses.items() if status >= 500)
    print(f"answers with another status than expected: {seen.wrong}; of 5xx: {failed}")
    return not (missing or twice or extra or failed or seen.wrong) and memory[-1] <= GROWTH * warm


def main() -> int:
    """Prints what was measured; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=20_000, metavar="N", help="together (default 20000)")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--bundle", type=Path, metavar="FILE")
    parser.add_argument("--folder", type=Path, help="for the log, where there is room: about 3 GB for a million")
    typed = parser.parse_args()
    if typed.folder is not None and not typed.folder.is_dir():
        parser.error(f"{typed.folder}: there is no such folder. Make it, or leave --folder out")
    with tempfile.TemporaryDirectory(dir=typed.folder) as scratch:
        folder = Path(scratch)
        good = measured(typed.bundle or bundle_of(folder), folder / "log", typed.decisions, typed.connections)
    print("All as it must be." if good else "Not as it must be.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
