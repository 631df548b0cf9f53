"""Columns of the canonical log as infos of a Minari episode, and back.

An info holds a value for every observation, so one more than there are decisions: the last is repeated. Text has "" for
what is missing, numbers have nan or the least whole number; lists of ids become masks over the catalogue's. What is
left out, the episode or the catalogue says: rewards, endings, what was offered (the action), skills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curriculum_rl.logs.schema import GROUP, schema
from curriculum_rl.ope.logged import Logged
from curriculum_rl.world import Platform

Infos = Mapping[str, npt.NDArray[Any]]
"""By name, (N, ...) each."""

SAID_OTHERWISE: Final = ("reward", "terminated", "truncated", "offered", "skills")
NO_NUMBER: Final = int(np.iinfo(np.int64).min)


def infos_of(
    table: pa.Table, logged: Logged, platform: Platform, columns: Sequence[str]
) -> dict[str, npt.NDArray[Any]]:
    """The infos of every row of a bucket; `columns` are those that the log has values in."""
    infos: dict[str, npt.NDArray[Any]] = {}
    for field in schema([name for name in columns if name.startswith(GROUP)]):
        if field.name not in columns or field.name in SAID_OTHERWISE:
            continue
        column = table[field.name]
        if field.name == "eligible":
            everything = np.ones((len(table), len(platform.curriculum.activities)), dtype=np.bool_)
            infos["eligible"] = everything if logged.eligible is None else logged.eligible
        elif field.name == "goals":
            infos["goals"] = logged.goals[logged.student]
        elif pa.types.is_string(field.type):
            infos[field.name] = np.array(pc.fill_null(column, "").to_pylist(), dtype=object)
        elif pa.types.is_floating(field.type):
            infos[field.name] = np.asarray(pc.fill_null(column, np.nan))
        elif not pa.types.is_list(field.type):
            infos[field.name] = np.asarray(pc.fill_null(column.cast(pa.int64()), NO_NUMBER))
    return infos


def columns_of(infos: Infos, decisions: int, platform: Platform, groups: Sequence[str]) -> dict[str, pa.Array]:
    """The columns that infos hold, of so many decisions."""
    ids = {
        "eligible": np.array([a.id for a in platform.curriculum.activities], dtype=object),
        "goals": np.array([c.id for c in platform.curriculum.concepts], dtype=object),
    }
    columns = {}
    for field in schema(groups):
        if field.name not in infos or field.name in SAID_OTHERWISE:
            continue
        values = np.asarray(infos[field.name])[:decisions]
        if field.name in ids:
            columns[field.name] = pa.array([ids[field.name][own].tolist() for own in values], field.type)
        elif pa.types.is_string(field.type):
            text = [one.decode() if isinstance(one, bytes) else str(one) for one in values]
            columns[field.name] = pa.array([one or None for one in text], field.type)
        elif pa.types.is_floating(field.type):
            columns[field.name] = pa.array(values, field.type, mask=np.isnan(values))
        elif not pa.types.is_list(field.type):
            columns[field.name] = pa.array(values, pa.int64(), mask=values == NO_NUMBER).cast(field.type)
    return columns
