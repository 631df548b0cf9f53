"""A whole page: one file that loads nothing and runs no script."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from curriculum_rl.report.html import Markup, tag

# Nothing may be loaded or run: even a name that slipped through the escaping could do no harm.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, *body: Markup) -> str:
    """The page with this title, a line about itself at its foot."""
    head = [
        tag("meta", {"charset": "utf-8"}),
        tag("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        tag("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}),
        tag("meta", {"name": "color-scheme", "content": "light dark"}),
        tag("title", None, title),
        tag("style", None, Markup(files("curriculum_rl.report").joinpath("page.css").read_text("utf-8"))),
    ]
    foot = tag("footer", None, "Made by curriculum_rl. This page is one file: it loads nothing and runs no script.")
    whole = tag("html", {"lang": "en"}, tag("head", None, *head), tag("body", None, *body, foot))
    return f"<!doctype html>\n{whole}\n"
