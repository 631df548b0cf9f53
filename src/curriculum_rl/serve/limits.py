"""What one client may ask of the service: so many bytes, in so much time, so many requests at once.

The body is read here, whole, before anything else sees the request: over the limit it is 413, too slow 408, and past
the cap on requests at once everything is 503. The connection is closed after each of these. What is over the limit by
little is read to its end and dropped, since a client that is still sending sees no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curriculum_rl.serve.refusals import problem

MOST_BYTES: Final = 64 * 1024
MOST_DROPPED: Final = 16 * MOST_BYTES
CLOSE: Final = {"connection": "close"}


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    pass


@dataclass
class Limits:
    """Attributes:
    app: gets the requests that keep to the limits.
    seconds: in which a body must be there.
    at_once: requests that are read or answered at the same time.
    refused: is told the status of every request that did not get through.
    """

    app: ASGIApp
    seconds: float
    at_once: int
    refused: Callable[[int], None] = lambda status: None

    def __post_init__(self) -> None:
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._now >= self.at_once:
            full = problem(503, "too many requests at once; ask again", headers=CLOSE | {"retry-after": "1"})
            await self._refuse(full, scope, receive, send)
            return
        self._now += 1
        try:
            body = await self._body(scope, receive)
            await self.app(scope, _replayed(body, receive), send)
        except _TooLarge:
            told = [("body", f"must be at most {MOST_BYTES:,} bytes")]
            await self._refuse(problem(413, "the request is too large", told, CLOSE), scope, receive, send)
        except TimeoutError:
            told = [("body", f"must be there within {self.seconds:g} seconds")]
            await self._refuse(problem(408, "the request came too slowly", told, CLOSE), scope, receive, send)
        except _Gone:
            pass
        finally:
            self._now -= 1

    async def _refuse(self, answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
        self.refused(answer.status_code)
        await answer(scope, receive, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if length == b"0" and b"transfer-encoding" not in headers:
            return b""
        if len(length) > 9 or int(length) > MOST_DROPPED:  # the server lets nothing but digits through
            raise _TooLarge
        parts: list[bytes] = []
        size, more = 0, True
        async with asyncio.timeout(self.seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                part: bytes = message.get("body", b"")
                size, more = size + len(part), message.get("more_body", False)
                if size > MOST_DROPPED:
                    raise _TooLarge
                if size <= MOST_BYTES:
                    parts.append(part)
        if size > MOST_BYTES:
            raise _TooLarge
        return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body in one piece, then what the client does next."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
