"""`curriculum-rl demo`: a page on which a person is the student of an exported policy."""

from __future__ import annotations

import argparse
from pathlib import Path

from curriculum_rl.verbs.verb import DONE, Verbs, add


def add_to(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    added = add(
        verbs,
        "demo",
        run,
        "try an exported strategy in the browser: be the student, or the teacher",
        """\
Serves the page to this machine alone until Ctrl-C, or writes it as a folder that any web server can host. The page
computes everything in the browser and asks no other machine for anything. npm is needed once, to fetch onnxruntime-web.

examples:
  curriculum-rl demo greedy.zip
  curriculum-rl demo greedy.zip --out site""",
    )
    added.add_argument("bundle", type=Path, metavar="FILE", help="that export wrote")
    added.add_argument("--port", type=int, default=8765, help="to serve it on (default 8765; 0: any that is free)")
    added.add_argument("--out", type=Path, metavar="FOLDER", help="write the page there, and do not serve it")


def run(typed: argparse.Namespace) -> int:
    """Runs the verb."""
    from tempfile import TemporaryDirectory

    from curriculum_rl.violations import Violations
    from curriculum_rl.web.server import server
    from curriculum_rl.web.site import write_site

    if typed.out:
        write_site(typed.bundle, typed.out)
        print(f"{typed.out}: host it anywhere (https, or localhost), for example: python -m http.server -d {typed.out}")
        return DONE
    check = Violations("demo")
    check.number("port", typed.port, at_least=0, at_most=65_535, whole=True)
    check.raise_all()
    with TemporaryDirectory() as folder:
        write_site(typed.bundle, Path(folder))
        with server(Path(folder), typed.port) as served:
            print(f"http://localhost:{served.server_port}  (Ctrl-C stops it)", flush=True)
            try:
                served.serve_forever()
            except KeyboardInterrupt:
                print()
    return DONE
