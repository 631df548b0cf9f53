"""Pseudonyms: HMAC-SHA256 of a student's id under a secret key, the first 128 bits as hexadecimal digits.

Who has the key can tell whose pseudonym is whose, by trying ids; who has not cannot. It is therefore kept apart from
the log. Imports under one key agree: a student has the same pseudonym in all of them. Ids are taken as they stand:
"007", "7" and " 7" are three students.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Final

import pyarrow as pa

from curriculum_rl.violations import InvalidInput

_BYTES: Final = 32


def secret(path: Path, log: Path) -> bytes:
    """The key in a file, which is made (mode 0600) if it is not there.

    Raises:
        InvalidInput: the file is no key, others may read it, or it would lie inside the log.
    """
    if log.resolve() in path.resolve().parents:
        raise InvalidInput(str(path), ["the key must not lie in the folder of the log; choose another place"])
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
    if not path.is_file():
        raise InvalidInput(str(path), ["is no file; give the file of a key"])
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidInput(str(path), [f"others may read this key; say `chmod 600 {path}`"])
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) < _BYTES:
        raise InvalidInput(str(path), [f"is no key: at least {2 * _BYTES} hexadecimal digits were expected"])
    return key


def pseudonyms(student: pa.Array, key: bytes) -> pa.Array:
    """Of each id its pseudonym, (n,)."""
    encoded = student.dictionary_encode()
    made = [
        hmac.digest(key, i.encode("utf-8", "surrogatepass"), "sha256")[:16].hex()
        for i in encoded.dictionary.to_pylist()
    ]
    return pa.array(made, pa.string()).take(encoded.indices)
