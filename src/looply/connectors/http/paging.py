"""Pages of a list: the next one by the header `Link` (RFC 8288) or by a value in the body, up to a bound."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Final

import httpx2
import msgspec

from looply.connectors.outbound.urls import origin, resolve_redirect
from looply.connectors.port import HttpRequest, HttpResponse
from looply.definition.values.pointer import split_pointer, value_at
from looply.errors import BadInput, Rejected
from looply.jsontext import Json

MOST_PAGES: Final = 1000

_LINK: Final = re.compile(r"<([^<>]*)>([^<]*)")
_REL: Final = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
Read = Callable[[HttpResponse], Awaitable[dict[str, Json]]]
MayFollow = Callable[[httpx2.URL], bool]


class Pages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which pages a call reads."""

    follow: str = "link"
    """`link` for the header `Link` with `rel=next`, or a JSON Pointer to the next address in the body."""
    items: str = ""
    """JSON Pointer to the list in the body; the body itself when left out."""
    max: Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGES)] = 20
    """The most pages of one call."""


class PageReader:
    """Reads the pages after a first one. All of them together are bounded like one response."""

    def __init__(self, pages: Pages, most_bytes: int, send: Send, read: Read, may_follow: MayFollow) -> None:
        self._pages = pages
        self._most_bytes = most_bytes
        self._send = send
        self._read = read
        self._may_follow = may_follow

    async def follow(self, request: HttpRequest, response: HttpResponse, output: dict[str, Json]) -> dict[str, Json]:
        """Returns the output of the first page with the items of all pages as its `data`, and `pages`.

        A page that is no success (2xx) is the output instead, so that it is judged like any other answer.

        Raises: Rejected (code `BAD_RESPONSE`) for a page without the list, (`REDIRECT_REFUSED`) for a next page on
        another origin, unless the connection names it, (`RESPONSE_TOO_LARGE`), and as the given functions.
        """
        if not _is_success(response):
            return output
        items = list(self._items_of(output, response))
        seen, count, size = {str(request.url)}, 1, len(response.content)
        page = output
        while (url := self._next_url(request, response, page)) is not None and count < self._pages.max:
            if str(url) in seen:
                raise _bad(response, f"page {count} names an earlier page as the next one")
            seen.add(str(url))
            request = replace(request, url=url)
            response = await self._send(request)
            page = await self._read(response)
            if not _is_success(response):
                return page
            size += len(response.content)
            if size > self._most_bytes:
                message = (
                    f"the pages have more than {self._most_bytes} bytes (limit response_bytes); read fewer at once"
                )
                raise Rejected(message, code="RESPONSE_TOO_LARGE", sent=True, status=str(response.status))
            count += 1
            items += self._items_of(page, response)
        left = None if url is None else str(url)
        return {**output, "data": items, "pages": {"count": count, "truncated": left is not None, "next": left}}

    def _items_of(self, page: dict[str, Json], response: HttpResponse) -> list[Json]:
        found = _value_at(page["data"], self._pages.items)
        if not isinstance(found, list):
            place = f"at {self._pages.items!r}" if self._pages.items else "in the body"
            raise _bad(response, f"a page has no list {place}; `pages.items` says where it is")
        return found

    def _next_url(self, request: HttpRequest, response: HttpResponse, page: dict[str, Json]) -> httpx2.URL | None:
        if self._pages.follow == "link":
            link = next_link(response.header("link") or "")
        else:
            found = _value_at(page["data"], self._pages.follow)
            link = found if isinstance(found, str) else ""
        if not link:
            return None
        try:
            url = resolve_redirect(request.url, link)
        except BadInput as error:
            raise _bad(response, f"the address of the next page is not acceptable: {error.message}") from error
        if origin(url) != origin(request.url) and not self._may_follow(url):
            message = (
                f"the next page is at another address, {url.scheme}://{url.host}; pages of one origin are followed"
            )
            raise Rejected(message, code="REDIRECT_REFUSED", sent=True, status=str(response.status))
        return url


def next_link(header: str) -> str:
    """Returns the target of the first link whose relation is `next`, empty without one."""
    for target, parameters in _LINK.findall(header):
        relation = _REL.search(parameters)
        if relation is not None and "next" in (relation[1] or relation[2] or "").lower().split():
            return str(target)
    return ""


def _value_at(value: Json, pointer: str) -> Json:
    return value_at(value, split_pointer(pointer) if pointer else ())


def _is_success(response: HttpResponse) -> bool:
    return 200 <= response.status < 300


def _bad(response: HttpResponse, message: str) -> Rejected:
    return Rejected(message, code="BAD_RESPONSE", sent=True, status=str(response.status))
