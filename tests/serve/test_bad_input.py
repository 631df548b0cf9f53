"""Whatever is sent, the answer is a 4xx that names the field and repeats nothing, and the service lives on."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from curriculum_rl.serve.app import application
from curriculum_rl.serve.limits import MOST_BYTES, Limits
from curriculum_rl.serve.messages import RankRequest
from curriculum_rl.serve.refusals import Refused, parsed
from tests.serve.services import Answer, Local, Process, alive, ask, process, raw, read_answer, sent

RANK, STATE = "/v1/rank", "/v1/state"
LAST = {"activity": "parts-easy", "correct": 1, "elapsed_s": 60}
FUZZED = 1_000
SECRET = "Jane.Doe.Secret"


def asked(**content: Any) -> bytes:
    return json.dumps({"event_id": "e1", "learner": "p7"} | content).encode()


def last(**content: Any) -> bytes:
    return asked(last_event=LAST | content)


NUMBERS = {
    "NaN": (last().replace(b"60", b"NaN"), "last_event.elapsed_s"),
    "minus infinity": (last().replace(b"60", b"-Infinity"), "last_event.elapsed_s"),
    "1e400": (last().replace(b"60", b"1e400"), "last_event.elapsed_s"),
    "a long whole number": (last().replace(b"60", b"9" * 400), "last_event.elapsed_s"),
    "NaN for an answer": (last().replace(b"1,", b"NaN,", 1), "last_event.correct"),
    "negative time": (last(elapsed_s=-1), "last_event.elapsed_s"),
    "too long a time": (last(elapsed_s=1e11), "last_event.elapsed_s"),
    "answer above 1": (last(correct=1.01), "last_event.correct"),
    "answer missing": (last(correct=None), "last_event.correct"),
    "a number as text": (last(correct="1"), "last_event.correct"),
    "true for a number": (last(correct=True), "last_event.correct"),
    "unlikely propensity": (asked(own_choice={"activity": "recipe", "propensity": 0}), "own_choice.propensity"),
}
IDS = {
    "unknown activity": (last(activity=SECRET), "last_event.activity"),
    "unknown exclusion": (asked(excluded=["recipe", SECRET]), "excluded[1]"),
    "unknown pin": (asked(pinned=SECRET), "pinned"),
    "unknown choice": (asked(own_choice={"activity": SECRET}), "own_choice.activity"),
    "unknown goal": (asked(goals=["parts", SECRET]), "goals[1]"),
    "no goal": (asked(goals=[]), "goals"),
    "excluded pin": (asked(pinned="recipe", excluded=["recipe"]), "pinned"),
    "pin and choice": (asked(pinned="recipe", own_choice={"activity": "recipe"}), "own_choice"),
    "learner with an address": (asked(learner=f"{SECRET}@example.org"), "learner"),
    "learner with a name": (asked(learner="Jane Doe"), "learner"),
    "learner of nothing": (asked(learner=""), "learner"),
    "learner too long": (asked(learner="p" * 129), "learner"),
    "learner of a line end": (asked(learner="p7\n"), "learner"),
    "no learner": (b'{"event_id": "e1"}', "learner"),
    "learner null": (asked(learner=None), "learner"),
    "event id of a path": (asked(event_id="../e1"), "event_id"),
    "event id too long": (asked(event_id="e" * 65), "event_id"),
    "state of nothing": (asked(state=""), "state"),
    "state of text": (asked(state=SECRET), "state"),
    "goals beside a state": (asked(state="AAAA", goals=["parts"]), "goals"),
    "a time without a zone": (asked(asked_at="2026-11-22T10:00:00"), "asked_at"),
    "a time as a number": (asked(asked_at=1.7e9), "asked_at"),
    "a time long ago": (asked(asked_at="0001-01-01T00:00:00+14:00"), "asked_at"),
}
SHAPES = {
    "nothing": (b"", "body"),
    "no JSON": (b"learner=p7", "body"),
    "cut short": (asked()[:-1], "body"),
    "more than JSON": (asked() + b"}", "body"),
    "no UTF-8": (b'{"learner": "\xff"}', "body"),
    "half a surrogate": (b'{"learner": "\\ud800"}', "body"),
    "a list": (b"[]", "body"),
    "null": (b"null", "body"),
    "a field too many": (asked(colour=SECRET), "colour"),
    "a field whose name is a secret": (asked(**{SECRET: 1}), "(a field of another name)"),
    "an object for a list": (asked(excluded={"0": "recipe"}), "excluded"),
    "text for an object": (asked(last_event=SECRET), "last_event"),
    "lists, deep": (b"[" * 60_000, "body"),
    "objects, deep": (b'{"last_event":' * 4_000, "body"),
    "a list in a field, deep": (asked(pinned=0).replace(b"0", b"[" * 30_000 + b"]" * 30_000), "body"),
}
ALL = NUMBERS | IDS | SHAPES


@pytest.fixture(scope="module")
def served(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """One service for all of it: what one request does must not harm the next."""
    local = Local(bundle, tmp_path_factory.mktemp("bad"), explore=0.1)
    yield local
    local.close()


@pytest.mark.parametrize("name", ALL)
def test_the_field_is_named_and_nothing_repeated(served: Local, name: str):
    body, field = ALL[name]
    refused = served.send("POST", RANK, body)
    assert refused.status == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.fields == [field]
    assert SECRET.encode() not in refused.body
    assert served.lines() == []
    assert served.send("GET", "/healthz").status == 200


def test_all_that_is_wrong_is_told_at_once(served: Local):
    refused = served.rank(learner="", last_event={"correct": 2}, excluded=[1], extra=None)
    assert refused.fields == [
        "learner", "last_event.activity", "last_event.correct", "last_event.elapsed_s", "excluded[0]", "extra",
    ]  # fmt: skip
    refused = served.rank(learner="p7", last_event=LAST | {"activity": "x"}, excluded=["y"] * 40, pinned="z")
    assert refused.fields[:2] == ["excluded[0]", "excluded[1]"]
    assert len(refused.fields) == 20


def test_raw_events_are_checked_like_the_last_one(served: Local):
    events = [LAST, LAST | {"activity": "x"}, LAST | {"correct": None}]
    assert served.post(STATE, learner="p7", events=events).fields == ["events[1].activity", "events[2].correct"]
    assert served.post(STATE, learner="p7", events=[LAST | {"elapsed_s": None}]).fields == ["events[0].elapsed_s"]
    assert served.post(STATE, learner="p7").fields == ["events"]
    assert served.post(STATE, learner="p7", events=[]).status == 200


@pytest.mark.parametrize("body", [b'{"value": NaN}', b'{"value": 1e400}', b'{"value": "1"}', b"{}", b'{"value": null}'])
def test_a_reward_is_a_finite_number(served: Local, body: bytes):
    assert served.send("POST", "/v1/events/e1/reward", body).fields == ["value"]


def test_states_of_others_are_refused(served: Local, gated: Path, tmp_path: Path):
    state = served.post(STATE, learner="p8", events=[LAST]).json["state"]
    refused = served.rank(learner="p7", state=state)
    assert (refused.status, refused.fields) == (409, ["state"])
    for cut in (state[:-4], state[4:], state[:-1], state + "AAAA"):
        refused = served.rank(learner="p8", state=cut)
        assert (refused.status, refused.fields) == (422, ["state"])
    other = Local(gated, tmp_path / "other")
    refused = other.rank(learner="p8", state=state)
    other.close()
    assert (refused.status, refused.fields) == (409, ["state"])


def test_a_forged_state_leads_to_no_failure(served: Local):
    seal = served.service.decider.seal
    size = len(served.service.decider.runner.bundle.initial_state)
    for value in (3e38, -3e38, 1e-45, 1e9, -1.0):
        state = seal.close(served.service.decider.runner.start()[0] * 0 + value, "p7")
        found = served.rank(learner="p7", state=state, last_event=LAST)
        assert found.status == 201 or (found.status, found.fields) == (422, ["state"]), (value, size)
    assert served.rank(learner="p7").status == 201


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_only_json_is_read(served: Local, kind: str):
    for path in (RANK, STATE, "/v1/events/e1/reward"):
        refused = served.send("POST", path, asked(), kind)
        assert (refused.status, refused.fields) == (415, ["content-type"])
    assert served.send("POST", RANK, asked(event_id="j"), "application/json; charset=utf-8").status == 201


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/rank", 405),
        ("POST", "/healthz", 405),
        ("GET", "/", 404),
        ("GET", "/healthz/", 404),
        ("POST", "/v1/events//reward", 404),
    ],
)
def test_other_addresses_are_problems_too(served: Local, method: str, path: str, status: int):
    found = served.send(method, path)
    assert (found.status, found.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("name", ["%00", "%ff", "e" * 8000, "..%2f..", "%F0%9F%98%80", "'; drop table events; --"])
def test_an_event_of_any_name_is_unknown(served: Local, name: str):
    refused = served.post(f"/v1/events/{unquote(name)}/reward", value=1)
    assert refused.status == 404
    assert name.encode() not in refused.body


def through(served: Local, parts: list[bytes], seconds: float = 0.0, allowed: float = 5.0) -> Answer:
    limits = Limits(application(served.service), allowed, 8)
    return asyncio.run(sent(limits, "POST", RANK, parts, "application/json", seconds))


def test_a_body_is_read_in_any_pieces_up_to_the_limit(served: Local):
    body = asked(event_id="piece")
    whole = through(served, [body])
    assert whole.status == 201
    assert through(served, [body[i : i + 1] for i in range(len(body))]).body == whole.body
    padded = body + b" " * (MOST_BYTES - len(body))
    assert through(served, [padded]).body == whole.body
    for parts in ([padded + b" "], [padded, b" "], [b" " * 1000] * 400):
        refused = through(served, parts)
        assert (refused.status, refused.fields) == (413, ["body"])


def test_a_slow_body_is_not_waited_for(served: Local):
    refused = through(served, [b"{"] * 100, seconds=0.05, allowed=0.2)
    assert (refused.status, refused.fields) == (408, ["body"])
    assert refused.headers["connection"] == "close"


def test_past_the_cap_it_says_so_at_once(served: Local):
    refused: list[int] = []
    limits = Limits(application(served.service), 5.0, 3, refused.append)

    async def together() -> list[Answer]:
        ids = [asked(event_id=f"t{i}") for i in range(5)]
        slow = [sent(limits, "POST", RANK, [one[:5], one[5:]], "application/json", 0.05) for one in ids]
        found = await asyncio.gather(*slow)
        return [*found, await sent(limits, "POST", RANK, [ids[0]], "application/json")]

    found = asyncio.run(together())
    assert [one.status for one in found] == [201, 201, 201, 503, 503, 201]
    assert found[3].headers["retry-after"] == "1"
    assert refused == [503, 503]


@pytest.fixture(scope="module")
def running(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A service with a second of patience, as a process of its own."""
    with process(bundle, tmp_path_factory.mktemp("wire"), "--body-seconds", "1", "--explore", "0.1") as found:
        yield found


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "0x10", "12, 13", "1" * 400])
def test_a_length_that_is_none_is_refused(running: Process, length: str):
    assert ask(running.port, raw(RANK, asked(), length=length)).status in (400, 413)
    assert alive(running.port)


