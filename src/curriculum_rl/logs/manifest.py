"""What a canonical log says about itself: `log.json` in its folder, beside the buckets whose digests it holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from curriculum_rl.files import write_whole
from curriculum_rl.violations import InvalidInput

FORMAT: Final = "curriculum-rl log"
VERSION: Final = 1
NAME: Final = "log.json"


@dataclass(frozen=True)
class About:
    """What only the writer of a log knows.

    Attributes:
        source: where the rows come from, for people.
        behaviour: name of the strategy that chose, where it is one and known.
        world: name of the simulated world, where it is one.
        objective: what `reward` measures.
        horizon: decisions after which every episode was cut off, where that is how it was logged.
        aggregated: whether a row sums up several answers, so that no single decision can be reweighted.
        randomised: whether chance chose, by a known rule, among the eligible; None where nobody said.
        notes: for people; no values of students.
    """

    source: str
    behaviour: str | None = None
    world: str | None = None
    objective: str | None = None
    horizon: int | None = None
    aggregated: bool = False
    randomised: bool | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """A log as a whole; `about` is the writer's, the rest was counted while its rows were written.

    Attributes:
        about: what the writer knew.
        rows, students, activities: how many.
        filled: of each column that has any value, in how many rows.
        groups: the columns called `group_*`.
        digests: SHA-256 of each bucket, by file name, in order.
    """

    about: About
    rows: int
    students: int
    activities: int
    filled: dict[str, int]
    groups: tuple[str, ...]
    digests: dict[str, str]

    def has(self, column: str) -> bool:
        """Whether every row has a value in this column."""
        return 0 < self.rows == self.filled.get(column, 0)

    @property
    def propensity(self) -> bool:
        """Whether the probability of every logged choice is known."""
        return self.has("propensity")

    @property
    def eligible(self) -> bool:
        """Whether it is known of every row what could have been chosen."""
        return self.has("eligible")

    @property
    def timestamp(self) -> bool:
        """Whether every row has a date."""
        return self.has("timestamp")

    @property
    def reward(self) -> bool:
        """Whether every row has a reward."""
        return self.has("reward")

    @property
    def order_only(self) -> bool:
        """Whether only the order of the rows is known, not when they were."""
        return not self.timestamp and not self.has("t_rel_s")

    def write(self, folder: Path) -> None:
        """Writes `log.json`."""
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        write_whole(folder / NAME, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Reads `log.json` of a folder.

    Raises:
        InvalidInput: there is no such folder, it holds no log, or one of another format.
    """
    remedy = "give a folder that `curriculum-rl import` or `record` wrote"
    if not folder.is_dir():
        raise InvalidInput(str(folder), [f"there is no such folder; {remedy}"])
    path = folder / NAME
    if not path.is_file():
        raise InvalidInput(str(folder), [f"holds no {NAME}, so it is no canonical log; {remedy}"])
    try:
        content = json.loads(path.read_text("utf-8"))
        if content.get("format") != FORMAT or content.get("version") != VERSION:
            seen = f"{content.get('format')!r}, version {content.get('version')!r}"
            raise InvalidInput(str(path), [f"is {seen[:80]}; this reads {FORMAT!r}, version {VERSION}"])
        return _of(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(str(path), [f"is damaged ({type(error).__name__}); import the log again"]) from None


def _of(content: dict[str, Any]) -> Manifest:
    about = dict(content["about"])
    about["notes"] = tuple(about["notes"])
    chosen = {field.name: content[field.name] for field in fields(Manifest)}
    digests = {str(name): str(digest) for name, digest in content["digests"].items()}
    texts = [about[name] for name in ("source", "behaviour", "world", "objective") if about[name] is not None]
    counts = [chosen[name] for name in ("rows", "students", "activities")] + list(chosen["filled"].values())
    if any(not isinstance(text, str) for text in texts) or any(type(count) is not int for count in counts):
        raise TypeError("a field of another type")
    if any(Path(name).name != name or not name.endswith(".parquet") for name in digests):
        raise ValueError("a bucket outside the folder")
    return Manifest(**(chosen | {"about": About(**about), "groups": tuple(content["groups"]), "digests": digests}))
