"""Lines that can be read, and those that cannot, told apart block by block.

One row is one line: a quotation mark that is not closed on its line spoils that line, never the file. Text that runs
over several lines is therefore not read; each of its lines is rejected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curriculum_rl.batch import Bool, Int
from curriculum_rl.logs.sources import LONGEST_LINE
from curriculum_rl.logs.tally import Tally


@dataclass(frozen=True)
class Lines:
    """Whole lines of UTF-8, each ended by a newline alone, and their numbers in the file, (n,)."""

    text: bytes
    numbers: Int


def good_lines(block: bytes, first: int, file: int, encoding: str, quoted: bool, tally: Tally) -> Lines:
    """The lines of a block that can be read; blank ones are no rows, the others are rejected.

    Args:
        block: whole lines.
        first: number of the first.
        file: number of the file.
        encoding: utf-8 or latin-1.
        quoted: whether quotation marks come in pairs, as in CSV.
        tally: counts the rows and gets the rejects.
    """
    block = block.replace(b"\r\n", b"\n")
    if encoding == "latin-1":
        block = block.decode("latin-1").encode()
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == 10)
    starts = np.r_[0, ends[:-1] + 1]
    good = ends > starts
    tally.read += int(good.sum())

    def refuse(code: str, bad: Bool) -> None:
        tally.reject(file, (first + np.flatnonzero(bad & good)).astype(np.int64), "", code)
        good[bad] = False

    def holding(byte: bytes) -> Bool:
        held = np.zeros(len(ends), dtype=np.bool_)
        if byte in block:
            held[np.searchsorted(ends, np.flatnonzero(data == byte[0]))] = True
        return held

    blank = ~good
    refuse("long", ends - starts > LONGEST_LINE)
    refuse("control", holding(b"\0") | holding(b"\r"))
    if quoted and b'"' in block:
        refuse("quote", np.add.reduceat(data == 34, starts) % 2 == 1)
    refuse("encoding", _undecodable(block, starts, ends))
    good &= ~blank
    numbers = first + np.flatnonzero(good)
    if good.all():
        return Lines(block, numbers)
    return Lines(data[np.repeat(good, ends - starts + 1)].tobytes(), numbers)


def _undecodable(block: bytes, starts: Int, ends: Int) -> Bool:
    bad = np.zeros(len(ends), dtype=np.bool_)
    try:
        block.decode()
    except UnicodeDecodeError:
        for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            try:
                block[start:end].decode()
            except UnicodeDecodeError:
                bad[i] = True
    return bad
