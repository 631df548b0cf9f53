"""The addresses beside the decisions: the catalogue, how it is, what was counted, and the description of all."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from starlette.routing import Route

from curriculum_rl.serve.app import application
from curriculum_rl.serve.messages import RankReply, RankRequest
from tests.serve.services import Local


def test_the_catalogue_is_that_of_the_bundle(local: Local):
    found = local.send("GET", "/v1/catalogue").json
    bundle = local.service.decider.runner.bundle
    assert {key: found[key] for key in bundle.catalogue} == dict(bundle.catalogue)
    assert (found["policy"], found["exploration"]) == (bundle.digest, 0.3)


def test_health_names_the_policy(local: Local):
    found = local.send("GET", "/healthz")
    assert (found.status, found.json["status"], found.json["name"]) == (200, "ok", "greedy_credit")
    assert found.json["policy"] == local.service.decider.digest


def test_what_happened_is_counted_and_names_nobody(local: Local):
    for i in range(3):
        local.rank(event_id=f"e{i}", learner="somebody-secret")
    local.rank(event_id="t", learner="somebody-secret", pinned="recipe")
    local.rank(learner="")
    local.post("/v1/events/e1/reward", value=1)
    text = local.send("GET", "/metrics").body.decode()
    counts = dict(re.findall(r"^(curriculum_\S+) (\S+)$", text, re.MULTILINE))
    assert float(counts['curriculum_answers_total{path="/v1/rank",status="201"}']) == 4
    assert float(counts['curriculum_answers_total{path="/v1/rank",status="422"}']) == 1
    assert float(counts['curriculum_decisions_total{served_by="policy"}']) == 3
    assert float(counts['curriculum_decisions_total{served_by="teacher"}']) == 1
    assert float(counts["curriculum_rewards_total"]) == 1
    size = sum(path.stat().st_size for path in local.log.glob("*.jsonl"))
    assert float(counts["curriculum_log_bytes_total"]) == size
    assert float(counts['curriculum_seconds_count{path="/v1/rank"}']) == 5
    assert "secret" not in text


def test_the_description_is_whole(local: Local):
    described = local.send("GET", "/openapi.json").json
    routes = [route for route in application(local.service).routes if isinstance(route, Route)]
    there = {(route.path, method.lower()) for route in routes for method in route.methods or () if method != "HEAD"}
    told = {(path, method) for path, operations in described["paths"].items() for method in operations}
    assert told | {("/openapi.json", "get")} == there
    schemas = described["components"]["schemas"]
    for name in re.findall(r'"\$ref": "([^"]*)"', json.dumps(described)):
        assert name.removeprefix("#/components/schemas/") in schemas
    assert set(schemas["RankRequest"]["properties"]) == set(RankRequest.model_fields)
    assert schemas["RankRequest"]["additionalProperties"] is False
    reply = local.rank(event_id="e1", learner="p7").json
    assert set(reply) == set(schemas["RankReply"]["properties"])
    RankReply.model_validate_json(json.dumps(reply))


def test_it_needs_no_torch_and_no_simulator():
    program = "import sys, curriculum_rl.serve.server; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "starlette" in loaded
    assert not {"torch", "mlflow", "pandas", "pyarrow", "hydra", "onnx", "scipy"} & set(loaded)
    own = {name.split(".")[1] for name in loaded if name.startswith("curriculum_rl.")}
    package = {"envs", "resources"}  # where Gymnasium is installed, the package tells it of its environments
    assert own <= {"serve", "runner", "violations", "files"} | package
