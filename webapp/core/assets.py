"""Style sheets, scripts, images: read once at start, named by their content, sent compressed, kept for good."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request

from webapp.core.access import PUBLIC, allow

COMPRESSED = (".css", ".js", ".svg", ".json", ".txt")
bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """One file as it goes over the wire."""

    body: bytes
    packed: bytes | None
    mimetype: str


class Assets:
    """All files of `static/`. The sheets named in `css/manifest.txt` are one file, `css/outpost.css`.

    One fingerprint for the whole tree, so that modules find each other by relative names.
    """

    def __init__(self, root: Path) -> None:
        files = {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        if "css/manifest.txt" in files:
            names = files["css/manifest.txt"].decode().split()
            files["css/outpost.css"] = b"\n".join(files[f"css/{name}"] for name in names)
        self.files = {name: _asset(name, body) for name, body in files.items()}
        content = "".join(f"{n}{hashlib.sha256(b).hexdigest()}" for n, b in sorted(files.items()))
        self.fingerprint = hashlib.sha256(content.encode()).hexdigest()[:12]

    def url(self, name: str) -> str:
        return f"/assets/{self.fingerprint}/{name}"


def _asset(name: str, body: bytes) -> Asset:
    packed = gzip.compress(body, 9) if name.endswith(COMPRESSED) else None
    return Asset(body, packed, mimetypes.guess_type(name)[0] or "application/octet-stream")


def init_app(app: Flask) -> None:
    root = Path(app.root_path).parent / "static"
    assets = Assets(root)
    app.extensions["assets"] = assets
    app.jinja_env.globals["asset"] = lambda name: _current(app, root).url(name)
    app.register_blueprint(bp)


def _current(app: Flask, root: Path) -> Assets:
    """In development the files are read again for each page."""
    if app.extensions["settings"].environment == "development" and app.debug:
        app.extensions["assets"] = Assets(root)
    assets: Assets = app.extensions["assets"]
    return assets


@bp.get("/assets/<fingerprint>/<path:name>")
@allow(PUBLIC)
def asset(fingerprint: str, name: str) -> Response:
    assets: Assets = current_app.extensions["assets"]
    found = assets.files.get(name)
    if found is None:
        abort(404)
    response = Response(found.body, mimetype=found.mimetype)
    response.headers["Vary"] = "Accept-Encoding"
    if found.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.set_data(found.packed)
        response.headers["Content-Encoding"] = "gzip"
    fresh = fingerprint == assets.fingerprint
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if fresh else "no-cache"
    )
    return response


@bp.get("/favicon.ico")
@allow(PUBLIC)
def favicon() -> Response:
    return asset(current_app.extensions["assets"].fingerprint, "img/favicon.svg")
