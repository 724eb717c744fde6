"""The dashboard's files: served with a strict policy, and its first page for every address that it knows itself."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent.parent / "web"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The names of what the bundler makes change with their content.
_FOREVER, _ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
_PACKED = ".gz"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Holdfast</title>
<body><main><h1>The dashboard is not built</h1><p>The API works without it. Next: <code>make web</code> in the source tree, then start again.</p></main>"""


def install(app: FastAPI, folder: Path | None = None) -> None:
    """Serve the pages for every path that no route before has; it must come last.

    Args:
        app: with all its other routes.
        folder: where the built files are; the package's own when None.
    """
    taken = {_first_segment(path) for route in app.routes if (path := getattr(route, "path", ""))}
    app.mount("/", Pages(folder or FOLDER, taken=taken), name="pages")


class Pages(StaticFiles):
    """The built files; what is none of them is an address of the dashboard, whose first page knows what to show."""

    def __init__(self, folder: Path, *, taken: Collection[str]) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder
        self._taken = taken

    async def check_config(self) -> None:
        """A folder that is not there is told by a page, not by an error."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at a path, or the first page."""
        try:
            return _with_headers(await self._file(path, scope), path)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND or not self._is_page(path):
                raise
        if not (self._folder / "index.html").is_file():
            return HTMLResponse(NOT_BUILT, status_code=HTTPStatus.NOT_FOUND)
        return _with_headers(await self._file("index.html", scope), "index.html")

    async def _file(self, path: str, scope: Scope) -> Response:
        if any(part.startswith(".") and part != "." for part in Path(path).parts):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if not _takes_packed(scope) or not (self._folder / f"{path}{_PACKED}").is_file():
            return await super().get_response(path, scope)
        response = await super().get_response(path + _PACKED, scope)
        if response.status_code == HTTPStatus.OK:
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Type"] = _TYPES[Path(path).suffix]
        return response

    def _is_page(self, path: str) -> bool:
        """A missing file is missing; an address has no dot in its last part, and belongs to no other route."""
        return "." not in Path(path).name and _first_segment(f"/{path}") not in self._taken


_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def _with_headers(response: Response, path: str) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = _FOREVER if path.startswith("assets/") else _ASK_AGAIN
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _takes_packed(scope: Scope) -> bool:
    accepted = dict(scope["headers"]).get(b"accept-encoding", b"")
    return b"gzip" in accepted


def _first_segment(path: str) -> str:
    return path.strip("/").split("/", 1)[0]
