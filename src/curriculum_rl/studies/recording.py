"""What a study tells of its progress, and to whom: MLflow (`tracking.py`), or nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol


@dataclass(frozen=True)
class DataSource:
    """A data set that a run used, by name and content.

    Attributes:
        name: such as the pack's.
        digest: hexadecimal, of the content.
        origin: where it comes from, for people.
        rows: how many students, activities or whatever is counted, by what is counted.
    """

    name: str
    digest: str
    origin: str
    rows: Mapping[str, int]


class Run(Protocol):
    """One run: a configuration, or one seed of it."""

    def params(self, values: Mapping[str, object]) -> None:
        """Settings; nested mappings become dotted names."""

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Numbers at one step; kept back and written in batches."""

    def data(self, source: DataSource, context: str) -> None:
        """A data set that was used, and for what: `training`, `evaluation`."""

    def table(self, name: str, columns: Mapping[str, Sequence[object]]) -> None:
        """A table, kept as Parquet."""

    def text(self, name: str, content: str) -> None:
        """A text file, such as the resolved config."""

    def keep(self, path: Path, under: str = "") -> None:
        """A copy of a file or of a whole folder: the report, a figure, a policy."""

    def seed(self, name: str, of: str) -> AbstractContextManager[Run]:
        """A run below this one. Its last metrics are summarised here, with those of the other seeds `of` the same."""


class Tracking(Protocol):
    """Where runs are recorded."""

    @property
    def hint(self) -> str:
        """How to look at the runs, for people; empty where there is nothing to look at."""

    def start(self, name: str) -> AbstractContextManager[Run]:
        """Opens the run of one configuration. It is closed as killed by Ctrl-C, as failed by any other error."""


@dataclass(frozen=True)
class Untracked:
    """Records nothing. The study's folder still holds its results."""

    hint: ClassVar[str] = ""

    @contextmanager
    def start(self, name: str) -> Iterator[Run]:
        """A run that forgets all that it is told."""
        yield _Forgetful()


class _Forgetful:
    def params(self, values: Mapping[str, object]) -> None:
        pass

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        pass

    def data(self, source: DataSource, context: str) -> None:
        pass

    def table(self, name: str, columns: Mapping[str, Sequence[object]]) -> None:
        pass

    def text(self, name: str, content: str) -> None:
        pass

    def keep(self, path: Path, under: str = "") -> None:
        pass

    @contextmanager
    def seed(self, name: str, of: str) -> Iterator[Run]:
        yield self