def test_a_length_that_is_too_long_is_not_waited_for(running: Process):
    began = time.monotonic()
    refused = ask(running.port, raw(RANK, asked(), length=len(asked()) + 1))
    assert (refused.status, refused.fields) == (408, ["body"])
    assert time.monotonic() - began < 5.0
    with running.connect() as connection:  # the client goes away instead
        connection.sendall(raw(RANK, asked(), length=1000))
    assert alive(running.port)


def test_a_length_that_is_too_short_spoils_its_own_connection_alone(running: Process):
    with running.connect() as connection:
        connection.sendall(raw(RANK, asked(), length=len(asked()) - 1))
        refused = read_answer(connection)
        assert (refused.status, refused.fields) == (400, ["head"])
    assert ask(running.port, raw(RANK, asked(event_id="s"), "Transfer-Encoding: chunked\r\n")).status == 400
    assert alive(running.port)


def test_too_large_a_body_is_answered_even_while_it_is_sent(running: Process):
    for size in (MOST_BYTES + 1, 4 * MOST_BYTES):
        refused = ask(running.port, raw(RANK, b"[" * size))
        assert (refused.status, refused.fields) == (413, ["body"])
    deep = b"[" * 100_000
    assert ask(running.port, raw(RANK, deep)).status == 413
    refused = ask(running.port, raw(RANK, b"[", length=10**9))
    assert (refused.status, refused.fields) == (413, ["body"])
    assert alive(running.port)


