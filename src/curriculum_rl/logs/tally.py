"""What becomes of every row while a log is imported: read = accepted + rejected + merged.

Rejects go to their file as they are found, so that a file of any size can be bad in every row. A reject names the
file by its number among those given, never by its name, which may be a student's.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from curriculum_rl.batch import Float, Int
from curriculum_rl.logs.rejects import BY_RULE, REASONS, OverRejectLimit, inert

_SAMPLE = 2_000
_BLOCKS = 500
"""So many durations and times of so many blocks are looked at."""


class Tally:
    """Counts rows, and lists those that are left out.

    Args:
        path: of the list of rejects; it is there once `publish` was called, if there are any.
        limit: share of faulty rows above which nothing is published.
    """

    def __init__(self, path: Path, limit: float) -> None:
        self.path = path
        self.limit = limit
        self.read = 0
        self.merged = 0
        self.unordered = 0
        """Rows that stood after a later one of the same student, and were sorted."""
        self.groups: set[str] = set()
        """Columns of groups that were seen."""
        self.orders: set[bool] = set()
        """Whether blocks had the source's own order number."""
        self.by_code: Counter[str] = Counter()
        self.durations: list[Float] = []
        self.times: list[Float] = []
        self.span = (np.inf, -np.inf)
        """Least and largest time that is a number."""
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: TextIO | None = None

    def reject(self, file: int, lines: Int | Sequence[int], column: str, code: str) -> None:
        """Lists these lines of one file; the code is a key of `REASONS`."""
        if len(lines) == 0:
            return
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            self._file = os.fdopen(os.open(self._temporary, flags, 0o600), "w", encoding="utf-8", newline="")
            csv.writer(self._file, lineterminator="\n").writerow(["file", "line", "column", "code", "reason"])
        writer = csv.writer(self._file, lineterminator="\n")
        writer.writerows([file, int(line), inert(column), code, REASONS[code]] for line in lines)
        self.by_code[code] += len(lines)

    def units(self, durations: Float, seconds: Float) -> None:
        """Keeps some of a block's durations and times, (n,) with nan, to see whether units are the expected ones."""
        durations, seconds = durations[np.isfinite(durations)], seconds[np.isfinite(seconds)]
        if len(self.times) < _BLOCKS:
            self.durations.append(durations[:_SAMPLE])
            self.times.append(seconds[:_SAMPLE])
        low, high = self.span
        self.span = (float(seconds.min(initial=low)), float(seconds.max(initial=high)))

    @property
    def rejected(self) -> int:
        """Rows left out, whether they are faulty or no answers at all."""
        return self.by_code.total()

    @property
    def faulty(self) -> int:
        """Rows left out because something is wrong with them."""
        return sum(n for code, n in self.by_code.items() if code not in BY_RULE)

    def check_limit(self, where: str) -> None:
        """Refuses a log with too many faulty rows; the list of them is published.

        Raises:
            OverRejectLimit: a larger share is faulty than the limit allows.
        """
        share = self.faulty / max(self.read, 1)
        if share > self.limit:
            self.publish()
            faults = ", ".join(f"{n} {code}" for code, n in self.by_code.most_common() if code not in BY_RULE)
            seen = f"{self.faulty} of {self.read} rows ({share:.1%}) cannot be used ({faults})"
            most = f"at most {self.limit:.1%} may be; nothing was published"
            raise OverRejectLimit(where, [f"{seen}: {most}. Each is listed in {self.path}"])

    def publish(self) -> Path | None:
        """Puts the list where it belongs, in the place of any earlier one; None where nothing was left out."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
            return None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self.path)
        return self.path

    def close(self) -> None:
        """Forgets the list, if it was not published."""
        if self._file is not None:
            self._file.close()
            self._temporary.unlink(missing_ok=True)
