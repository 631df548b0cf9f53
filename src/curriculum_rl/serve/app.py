"""The addresses of the service, and what becomes of errors: every answer that is no success is a problem (RFC 9457)."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curriculum_rl.serve.messages import RankRequest, RewardRequest, StateRequest
from curriculum_rl.serve.metrics import TYPE
from curriculum_rl.serve.openapi import document
from curriculum_rl.serve.refusals import Refused, parsed, problem
from curriculum_rl.serve.service import Service

COMMIT_SECONDS: Final = 0.5
_JSON: Final = "application/json"
_TITLES: Final = {404: "unknown", 409: "contradicts what is known", 415: "no JSON", 422: "not as it must be"}
Endpoint = Callable[[Service, Request, bytes], Response]


def application(service: Service) -> Starlette:
    """The ASGI application."""
    runner = service.decider.runner
    digest = service.decider.digest
    catalogue = to_json({"policy": digest, "exploration": service.decider.explore} | dict(runner.bundle.catalogue))
    described = to_json(document(runner.bundle.manifest["name"], digest))

    def route(path: str, endpoint: Endpoint, method: str = "GET", apart: bool = False) -> Route:
        return Route(path, _measured(service, path, endpoint, apart), methods=[method])

    made = Starlette(
        routes=[
            route("/v1/rank", _rank, "POST"),
            route("/v1/events/{event_id}/activate", _activate, "POST"),
            route("/v1/events/{event_id}/reward", _reward, "POST"),
            route("/v1/state", _state, "POST", apart=True),  # a long history must not keep the others waiting
            route("/v1/catalogue", lambda service, request, body: Response(catalogue, media_type=_JSON)),
            route("/healthz", _healthz),
            route("/metrics", lambda service, request, body: Response(service.metrics.text(), media_type=TYPE)),
            route("/openapi.json", lambda service, request, body: Response(described, media_type=_JSON)),
        ],
        exception_handlers={HTTPException: _http, Exception: _failed},
        lifespan=lambda app: _committing(service),
    )
    made.router.redirect_slashes = False  # an address that there is not is a problem, not another one
    return made


def _rank(service: Service, request: Request, body: bytes) -> Response:
    return Response(service.rank(parsed(RankRequest, _as_json(request, body))), 201, media_type=_JSON)


def _activate(service: Service, request: Request, body: bytes) -> Response:
    service.activate(request.path_params["event_id"])
    return Response(status_code=204)


def _reward(service: Service, request: Request, body: bytes) -> Response:
    service.reward(request.path_params["event_id"], parsed(RewardRequest, _as_json(request, body)))
    return Response(status_code=204)


def _state(service: Service, request: Request, body: bytes) -> Response:
    return _answer(service.state(parsed(StateRequest, _as_json(request, body))))


def _healthz(service: Service, request: Request, body: bytes) -> Response:
    manifest = service.decider.runner.bundle.manifest
    told = {"status": "ok" if service.writable else "the log cannot be written", "name": manifest["name"]}
    return _answer(told | {"policy": service.decider.digest}, 200 if service.writable else 503)


def _as_json(request: Request, body: bytes) -> bytes:
    """The body, if it says that it is JSON: pages of other sites can send anything else without asking."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        raise Refused(415, [("content-type", f"must be {_JSON}")])
    return body


def _measured(service: Service, path: str, endpoint: Endpoint, apart: bool) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose answers are counted, and whose refusals are answers; `apart`: in a thread of its own."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        began = time.perf_counter()
        try:
            if apart:
                response = await run_in_threadpool(endpoint, service, request, body)
            else:
                response = endpoint(service, request, body)
        except Refused as refused:
            response = problem(refused.status, _TITLES[refused.status], refused.violations)
        except (OSError, sqlite3.Error):
            response = problem(503, "the log cannot be written, and what is not logged is not answered")
        service.metrics.answered(path, response.status_code, time.perf_counter() - began)
        return response

    return answer


async def _http(request: Request, error: Exception) -> Response:
    """An address or a method that there is not."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail.lower(), headers=dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> Response:
    return problem(500, "this should not have happened")


@contextlib.asynccontextmanager
async def _committing(service: Service) -> AsyncIterator[None]:
    """While the service runs, its index is written twice a second; the journal is what must not wait."""

    async def often() -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            with contextlib.suppress(sqlite3.Error):  # a full disk is told with the next decision
                service.ledger.commit()

    task = asyncio.create_task(often())
    try:
        yield
    finally:
        task.cancel()
        service.ledger.close()
        service.journal.close()


def _answer(content: Any, status: int = 200) -> Response:
    return Response(to_json(content), status, media_type=_JSON)
