"""Cells of text made numbers, times and lists, a column at a time, and which of them cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.batch import Bool, Float, Int
from curriculum_rl.logs.tally import Tally

MISSING: Final = ("", "na", "nan", "null", "none", "\\n")
"""What stands for no value in columns of numbers, times and words, in either case."""

SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0, "d": 86_400.0}
"""Length of each unit of time."""

WORDS: Final = {
    "true": 1.0,
    "false": 0.0,
    "t": 1.0,
    "f": 0.0,
    "yes": 1.0,
    "no": 0.0,
    "correct": 1.0,
    "incorrect": 0.0,
    "right": 1.0,
    "wrong": 0.0,
}
_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_SEPARATORS: Final = re.compile(r";|~~|\|")


class Cells:
    """Rows of one block as text, by role, and which of them are still good; the first fault of a row is noted.

    Attributes:
        text: cells by role, each (n,) pa.StringArray without nulls.
        lists: of roles that come as lists, not as text: a list of text or None for each row.
        names: what the source calls each role.
        lines: of the source, (n,).
        file: number of the source.
        good: rows without a fault so far, (n,).
    """

    def __init__(
        self,
        text: dict[str, pa.Array],
        lists: dict[str, list[Any]],
        names: Mapping[str, str],
        lines: Int,
        file: int,
        tally: Tally,
    ) -> None:
        self.text, self.lists, self.names, self.lines, self.file = text, lists, names, lines, file
        self.good: Bool = np.ones(len(lines), dtype=np.bool_)
        self._tally = tally

    def __len__(self) -> int:
        return len(self.lines)

    def refuse(self, role: str, code: str, bad: Bool) -> None:
        """Rejects these rows, (n,), unless they were rejected before."""
        self._tally.reject(self.file, self.lines[bad & self.good], self.names.get(role, role), code)
        self.good &= ~bad

    def number(self, role: str, code: str = "number", scale: float = 1.0) -> Float:
        """Finite numbers times `scale`; nan where there is none, (n,)."""
        if role not in self.text:
            return np.full(len(self), np.nan)
        values, wrong = numbers(self.text[role])
        self.refuse(role, code, wrong)
        return values * scale

    def whole(self, role: str, code: str = "whole") -> pa.Array:
        """Whole numbers, null where there is none, (n,)."""
        if role not in self.text:
            return pa.nulls(len(self), pa.int64())
        given = _given(self.text[role])
        try:
            return pc.cast(given, pa.int64())
        except pa.ArrowInvalid:
            values, wrong = numbers(self.text[role])
            wrong |= (values != np.floor(values)) & ~np.isnan(values) | (np.abs(values) > 2.0**53)
            self.refuse(role, code, wrong)
            return pa.array(np.where(wrong, 0.0, values), from_pandas=True).cast(pa.int64())

    def mapped(self, role: str, code: str, meaning: Callable[[str], Any], type_: pa.DataType) -> pa.Array:
        """What each distinct text means, found once for each; `meaning` raises ValueError where it has none."""
        if role not in self.text:
            return pa.nulls(len(self), type_)
        encoded = self.text[role].dictionary_encode()
        meanings: list[Any] = []
        wrong = np.zeros(len(encoded.dictionary), dtype=np.bool_)
        for i, text in enumerate(encoded.dictionary.to_pylist()):
            try:
                meanings.append(meaning(text))
            except ValueError:
                meanings.append(None)
                wrong[i] = True
        index = np.asarray(encoded.indices)
        if wrong.any():
            self.refuse(role, code, wrong[index])
        return pa.array(meanings, type_).take(encoded.indices)

    def words(self, role: str) -> pa.Array:
        """Text as it stands; null where it is blank, (n,)."""
        if role not in self.text:
            return pa.nulls(len(self), pa.string())
        text = self.text[role]
        return pc.if_else(pc.equal(pc.utf8_trim_whitespace(text), ""), pa.scalar(None, pa.string()), text)

    def listed(self, role: str, ordered: bool) -> pa.Array:
        """Lists of text; null where there is none. Separated by semicolons, bars or ~~ where they come as text."""
        type_ = pa.list_(pa.string())
        if role in self.lists:
            return pa.array(self.lists[role], type_)

        def parted(text: str) -> list[str] | None:
            parts = [part.strip() for part in _SEPARATORS.split(text)]
            parts = [part for part in parts if part]
            return (parts if ordered else sorted(set(parts))) or None

        return self.mapped(role, "missing", parted, type_)

    def times(self, role: str, unit: float) -> tuple[Float, pa.Array]:
        """Times as seconds where they are numbers, and as microseconds UTC where they are dates; (n,) each."""
        seconds = np.full(len(self), np.nan)
        dates = pa.nulls(len(self), pa.timestamp("us", tz="UTC"))
        if role not in self.text:
            return seconds, dates
        text = pc.utf8_trim_whitespace(self.text[role])
        given = ~np.asarray(pc.is_in(pc.utf8_lower(text), pa.array(MISSING)))
        seconds, wrong = numbers(self.text[role])
        seconds = seconds * unit
        dated = wrong & given & ~np.asarray(pc.match_substring_regex(text, _NUMBER))
        if dated.any():
            texts = text.filter(pa.array(dated)).to_pandas()
            found = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
            known = found.notna().to_numpy()
            rows = np.flatnonzero(dated)[known]
            microseconds = np.zeros(len(self), dtype=np.int64)
            microseconds[rows] = found[known].dt.as_unit("us").astype(np.int64)
            wrong[rows] = False
            none = np.ones(len(self), dtype=np.bool_)
            none[rows] = False
            dates = pa.array(microseconds, mask=none).cast(dates.type)
        self.refuse(role, "time", wrong)
        return np.where(wrong, np.nan, seconds), dates


def _given(text: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(text)
    missing = pc.is_in(pc.utf8_lower(trimmed), pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def numbers(text: pa.Array) -> tuple[Float, Bool]:
    """Numbers, nan where there is none, and which cells are neither, (n,) each."""
    given = _given(text)
    try:
        values = pc.cast(given, pa.float64())
        wrong = np.zeros(len(text), dtype=np.bool_)
    except pa.ArrowInvalid:
        wrong = ~np.asarray(pc.fill_null(pc.match_substring_regex(given, _NUMBER), True))
        values = pc.cast(pc.if_else(pa.array(wrong), pa.scalar(None, pa.string()), given), pa.float64())
    out = values.to_numpy(zero_copy_only=False).astype(np.float64)
    wrong |= np.asarray(pc.is_valid(values)) & ~np.isfinite(out)
    return np.where(wrong, np.nan, out), wrong


def true(flags: pa.Array) -> Bool:
    """Which of these are true; null is not, (n,)."""
    known: Bool = np.asarray(pc.fill_null(flags, False)).astype(np.bool_)
    return known


def boolean(text: str) -> bool | None:
    """True, false or nothing.

    Raises:
        ValueError: neither.
    """
    plain = text.strip().lower()
    if plain in MISSING:
        return None
    value = WORDS[plain] if plain in WORDS else float(plain)
    if value not in (0.0, 1.0):
        raise ValueError(text)
    return bool(value)


def answer(most: float) -> Callable[[str], float | None]:
    """Reads an answer as a share of the most that could be scored, 0 to 1; words such as "correct" count too."""

    def read(text: str) -> float | None:
        plain = text.strip().lower()
        if plain in MISSING:
            return None
        value = WORDS[plain] if plain in WORDS else float(plain) / most
        if not 0.0 <= value <= 1.0:
            raise ValueError(text)
        return value

    return read


def one_of(allowed: Sequence[str]) -> Callable[[str], str | None]:
    """Reads a word that must be one of these, or nothing."""

    def read(text: str) -> str | None:
        plain = text.strip().lower()
        if plain in MISSING:
            return None
        if plain not in allowed:
            raise ValueError(text)
        return plain

    return read
