"""JSON read strictly: a key given twice is refused, and what is no JSON says where."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from curriculum_rl.violations import InvalidInput, Violations


def check_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        InvalidInput: the file cannot be read, is no JSON, or gives a key twice.
    """
    try:
        return parsed(path.read_bytes(), str(path))
    except OSError as error:
        raise InvalidInput(str(path), [f"cannot be read ({error.strerror}): check the path"]) from None


def parsed(text: bytes, where: str) -> Any:
    """The content of JSON; NaN and numbers too large are left to whoever checks the numbers.

    Raises:
        InvalidInput: it is no JSON, or is nested without end; or every key that stands twice in one mapping.
    """
    check = Violations(where)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        for key, times in Counter(key for key, _ in pairs).items() if len(found) < len(pairs) else ():
            about = f" of {found['id']!r}" if key != "id" and isinstance(found.get("id"), str) else ""
            check.that(times == 1, f"{key}{about}: is given {times} times in one mapping. Delete all but one")
        return found

    try:
        content = json.loads(text.decode("utf-8-sig"), object_pairs_hook=mapping, parse_int=_whole)
        if b"\\u" in text:
            json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidInput(where, ["holds half of a surrogate pair, which is no text"]) from None
    except UnicodeDecodeError as error:
        raise InvalidInput(where, [f"is not UTF-8 text (byte {error.start}): save it as UTF-8"]) from None
    except RecursionError:
        raise InvalidInput(where, ["is nested too deeply to be read"]) from None
    except ValueError as error:
        raise InvalidInput(where, [f"is not JSON: {str(error)[:200]}"]) from None
    check.raise_all()
    return content


def _whole(digits: str) -> int | float:
    """A whole number; infinite where no other number could be reckoned with it."""
    return int(digits) if len(digits) < 300 else float(digits)
