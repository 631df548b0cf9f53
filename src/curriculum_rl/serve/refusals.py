"""A request that is refused: a status, and every field that is at fault. No value that was sent is ever repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.responses import Response

PROBLEM: Final = "application/problem+json"
MOST_TOLD: Final = 20
Sent = TypeVar("Sent", bound=BaseModel)
Told = tuple[str, str]
"""A field, and what is wrong with it."""

_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is no field of this request",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_pattern_mismatch": "must be of letters, digits and . _ ~ : - alone, not empty and not too long",
}


class Refused(Exception):
    """What is wrong with a request."""

    def __init__(self, status: int, violations: Iterable[Told]) -> None:
        self.status, self.violations = status, list(violations)
        super().__init__(f"{status}: {self.violations}")


def parsed(kind: type[Sent], body: bytes) -> Sent:
    """The message of a body.

    Raises:
        Refused: it is no such message; every field at fault is named.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    raise Refused(422, [(_field(one["loc"]), _WORDS.get(one["type"], one["msg"])) for one in found])


def _field(place: Sequence[int | str]) -> str:
    """A field as JSON paths write it; a name that nobody gave it here might be anything, and is not repeated."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{_word(part)}" for part in place)
    return path.removeprefix(".") or "body"


def _word(name: str) -> str:
    return name if re.fullmatch("[a-z][a-z_]{0,30}", name) else "(a field of another name)"


def problem(
    status: int, title: str, violations: Iterable[Told] = (), headers: dict[str, str] | None = None
) -> Response:
    """The answer to a request that is refused (RFC 9457)."""
    return Response(to_json(told_of(status, title, violations)), status, headers, PROBLEM)


def told_of(status: int, title: str, violations: Iterable[Told]) -> dict[str, Any]:
    """What such an answer says."""
    told = [{"field": field, "message": message} for field, message in violations]
    return {"title": title, "status": status, "violations": told[:MOST_TOLD]}