def test_a_head_without_an_end_is_cut_off(running: Process):
    with running.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 10_000)
        refused = read_answer(connection)
        assert (refused.status, refused.fields) == (400, ["head"])
    assert alive(running.port)


def test_garbage_is_no_request(running: Process):
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 50 + b"A\r\n\r\n",
    ):
        with running.connect() as connection:
            connection.sendall(garbage)
            with contextlib.suppress(ConnectionError):
                assert read_answer(connection).status == 400
    assert alive(running.port)


def test_many_slow_clients_do_not_stop_the_others(running: Process):
    slow: list[socket.socket] = [running.connect() for _ in range(50)]
    for one in slow:
        one.sendall(raw(RANK, asked(), length=1000))
    assert alive(running.port)
    assert {read_answer(one).status for one in slow} == {408}
    for one in slow:
        one.close()
    assert alive(running.port)


VALUES = [
    None,
    True,
    -1,
    0,
    0.5,
    1e308,
    -1e308,
    2**63,
    "",
    "p7",
    "recipe",
    "\ud800",
    "\0",
    "é" * 300,
    [],
    {},
    [[]],
    {"a": {}},
]


def mutated(rng: random.Random, body: bytes) -> bytes:
    """A request that is nearly right."""
    content = json.loads(body)
    for _ in range(rng.randint(1, 3)):
        where = content
        while isinstance(inner := rng.choice([*where.values(), where]), dict) and inner and inner is not where:
            where = inner
        where[rng.choice([*where, "own_choice", "asked_at", "extra"])] = copy.deepcopy(rng.choice(VALUES))
    found = bytearray(json.dumps(content).encode())
    for _ in range(rng.choice([0, 0, 1, 3])):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def test_nothing_that_is_nearly_right_fails(start: Callable[..., Local]):
    local, rng, refused = start(explore=0.1), random.Random(0), Counter[int]()
    state = local.post(STATE, learner="p7", events=[LAST]).json["state"]
    full = {"learner": "p7", "state": state, "last_event": LAST | {"duration_s": 5}, "excluded": ["recipe"]}
    body = json.dumps(full | {"event_id": "e1", "asked_at": "2026-11-22T10:00:00Z"}).encode()
    for _ in range(FUZZED):
        try:
            local.service.rank(parsed(RankRequest, mutated(rng, body)))
        except Refused as told:
            refused[told.status if told.violations else 0] += 1
    assert set(refused) == {409, 422}
    assert 0.5 * FUZZED < refused.total() < FUZZED
