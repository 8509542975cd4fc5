"""Web pages: the inbox and the API reference, built from `ui/`, and the files that they load."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from looply.errors import NotFound
from looply.server.http.call import Call, Headers, Response, Route, page_route

STATIC: Final = Path(__file__).parents[1] / "static"

_TYPES: Final[Mapping[str, bytes]] = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".woff2": b"font/woff2",
    ".md": b"text/plain; charset=utf-8",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{images}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SHARED: Final[Headers] = (
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_PLAIN: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


class Pages:
    """The built files, read once at the start. `images` are hosts from which cards may load images."""

    def __init__(self, folder: Path = STATIC, images: Sequence[str] = ()) -> None:
        self._images = "".join(f" https://{host}" for host in images)
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _TYPES
        }

    def inbox(self) -> Response:
        """Returns the page that shows a card; it is the same for every token."""
        built = self._files.get("inbox.html")
        # An image that is loaded from another host reveals to it who reads the card, and when.
        text = _PLAIN.format(title="Looply", text="This installation was built without its inbox page.")
        return _page(built or text.encode(), f"{self._images} data:")

    def docs(self) -> Response:
        """Returns the page of the API reference."""
        built = self._files.get("docs.html")
        link = 'The description is at <a href="/openapi.json">/openapi.json</a>.'
        return _page(built or _PLAIN.format(title="Looply HTTP API", text=link).encode(), "")

    def file(self, name: str) -> Response:
        """Returns a file that a page loads. Raises: NotFound."""
        found = self._files.get(name)
        if found is None or name.endswith(".html"):
            raise NotFound("not found")
        # The build puts a hash of the content into the names under assets/.
        keep = b"public, max-age=31536000, immutable" if name.startswith("assets/") else b"no-cache"
        headers = ((b"cache-control", keep), (b"cross-origin-resource-policy", b"same-origin"))
        return Response(found, headers=headers, media_type=_TYPES[Path(name).suffix])

    def routes(self) -> tuple[Route, ...]:
        """Returns the routes of all pages and files."""

        async def inbox(call: Call) -> Response:
            if not call.values["token"] or "/" in call.values["token"]:
                raise NotFound("not found")
            return self.inbox()

        async def docs(call: Call) -> Response:  # noqa: ARG001
            return self.docs()

        async def file(call: Call) -> Response:
            return self.file(call.values["path"])

        return (
            page_route(
                path="/inbox/{token}",
                handle=inbox,
                summary="Open the page on which a recipient answers a card",
                path_values={"token": "Token of one recipient's card. The page does not depend on it."},
                answer_type="text/html",
            ),
            page_route(path="/docs", handle=docs, summary="Open the API reference page", answer_type="text/html"),
            page_route(
                path="/static/{path}",
                handle=file,
                summary="Read a file that a page loads",
                path_values={"path": "Name of the file."},
                answer_type="application/octet-stream",
            ),
        )


def _page(html: bytes, images: str) -> Response:
    policy = _POLICY.format(images=images).encode()
    return Response(html, headers=((b"content-security-policy", policy), *_SHARED), media_type=_TYPES[".html"])
