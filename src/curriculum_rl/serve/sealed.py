"""A student's state as text that a platform keeps: whose it is, of which policy, after which decision.

    b"S1" | digest of the bundle, 16 bytes | digest of the learner, 8 | length and id of the last decision | S float32
          | BLAKE2b of all before, 8 bytes                                            as base64

The check tells what was cut, mixed up or mistyped. It is no signature: who can forge a state can forge what the student
did just as well, and gets a recommendation for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from curriculum_rl.serve.refusals import Refused

MAGIC: Final = b"S1"
POLICY, LEARNER, CHECK = 16, 8, 8
_NAMES: Final = len(MAGIC) + POLICY + LEARNER
State = npt.NDArray[np.float32]
_REBUILD: Final = "make it again with POST /v1/state"


@dataclass(frozen=True)
class Opened:
    """What a sealed state holds: (1, S), and the id of the decision that it was handed out with; "": none."""

    state: State
    event: str


@dataclass(frozen=True)
class Seal:
    """Seals and opens the states of one policy.

    Attributes:
        digest: "sha256:..." of its bundle.
        size: numbers of a state.
        before: digests of bundles whose states mean the same: those that this one was recatalogued from.
    """

    digest: str
    size: int
    before: tuple[str, ...] = ()

    def close(self, state: State, learner: str, event: str = "") -> str:
        """The text."""
        name = event.encode()
        content = b"".join([
            MAGIC, _policy(self.digest), named(learner), bytes([len(name)]), name, state.astype("<f4").tobytes()
        ])  # fmt: skip
        return base64.b64encode(content + _check(content)).decode()

    def open(self, text: str, learner: str) -> Opened:
        """What is in it.

        Raises:
            Refused: it is damaged, of another policy, or another learner's.
        """
        try:
            whole = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise _refused(422, "is not the text that was handed out (base64)") from None
        content, check = whole[:-CHECK], whole[-CHECK:]
        if not content.startswith(MAGIC) or check != _check(content):
            raise _refused(422, f"is damaged or cut short; send it as it was handed out, or {_REBUILD}")
        if content[len(MAGIC) :][:POLICY] not in map(_policy, (self.digest, *self.before)):
            raise _refused(409, f"is of another policy than is served here; {_REBUILD}")
        if content[len(MAGIC) + POLICY :][:LEARNER] != named(learner):
            raise _refused(409, "is another learner's")
        name, numbers = content[_NAMES : -4 * self.size], content[-4 * self.size :]
        if [*name[:1]] != [len(name) - 1] or not name.isascii():
            raise _refused(422, f"has not the size of a state; {_REBUILD}")
        state = np.frombuffer(numbers, "<f4").astype(np.float32)
        if not np.isfinite(state).all():
            raise _refused(422, f"holds what is no number; {_REBUILD}")
        return Opened(state[None], name[1:].decode())


def named(learner: str) -> bytes:
    """What stands for a learner where the pseudonym itself need not."""
    return hashlib.sha256(learner.encode()).digest()[:LEARNER]


def _policy(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix("sha256:"))[:POLICY]


def _check(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=CHECK).digest()


def _refused(status: int, message: str) -> Refused:
    return Refused(status, [("state", message)])
