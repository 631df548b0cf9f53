"""The connection itself: the head of a request must come soon, and be small; its body is for `limits.py`."""

from __future__ import annotations

import asyncio
from typing import Final

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from curriculum_rl.serve.refusals import PROBLEM, told_of

HEAD_SECONDS: Final = 10.0
HEAD_BYTES: Final = 16 * 1024


class Impatient(HttpToolsProtocol):
    """Closes a connection whose request does not begin properly."""

    _head: int | None = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for a first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what comes before a body."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """A request begins: on a connection that is kept, another one."""
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._stop()
        self._head = None
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no request of HTTP gets an answer like all others."""
        told = f"must be HTTP/1.1 of at most {HEAD_BYTES:,} bytes, with the length that the body has"
        content = to_json(told_of(400, "no request", [("head", told)]))
        length = f"content-length: {len(content)}".encode()
        head = [b"HTTP/1.1 400 Bad Request", f"content-type: {PROBLEM}".encode(), length, b"connection: close"]
        self.transport.write(b"\r\n".join([*head, b"", content]))
        self.transport.close()

    def _wait(self) -> None:
        self._stop()
        self._head = 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
