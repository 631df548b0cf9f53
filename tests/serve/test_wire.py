"""A connection on which no request comes is closed; one that is used is kept."""

from __future__ import annotations

import asyncio
import time

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from curriculum_rl.serve import wire


async def nothing(request: object) -> Response:
    return Response(status_code=204)


ASKED = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def alive_for(parts: list[bytes], pause: float) -> tuple[float, bytes]:
    """Seconds until the service closes a connection on which these parts come, and what it answered."""
    config = uvicorn.Config(Starlette(routes=[Route("/", nothing)]), port=0, http=wire.Impatient, log_level="error")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began, answered = time.monotonic(), b""
    for part in parts:
        writer.write(part)
        await asyncio.sleep(pause)
    try:
        answered = await asyncio.wait_for(reader.read(), 1.0)
    except TimeoutError:
        answered = b"kept"
    except ConnectionError:  # it was closed while we wrote
        answered = b""
    took = time.monotonic() - began
    server.should_exit = True
    writer.close()
    await running
    return took, answered


@pytest.mark.parametrize("parts", [[], [b"GET / HT"], [b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 8]])
def test_a_request_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, parts: list[bytes]):
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    took, answered = asyncio.run(alive_for(parts, 0.05))
    assert took < 1.0
    assert answered == b""


def test_a_connection_that_is_used_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    _, answered = asyncio.run(alive_for([ASKED] * 4, 0.15))
    assert answered == b"kept"
