"""Web pages: the app, the page of a card's link and the API reference, built from `ui/`, with the files of each."""

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from looply.clock import Entropy, SystemEntropy
from looply.errors import NotFound
from looply.jsontext import Json
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
_APP_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_TEAMS_HOSTS: Final = (
    "https://teams.microsoft.com https://*.teams.microsoft.com https://*.cloud.microsoft https://*.office.com "
    "https://*.microsoft365.com"
)
"""The hosts whose pages may have the tab in a frame. Source: Microsoft's page on prerequisites of tabs."""
_TEAMS_ORIGINS: Final = "https://res.cdn.office.net/teams-js/validDomains/json/validDomains.json"
"""What Microsoft's library of tabs reads: the hosts from which it takes messages. It has a list of its own besides."""
_FRAME_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; trusted-types adaptivecards#deprecatedExportedFunctionPolicy "
    "adaptivecards#markdownPassthroughPolicy adaptivecards#restoreContentsPolicy"
)
"""The frame of a card has an origin of its own also where it is opened alone, and no image of another host is loaded.

The policies of Trusted Types are those that the renderer of cards makes.
"""
_MAIL_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; trusted-types mail"
)
"""The frame of a mail is as that of a card, but for the styles: those of a mail are within it.

They can load nothing. The policy of Trusted Types is the one by which the frame parses a mail.
"""
_NONCE: Final = "__NONCE__"
"""What the app's page holds where each answer has a nonce of its own."""
_NONCE_BYTES: Final = 16
_HASHED: Final = ("assets/", "teams/assets/")
"""Folders of files whose names have a hash of their content."""
_ENCODINGS: Final = ((".br", b"br"), (".gz", b"gzip"))
"""Endings of files that the build compresses, with their content codings; the smallest first."""
_CODING: Final = re.compile(r"\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
"""One element of `Accept-Encoding`, RFC 9110 section 12.5.3."""
_SHARED: Final[Headers] = (
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_UNFRAMED: Final = b"DENY"
_FRAMED_BY_APP: Final = b"SAMEORIGIN"
_PLAIN: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


class Pages:
    """The built files, read once at the start. `images` are hosts from which cards may load images."""

    def __init__(self, folder: Path = STATIC, images: Sequence[str] = (), entropy: Entropy | None = None) -> None:
        self._images = "".join(f" https://{host}" for host in images)
        self._entropy = entropy or SystemEntropy()
        suffixes = {*_TYPES, *(ending for ending, _ in _ENCODINGS)}
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in suffixes
        }

    def app(self) -> Response:
        """Returns the page of the web app, the same for every path; its styles are permitted by a fresh nonce."""
        page, nonce = self._with_nonce("app.html")
        return _answer(page, _APP_POLICY.format(nonce=nonce))

    def card_frame(self) -> Response:
        """Returns the page that the app puts into a frame and in which it draws a card."""
        built = self._files.get("card-frame.html")
        text = _PLAIN.format(title="Looply", text="This installation was built without its web app.").encode()
        return _answer(built or text, _FRAME_POLICY, framed=_FRAMED_BY_APP)

    def teams_tab(self) -> Response:
        """Returns the page of the personal tab of Teams, which pages of Microsoft alone may have in a frame."""
        page, nonce = self._with_nonce("teams/teams.html")
        policy = _APP_POLICY.format(nonce=nonce).replace("connect-src 'self'", f"connect-src 'self' {_TEAMS_ORIGINS}")
        return _answer(page, _framed_by_teams(policy), framed=b"")

    def teams_card_frame(self) -> Response:
        """Returns the frame in which the tab draws a card: every page around a frame must be permitted."""
        answer = self.card_frame()
        return _answer(answer.body, _framed_by_teams(_FRAME_POLICY), framed=b"")

    def mail_frame(self) -> Response:
        """Returns the page that the app puts into a frame and in which it draws a mail."""
        built = self._files.get("mail-frame.html")
        text = _PLAIN.format(title="Looply", text="This installation was built without its web app.").encode()
        return _answer(built or text, _MAIL_POLICY, framed=_FRAMED_BY_APP)

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

    def file(self, name: str, accepted: str = "") -> Response:
        """Returns a file that a page loads, compressed if the header `Accept-Encoding` permits it. Raises: NotFound."""
        found = self._files.get(name)
        media_type = _TYPES.get(Path(name).suffix)
        if found is None or media_type is None or name.endswith(".html"):
            raise NotFound(f"this server has no file {name!r}; reload the page, which may be of another version")
        keep = b"public, max-age=31536000, immutable" if name.startswith(_HASHED) else b"no-cache"
        headers: Headers = (
            (b"cache-control", keep),
            (b"cross-origin-resource-policy", b"same-origin"),
            # The frame of a card has no origin that could be named here. The files are the same for everybody.
            (b"access-control-allow-origin", b"*"),
            (b"vary", b"accept-encoding"),
        )
        for ending, coding in _ENCODINGS:
            compressed = self._files.get(name + ending)
            if compressed is not None and _accepts(accepted, coding.decode()):
                return Response(compressed, headers=(*headers, (b"content-encoding", coding)), media_type=media_type)
        return Response(found, headers=headers, media_type=media_type)

    def _with_nonce(self, name: str) -> tuple[bytes, str]:
        """Returns a page with a fresh nonce, and that nonce."""
        text = _PLAIN.format(title="Looply", text="This installation was built without its web app.").encode()
        nonce = base64.urlsafe_b64encode(self._entropy.token(_NONCE_BYTES)).rstrip(b"=")
        return self._files.get(name, text).replace(_NONCE.encode(), nonce), nonce.decode()

    def routes(self) -> tuple[Route, ...]:
        """Returns the routes of all pages and files."""

        async def inbox(call: Call) -> Response:
            if not call.values["token"] or "/" in call.values["token"]:
                raise NotFound("the link names no card; copy the whole link, or open the card in the inbox")
            return self.inbox()

        async def card_frame(call: Call) -> Response:  # noqa: ARG001
            return self.card_frame()

        async def mail_frame(call: Call) -> Response:  # noqa: ARG001
            return self.mail_frame()

        async def docs(call: Call) -> Response:  # noqa: ARG001
            return self.docs()

        async def file(call: Call) -> Response:
            return self.file(call.values["path"], call.headers.get(b"accept-encoding", ""))

        async def app(call: Call) -> Response:  # noqa: ARG001
            return self.app()

        async def start(call: Call) -> Response:  # noqa: ARG001
            return Response(b"", 302, ((b"location", b"/app/"),), media_type=b"")

        return (
            page_route(path="/", handle=start, summary="Go to the web app", answer_type="text/html", refusals=()),
            page_route(
                path="/app/{path}",
                handle=app,
                summary="Open the web app",
                path_values={"path": "Page of the app. The answer does not depend on it."},
                answer_type="text/html",
                refusals=(),
            ),
            page_route(
                path="/inbox/{token}",
                handle=inbox,
                summary="Open the page on which a recipient answers a card",
                path_values={"token": "Token of one recipient's card. The page does not depend on it."},
                answer_type="text/html",
            ),
            page_route(
                path="/card-frame",
                handle=card_frame,
                summary="Open the frame in which the web app draws a card",
                answer_type="text/html",
            ),
            page_route(
                path="/mail-frame",
                handle=mail_frame,
                summary="Open the frame in which the web app draws a mail",
                answer_type="text/html",
            ),
            *self._teams_routes(),
            page_route(path="/docs", handle=docs, summary="Open the API reference page", answer_type="text/html"),
            page_route(
                path="/static/{path}",
                handle=file,
                summary="Read a file that a page loads",
                path_values={"path": "Name of the file."},
                header_values={"Accept-Encoding": "The content codings that the caller reads, such as `br, gzip`."},
                answer_type="application/octet-stream",
            ),
        )

    def _teams_routes(self) -> tuple[Route, ...]:
        async def tab(call: Call) -> Response:  # noqa: ARG001
            return self.teams_tab()

        async def card_frame(call: Call) -> Response:  # noqa: ARG001
            return self.teams_card_frame()

        return (
            page_route(
                path="/teams/inbox",
                handle=tab,
                summary="Open the personal tab of Microsoft Teams",
                answer_type="text/html",
            ),
            page_route(
                path="/teams/card-frame",
                handle=card_frame,
                summary="Open the frame in which that tab draws a card",
                answer_type="text/html",
            ),
        )


def _page(html: bytes, images: str) -> Response:
    return _answer(html, _POLICY.format(images=images))


def _answer(html: Json, policy: str, framed: bytes = _UNFRAMED) -> Response:
    """Returns a page. With an empty `framed` its policy alone says who may frame it: that header knows no hosts."""
    options: Headers = ((b"x-frame-options", framed),) if framed else ()
    headers = ((b"content-security-policy", policy.encode()), *options, *_SHARED)
    return Response(html, headers=headers, media_type=_TYPES[".html"])


def _framed_by_teams(policy: str) -> str:
    """Returns a policy by which Teams may frame a page, besides a page of this server that may do so already."""
    widened = policy.replace("frame-ancestors 'self'", f"frame-ancestors 'self' {_TEAMS_HOSTS}")
    return widened.replace("frame-ancestors 'none'", f"frame-ancestors {_TEAMS_HOSTS}")


def _accepts(accepted: str, coding: str) -> bool:
    """Returns whether a header `Accept-Encoding` names a coding with a weight above 0."""
    for element in accepted.split(","):
        match = _CODING.fullmatch(element)
        if match is not None and match[1].lower() == coding:
            return float(match[2] or "1") > 0
    return False
