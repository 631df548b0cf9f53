"""The container file says what it must; it is not built here."""

from __future__ import annotations

import json
import re
from pathlib import Path

from starlette.routing import Route

from curriculum_rl.cli import parser
from curriculum_rl.serve.app import application
from curriculum_rl.serve.server import Settings
from tests.serve.services import Local

CHECKOUT = Path(__file__).parents[2]
TEXT = (CHECKOUT / "src/curriculum_rl/serve/Containerfile").read_text()
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]


def arguments(name: str) -> list[list[str]]:
    return [line.split()[1:] for line in LINES if line.split()[0] == name]


def told(name: str) -> list[str]:
    (line,) = (line for line in LINES if line.startswith(name))
    found: list[str] = json.loads(line[line.index("[") :])
    return found


def test_it_installs_what_serves_and_nothing_else():
    assert "torch" not in "".join(LINES)
    (installed,) = (line for line in LINES if "pip install" in line)
    assert re.findall(r"'(.*?)'", installed) == [".[serve]"]
    assert "--constraint constraints.txt" in installed
    for *sources, _ in (each for each in arguments("COPY") if not each[0].startswith("--")):
        assert all((CHECKOUT / source).exists() for source in sources)


def test_it_runs_as_nobody_and_is_asked_how_it_is(local: Local):
    assert [user for (user,) in arguments("USER")] == ["10001:10001"]
    ((port,),) = arguments("EXPOSE")
    (health,) = (line for line in LINES if line.startswith("HEALTHCHECK"))
    address = re.search(r"http://127.0.0.1:(\d+)(/\w+)", health)
    assert address is not None
    assert address[1] == port
    assert address[2] in {route.path for route in application(local.service).routes if isinstance(route, Route)}


def test_what_it_starts_is_a_command_that_there_is():
    program, *typed = told("ENTRYPOINT") + told("CMD")
    found = vars(parser().parse_args(typed))
    settings = Settings(**{name: value for name, value in found.items() if name not in ("verb", "debug")})
    assert program == "curriculum-rl"
    assert (settings.host, settings.log) == ("0.0.0.0", Path(arguments("VOLUME")[0][0]))
    assert [[str(settings.port)]] == arguments("EXPOSE")
