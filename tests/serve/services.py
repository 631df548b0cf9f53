"""Services to test with: in the test's own process, without a network, and as a process that can be killed."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curriculum_rl.serve.app import application
from curriculum_rl.serve.limits import Limits
from curriculum_rl.serve.server import Settings, opened


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def fields(self) -> list[str]:
        """Of a problem: the fields at fault."""
        return [one["field"] for one in self.json["violations"]]


class Local:
    """A service in this process."""

    def __init__(self, bundle: Path, folder: Path, **settings: Any) -> None:
        self.log, self.closed = folder, False
        self.service = opened(Settings(bundle, folder, **settings))
        self.app = Limits(application(self.service), 5.0, 8)

    def send(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        return asyncio.run(sent(self.app, method, path, [body], kind))

    def post(self, path: str, **content: Any) -> Answer:
        return self.send("POST", path, json.dumps(content).encode())

    def rank(self, **content: Any) -> Answer:
        return self.post("/v1/rank", **content)

    def lines(self) -> list[dict[str, Any]]:
        """The log."""
        return logged(self.log)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.service.ledger.close()
            self.service.journal.close()


async def sent(app: Any, method: str, path: str, parts: list[bytes], kind: str, seconds: float = 0.0) -> Answer:
    """Asks an ASGI application; the parts of the body come so many seconds apart."""
    headers = [(b"content-type", kind.encode())]
    headers += [(b"transfer-encoding", b"chunked")] if len(parts) > 1 else []
    headers += [(b"content-length", str(len(parts[0])).encode())] if len(parts) == 1 and parts[0] else []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    left, found = list(parts), []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        found.append(message)

    await app(scope, receive, send)
    start = found[0]
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], told, b"".join(one.get("body", b"") for one in found[1:]))


def logged(folder: Path) -> list[dict[str, Any]]:
    """All lines of a log."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


class Process:
    """A service that is a process of its own."""

    def __init__(self, bundle: Path, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "curriculum_rl.cli", "serve", str(bundle), "--log", str(folder)]
        self.process = subprocess.Popen(
            [*command, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.told: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(line)
            if "is served at" in line:
                self.port = int(line.split("http://127.0.0.1:")[1].split(";")[0])
                return
        raise AssertionError("".join(self.told))

    def connect(self, seconds: float = 20.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=20)


@contextmanager
def process(bundle: Path, folder: Path, *options: str) -> Iterator[Process]:
    """A service that is stopped in the end, whatever happens."""
    running = Process(bundle, folder, *options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()


def raw(path: str, body: bytes, headers: str = "", method: str = "POST", length: object = None) -> bytes:
    """A request as it stands on the wire; the length may be a lie."""
    length = len(body) if length is None else length
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    return f"{head}{headers}\r\n".encode() + body


def read_answer(connection: socket.socket) -> Answer:
    """The next answer of a connection; ConnectionError where there is none."""
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError
        buffer += part
    head, _, body = buffer.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    while len(body) < int(headers.get("content-length", 0)):
        part = connection.recv(65536)
        if not part:
            raise ConnectionError
        body += part
    return Answer(int(first.split()[1]), headers, body)


def ask(port: int, request: bytes, seconds: float = 20.0) -> Answer:
    """One request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request)
        return read_answer(connection)


def alive(port: int) -> bool:
    """Whether the service still answers."""
    began = time.monotonic()
    return ask(port, raw("/healthz", b"", method="GET")).status == 200 and time.monotonic() - began < 5.0
