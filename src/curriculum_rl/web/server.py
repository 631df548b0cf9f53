"""A folder served to this machine alone."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from curriculum_rl.violations import InvalidInput

LOOPBACK: Final = "127.0.0.1"
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Beside the page's own policy, which lets it load nothing from elsewhere."""


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing of each request; the types of files do not depend on the machine."""

    extensions_map: dict[str, str] = {  # noqa: RUF012 - as the base class has it
        "": "application/octet-stream",
        ".css": "text/css",
        ".html": "text/html",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".zip": "application/zip",
    }

    def end_headers(self) -> None:
        """Adds the headers that every answer has."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of a folder that is ready to serve; port 0 is any that is free.

    Raises:
        InvalidInput: the port is taken.
    """
    try:
        return ThreadingHTTPServer((LOOPBACK, port), partial(Quiet, directory=str(folder)))
    except OSError as error:
        raise InvalidInput("port", [f"{port}: cannot be used ({error.strerror}). Give another with --port"]) from None
