"""The page as files: complete, served to this machine alone, and with packages that are pinned to their digests."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from curriculum_rl import cli
from curriculum_rl.violations import InvalidInput
from curriculum_rl.web import packages as packages_of
from curriculum_rl.web.packages import HERE, node_modules
from curriculum_rl.web.server import server
from curriculum_rl.web.site import ORT

LOCK = json.loads((HERE / "package-lock.json").read_text())


def test_every_package_is_pinned_to_a_digest_and_to_no_address():
    named = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert {"node_modules/onnxruntime-web", "node_modules/onnxruntime-node"} <= set(named)
    for entry in named.values():
        assert entry["integrity"].startswith("sha512-")
        assert "resolved" not in entry
    wanted = json.loads((HERE / "package.json").read_text())
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_without_npm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match=r"npm: .*\n  is not installed: .* Install Node.js with npm"):
        node_modules()


def fake_npm(folder: Path, script: str) -> None:
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)


def test_a_registry_out_of_reach_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    fake_npm(tmp_path, "echo 'npm warn old' >&2; echo 'npm error code ENOTFOUND' >&2; exit 1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(InvalidInput, match="is the registry within reach\\? code ENOTFOUND"):
        node_modules()
    assert list((tmp_path / "cache" / "curriculum_rl").iterdir()) == []


def test_packages_are_installed_once_without_running_their_scripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    fake_npm(tmp_path, f'echo "$@" >> {tmp_path}/calls; mkdir node_modules')
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    first = node_modules()
    assert first.is_dir()
    assert node_modules() == first
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.split()[:2] == ["ci", "--ignore-scripts"]
    assert call.endswith(" --omit=dev")
    whole = node_modules(tests=True)
    assert whole != first
    assert node_modules() == whole  # has what the other has


def test_an_installation_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    fake_npm(tmp_path, "exec sleep 20")
    monkeypatch.setattr(packages_of, "SECONDS", 0.2)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(InvalidInput, match="is the registry within reach"):
        node_modules()


def test_the_folder_is_complete(packages: Path, bundles: dict[str, Path], tmp_path: Path, capsys):
    site = tmp_path / "deep" / "site"
    assert cli.main(["demo", str(bundles["gated"]), "--out", str(site)]) == 0
    assert str(site) in capsys.readouterr().out
    assert (site / "policy.zip").read_bytes() == bundles["gated"].read_bytes()
    assert {path.name for path in (site / "ort").iterdir()} == set(ORT)
    page = (site / "index.html").read_text()
    assert "default-src 'none'" in page
    for path in site.rglob("*.mjs"):
        if path.parent.name != "ort":
            for line in path.read_text().splitlines():
                if line.startswith(("import ", "export {")) and " from " in line:
                    assert (path.parent / line.split("'")[1]).resolve().is_file(), f"{path}: {line}"


def test_it_is_served_until_ctrl_c(packages: Path, bundles: dict[str, Path]):
    command = [sys.executable, "-m", "curriculum_rl.cli", "demo", str(bundles["gated"]), "--port", "0"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # also where the tests run in the background
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=heard) as running:
        try:
            assert running.stdout is not None
            url = running.stdout.readline().split()[0]
            with urllib.request.urlopen(url) as answer:
                assert b"Be the student" in answer.read()
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=30) == 0
        finally:
            running.kill()


def test_a_damaged_bundle_is_no_site(bundles: dict[str, Path], tmp_path: Path, capsys):
    path = tmp_path / "cut.zip"
    path.write_bytes(bundles["gated"].read_bytes()[:-1])
    assert cli.main(["demo", str(path), "--out", str(tmp_path / "site")]) == 2
    assert "is damaged or no bundle" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_folder_is_served_with_types_and_to_nobody_else(tmp_path: Path):
    for name in ("a.mjs", "a.wasm", "index.html"):
        (tmp_path / name).write_text("x")
    with server(tmp_path, 0) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        assert served.server_address[0] == "127.0.0.1"
        types = {}
        for name in ("a.mjs", "a.wasm", ""):
            with urllib.request.urlopen(f"http://127.0.0.1:{served.server_port}/{name}") as answer:
                types[name] = answer.headers["Content-Type"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert types == {"a.mjs": "text/javascript", "a.wasm": "application/wasm", "": "text/html"}
        with pytest.raises(InvalidInput, match="Give another with --port"):
            server(tmp_path, served.server_port)
        served.shutdown()
