"""The service as a process: a bundle is opened and replayed, a log is opened, and then it is served."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.runner.replay import replay
from curriculum_rl.runner.runner import Runner
from curriculum_rl.serve.app import application
from curriculum_rl.serve.decisions import Decider
from curriculum_rl.serve.journal import Journal
from curriculum_rl.serve.ledger import Ledger
from curriculum_rl.serve.limits import Limits
from curriculum_rl.serve.metrics import Metrics
from curriculum_rl.serve.service import Service
from curriculum_rl.serve.wire import Impatient
from curriculum_rl.violations import InvalidInput, Violations


@dataclass(frozen=True)
class Settings:
    """How a bundle is served.

    Attributes:
        bundle: the file.
        log: folder of the log.
        host, port: where; 0 takes a port that is free.
        explore: share of decisions drawn evenly from what is eligible; None: what the bundle says.
        at_once: requests that are read or answered at the same time; past it, 503.
        body_seconds: in which the body of a request must be there.
        rotate_mb: megabytes of a file of the log.
        fsync: whether an answer waits until its line is on the disk.
    """

    bundle: Path
    log: Path
    host: str = "127.0.0.1"
    port: int = 8080
    explore: float | None = None
    at_once: int = 256
    body_seconds: float = 5.0
    rotate_mb: int = 256
    fsync: bool = False

    def __post_init__(self) -> None:
        check = Violations("serve")
        check.number("port", self.port, at_least=0, at_most=65535, whole=True)
        if self.explore is not None:
            check.number("explore", self.explore, at_least=0.0, at_most=1.0)
        check.number("at-once", self.at_once, at_least=1, at_most=10_000, whole=True)
        check.number("body-seconds", self.body_seconds, above=0.0, at_most=3600.0)
        check.number("rotate-mb", self.rotate_mb, at_least=1, at_most=100_000, whole=True)
        check.raise_all()


def opened(settings: Settings, told: Callable[[str], None] = lambda what: None) -> Service:
    """The service behind its addresses; `told` hears what is worth knowing.

    Raises:
        InvalidInput: the bundle is damaged or does not do what its test vectors say, or the log is in use or cannot be
            written.
    """
    bundle = open_bundle(settings.bundle)
    runner = Runner(bundle)
    try:
        replay(runner)
    except InvalidInput as error:
        raise InvalidInput(str(settings.bundle), error.violations) from None
    explore = float(bundle.manifest["exploration"]) if settings.explore is None else settings.explore
    if explore == 0.0:
        told("Without exploration (--explore), the log cannot tell of strategies that choose otherwise.")
    journal = Journal(settings.log, settings.rotate_mb * 1_000_000, settings.fsync)
    if journal.torn:
        told(f"The last line of the log was not whole, and never answered: {journal.torn:,} bytes were cut off.")
    try:
        ledger = Ledger(journal)
    except sqlite3.Error as error:
        why = f"the index of the log cannot be written ({error}). See to its permissions and its disk"
        raise InvalidInput(str(settings.log), [why]) from None
    if ledger.caught_up:
        told(f"{ledger.caught_up:,} lines of the log were not in its index, and are now.")
    return Service(Decider(runner, explore), journal, ledger, Metrics(bundle.manifest["name"], bundle.digest))


def serve(settings: Settings, told: Callable[[str], None]) -> None:
    """Serves until the process is told to stop.

    Raises:
        InvalidInput: the address cannot be had, or as in `opened`.
    """
    with _listening(settings) as listening:
        service = opened(settings, told)
        config = uvicorn.Config(
            Limits(application(service), settings.body_seconds, settings.at_once, service.metrics.refused),
            http=Impatient,
            ws="none",
            lifespan="on",
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=10,
        )
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        name, port = service.decider.runner.bundle.manifest["name"], listening.getsockname()[1]
        told(f"{name} is served at http://{host}:{port}; its log is {settings.log}. Ctrl-C stops it.")
        uvicorn.Server(config).run(sockets=[listening])


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        why = str(error.strerror).partition(" (while")[0]  # which repeats the address
        place = f"{settings.host}, port {settings.port}: cannot be listened at ({why})"
        raise InvalidInput("serve", [f"{place}. Name another --host or --port"]) from None
