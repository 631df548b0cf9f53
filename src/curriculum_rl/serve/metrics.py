"""What the service counts, for Prometheus; no number is about one student."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Info
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

SECONDS: Final = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0)
TYPE: Final = CONTENT_TYPE_LATEST


class Metrics:
    """The counts of one service."""

    def __init__(self, name: str, digest: str) -> None:
        kept = self._registry = CollectorRegistry()
        by = ("path", "status")
        self._answers = Counter("curriculum_answers", "Requests by address and status.", by, registry=kept)
        said = "Seconds from the whole request to its answer."
        self._seconds = Histogram("curriculum_seconds", said, ("path",), buckets=SECONDS, registry=kept)
        self._decisions = Counter("curriculum_decisions", "Decisions by who made them.", ("served_by",), registry=kept)
        self._rewards = Counter("curriculum_rewards", "Rewards taken in.", registry=kept)
        self._bytes = Counter("curriculum_log_bytes", "Bytes written to the log.", registry=kept)
        Info("curriculum_policy", "What is served.", registry=kept).info({"name": name, "digest": digest})

    def answered(self, path: str, status: int, seconds: float) -> None:
        """One request; the path is the pattern, never what was sent."""
        self._answers.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def refused(self, status: int) -> None:
        """One request that kept to no limit, and was not looked at."""
        self._answers.labels("(limits)", str(status)).inc()

    def decided(self, served_by: str) -> None:
        """One decision."""
        self._decisions.labels(served_by).inc()

    def rewarded(self) -> None:
        """One reward."""
        self._rewards.inc()

    def logged(self, size: int) -> None:
        """So many bytes."""
        self._bytes.inc(size)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
