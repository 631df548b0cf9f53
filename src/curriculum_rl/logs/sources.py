"""Files to import as they come: plain or gzip, in blocks of whole lines, or refused in one clear message."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from curriculum_rl.violations import InvalidInput

BLOCK: Final = 8 << 20
LONGEST_LINE: Final = 1 << 20
"""Bytes; a longer line is no row but a sign of damage, and is rejected."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """One file of a log, and its number among those given, from 1.

    Where files are named after students, messages tell the number alone.
    """

    path: Path
    number: int
    named_after_student: bool = False

    @property
    def name(self) -> str:
        """For messages."""
        return f"file {self.number}" if self.named_after_student else str(self.path)

    @property
    def kind(self) -> str:
        """ "parquet", "gzip" or "text", told by the first bytes.

        Raises:
            InvalidInput: no file, an empty one, or one that holds no text.
        """
        if self.path.is_dir():
            raise InvalidInput(self.name, ["is a folder; give the files in it"])
        if not self.path.is_file():
            raise InvalidInput(self.name, ["there is no such file"])
        try:
            with self.path.open("rb") as file:
                first = file.read(4)
        except OSError as error:
            raise InvalidInput(self.name, [f"cannot be read ({error.strerror})"]) from None
        if not first:
            raise InvalidInput(self.name, ["the file is empty"])
        if first == b"PAR1":
            return "parquet"
        if first[:2] == b"\x1f\x8b":
            return "gzip"
        if first[:4] == b"PK\x03\x04":
            raise InvalidInput(self.name, ["is a ZIP archive; unpack it, and give the files in it"])
        if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise InvalidInput(self.name, ["is UTF-16; save it as UTF-8"])
        return "text"


def blocks(source: Source) -> Iterator[tuple[int, bytes]]:
    """Whole lines, some megabytes at a time: the number of the first, from 1, and the lines, each ended by a newline.

    A line longer than `LONGEST_LINE` comes cut to little more than that, so that it can be told.

    Raises:
        InvalidInput: the file cannot be read to its end.
    """
    line, carried, first = 1, b"", True
    with gzip.open(source.path) if source.kind == "gzip" else source.path.open("rb") as file:
        while piece := _read(file, source):
            if first:
                piece, first = piece.removeprefix(_BOM), False
            end = piece.rfind(b"\n") + 1
            if end:
                block, carried = carried + piece[:end], piece[end:]
                yield line, block
                line += block.count(b"\n")
            elif len(carried) <= LONGEST_LINE:  # what is far too long already need not grow
                carried += piece
    if carried:
        yield line, carried + b"\n"


def _read(file: BinaryIO | gzip.GzipFile, source: Source) -> bytes:
    try:
        return file.read(BLOCK)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        message = "the compressed file is damaged or cut short; fetch it again (`gzip -t` tells)"
        raise InvalidInput(source.name, [message]) from None
    except OSError as error:
        raise InvalidInput(source.name, [f"cannot be read to its end ({error.strerror})"]) from None
