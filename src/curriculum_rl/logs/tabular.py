"""Tables, from CSV of any size or from Parquet, as blocks of cells of text."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from curriculum_rl.batch import Int
from curriculum_rl.logs.cells import Cells
from curriculum_rl.logs.formats import Format, ImportConfig
from curriculum_rl.logs.lines import Lines, good_lines
from curriculum_rl.logs.sources import Source, blocks
from curriculum_rl.logs.table import plain, shown
from curriculum_rl.logs.tally import Tally
from curriculum_rl.violations import InvalidInput, Violations

_DELIMITERS: Final = ",;\t|"
_ROWS: Final = 100_000


def table_cells(source: Source, format_: Format, config: ImportConfig, tally: Tally) -> Iterator[Cells]:
    """The rows of one file, some megabytes at a time.

    Raises:
        InvalidInput: the file is no table, or lacks a column.
    """
    read = _parquet if source.kind == "parquet" else _text
    for cells in read(source, format_, config, tally):
        if format_.student_from_name:
            cells.text["student_id"] = pa.repeat(source.path.name.split(".")[0], len(cells))
        yield cells


def _parquet(source: Source, format_: Format, config: ImportConfig, tally: Tally) -> Iterator[Cells]:
    try:
        file = pq.ParquetFile(source.path)
        names = _find(source, file.schema_arrow.names, format_, config)
        first = 1
        for batch in file.iter_batches(_ROWS, columns=list(dict.fromkeys(names.values()))):
            text = {role: _as_text(batch.column(name)) for role, name in names.items()}
            tally.read += batch.num_rows
            yield Cells(text, {}, names, np.arange(first, first + batch.num_rows), source.number, tally)
            first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(source.name, [f"this is no readable Parquet file ({type(error).__name__})"]) from None
    if first == 1:
        raise InvalidInput(source.name, ["the table has no rows"])


def _as_text(column: pa.Array) -> pa.Array:
    """Cells as text; null is empty, the cells of lists are joined by semicolons."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        cells = [";".join(map(str, cell)) if cell is not None else "" for cell in column.to_pylist()]
        return pa.array(cells, pa.string())
    return pc.fill_null(column.cast(pa.string()), "")


def _text(source: Source, format_: Format, config: ImportConfig, tally: Tally) -> Iterator[Cells]:
    encoding = config.encoding or format_.encoding
    header: list[str] | None = None
    before = tally.read
    for first, block in blocks(source):
        if header is None:
            line, _, block = block.partition(b"\n")
            first += 1
            header, delimiter = _header(source, line, encoding)
            names = _find(source, header, format_, config)
        lines = good_lines(block, first, source.number, encoding, True, tally)
        if len(lines.numbers):
            yield _cells(lines, header, delimiter, names, source.number, tally)
    if tally.read == before:
        what = "has a header and no rows" if header else "is empty"
        raise InvalidInput(source.name, [f"the file {what}"])


def _header(source: Source, line: bytes, encoding: str) -> tuple[list[str], str]:
    """The names of the columns, and what separates them: whichever of comma, semicolon, tab and bar is most frequent.

    Raises:
        InvalidInput: no names.
    """
    try:
        text = line.decode(encoding).removesuffix("\r")
    except UnicodeDecodeError:
        raise InvalidInput(source.name, [f"the header is not {encoding}; say --encoding latin-1"]) from None
    if "\r" in text:
        raise InvalidInput(source.name, ["its lines end in carriage returns alone; save it with usual line ends"])
    delimiter = max(_DELIMITERS, key=text.count)
    try:
        names = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        names = []
    if "\0" in text or not any(name.strip() for name in names):
        raise InvalidInput(source.name, ["the first line is no header: names of columns were expected"])
    return names, delimiter


def _cells(lines: Lines, header: list[str], delimiter: str, names: dict[str, str], file: int, tally: Tally) -> Cells:
    places = {role: header.index(name) for role, name in names.items()}
    wanted = sorted(set(places.values()))
    table, numbers = _parsed(lines, len(header), delimiter, wanted, file, tally)
    return Cells({role: table[wanted.index(i)] for role, i in places.items()}, {}, names, numbers, file, tally)


def _parsed(
    lines: Lines, width: int, delimiter: str, wanted: list[int], file: int, tally: Tally
) -> tuple[list[pa.Array], Int]:
    """The wanted columns of lines, and the numbers of the lines that have as many cells as the header."""
    odd: list[int] = []

    def skip(row: Any) -> str:
        odd.append(row.number - 1)
        return "skip"

    names = [str(i) for i in range(width)]
    # One more row at the end: a stray quotation mark that swallows it is seen, as anywhere else.
    text = lines.text + delimiter.encode() * (width - 1) + b"\n"
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(text),
            pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(text) + 1),
            pa_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=skip),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=[str(i) for i in wanted]
            ),
        )
    except pa.ArrowInvalid:
        return _one_by_one(lines, width, delimiter, wanted, file, tally)
    if table.num_rows + len(odd) != len(lines.numbers) + 1:  # a stray quotation mark made one row of several lines
        return _one_by_one(lines, width, delimiter, wanted, file, tally)
    bad = np.zeros(len(lines.numbers), dtype=np.bool_)
    bad[odd] = True
    tally.reject(file, lines.numbers[bad], "", "cells")
    columns = [pa.concat_arrays(column.chunks) for column in table.slice(0, table.num_rows - 1)]
    return columns, lines.numbers[~bad]


def _one_by_one(
    lines: Lines, width: int, delimiter: str, wanted: list[int], file: int, tally: Tally
) -> tuple[list[pa.Array], Int]:
    """The same, slowly and line by line, so that no quotation mark can reach beyond its line."""
    kept, numbers = [], []
    for number, line in zip(lines.numbers.tolist(), lines.text.decode().split("\n"), strict=False):
        try:
            row = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            tally.reject(file, [number], "", "quote")
            continue
        if len(row) != width:
            tally.reject(file, [number], "", "cells")
            continue
        kept.append([row[i] for i in wanted])
        numbers.append(number)
    columns = [pa.array([row[i] for row in kept], pa.string()) for i in range(len(wanted))]
    return columns, np.array(numbers, dtype=np.int64)


def _find(source: Source, header: list[str], format_: Format, config: ImportConfig) -> dict[str, str]:
    """The file's name of each role and group, or one message that says all that is missing."""
    check = Violations(source.name)
    by_plain = {plain(name): name for name in reversed(header)}
    found: dict[str, str] = {}
    asked = dict(config.columns) | {f"group_{name}": column for name, column in config.groups.items()}
    for role, name in asked.items():
        if name in header:
            found[role] = name
        else:
            check.add(f"column {role}", name, "no such column", f"The file has: {shown(header)}.")
    for role, aliases in format_.columns.items():
        if role in asked:
            continue
        alias = next((plain(a) for a in aliases if plain(a) in by_plain), None)
        if alias is not None:
            found[role] = by_plain[alias]
        elif role in format_.needed:
            remedy = f"call it one of {', '.join(aliases)}, or say --column {role}=NAME"
            check.that(False, f"column {role}: is missing; {remedy}. The file has: {shown(header)}.")
    if not ({"seq", "timestamp"} & found.keys() or format_.by_rows or config.by_rows):
        remedy = "name one with --column order=NAME or time=NAME, or say --by-rows if rows are in order"
        check.that(False, f"column order, or time: is missing; {remedy}. The file has: {shown(header)}.")
    for name in set(found.values()):
        check.that(header.count(name) == 1, f"column {name[:30]!r}: stands {header.count(name)} times in the header")
    check.raise_all()
    return found
