"""The service's description (OpenAPI 3.1), made from the messages themselves."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from curriculum_rl import __version__
from curriculum_rl.serve.messages import Problem, RankReply, RankRequest, RewardRequest, StateReply, StateRequest

_SCHEMAS: Final = "#/components/schemas/"
_SENT: Final = (RankRequest, RewardRequest, StateRequest)
_GOT: Final = (RankReply, StateReply, Problem)


def document(name: str, digest: str) -> dict[str, Any]:
    """The description of the service of a policy."""
    given: list[tuple[type[BaseModel], Any]] = [(kind, "validation") for kind in _SENT]
    given += [(kind, "serialization") for kind in _GOT]
    _, schemas = models_json_schema(given, ref_template=_SCHEMAS + "{model}")
    anything = {"type": "object"}
    event = [{"name": "event_id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Teaching policy {name}", "version": __version__, "description": digest},
        "components": {"schemas": schemas["$defs"]},
        "paths": {
            "/v1/rank": _post("An activity for a student", RankRequest, {"201": _of(RankReply)}),
            "/v1/events/{event_id}/activate": _post("Makes a deferred decision one", None, {"204": None}, event),
            "/v1/events/{event_id}/reward": _post("What a decision was worth", RewardRequest, {"204": None}, event),
            "/v1/state": _post("A student's state from raw events", StateRequest, {"200": _of(StateReply)}),
            "/v1/catalogue": _get("Activities, concepts and prerequisites", "application/json", anything),
            "/healthz": _get("Whether the service can answer", "application/json", anything),
            "/metrics": _get("Counts, for Prometheus", "text/plain", {"type": "string"}),
        },
    }


def _of(kind: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _SCHEMAS + kind.__name__}


def _post(
    summary: str, sent: type[BaseModel] | None, answers: dict[str, Any], parameters: list[Any] | None = None
) -> dict[str, Any]:
    responses: dict[str, Any] = {
        "default": _response("A problem: what is wrong, field by field", _of(Problem), "problem+")
    }
    for status, schema in answers.items():
        responses[status] = _response("Done", schema) if schema else {"description": "Done"}
    described: dict[str, Any] = {"summary": summary, "responses": responses}
    if sent:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _of(sent)}}}
    if parameters:
        described["parameters"] = parameters
    return {"post": described}


def _response(told: str, schema: dict[str, Any], kind: str = "") -> dict[str, Any]:
    return {"description": told, "content": {f"application/{kind}json": {"schema": schema}}}


def _get(summary: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "get": {"summary": summary, "responses": {"200": {"description": "It", "content": {kind: {"schema": schema}}}}}
    }
