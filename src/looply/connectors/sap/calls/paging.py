"""Further pages of lists: `__next` of OData 2, `@odata.nextLink` and `@nextLink` of OData 4."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import httpx2

from looply.connectors.port import HttpRequest
from looply.connectors.sap.calls.inputs import Pages
from looply.connectors.sap.calls.requests import Service
from looply.errors import BadInput, Rejected
from looply.jsontext import Json
from looply.limits import Limits

_NEXT_4 = ("@odata.nextLink", "@nextLink")


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page and the link of the next one; `rows` is None when the body is no list."""

    rows: list[Json] | None
    next: str


def page_of(data: Json) -> Page:
    """Returns what a body says as a page of a list."""
    if not isinstance(data, dict):
        return Page(None, "")
    inner = data.get("d", data)
    if isinstance(inner, list):
        return Page(inner, "")
    if not isinstance(inner, dict):
        return Page(None, "")
    rows = inner.get("results", inner.get("value"))
    links = (inner.get("__next"), *(data.get(name) for name in _NEXT_4))
    link = next((each for each in links if isinstance(each, str) and each), "")
    return Page(rows if isinstance(rows, list) else None, link)


async def follow_pages(
    first: Mapping[str, Json],
    request: HttpRequest,
    service: Service,
    pages: Pages,
    read: Callable[[HttpRequest], Awaitable[tuple[dict[str, Json], int]]],
    limits: Limits,
) -> dict[str, Json]:
    """Returns the output of a list's first page with the rows of the following ones added to it.

    `read` returns the output of a page and the size of its body in bytes.

    It stops at `pages.max` pages, at `pages.rows` rows, and before the bodies are larger than `limits.response_bytes`;
    then `truncated` is true, and `next` is the link of the page that was not read. A page that is no success is the
    output instead: rows that are missing must not look like rows that do not exist.

    Raises: Rejected (code `BAD_RESPONSE`) for links that lead in a circle or out of the service; as `read`.
    """
    output: dict[str, Json] = dict(first)
    page = page_of(output["data"])
    if not output["status"].startswith("2") or page.rows is None:
        return {**output, "truncated": False, "next": None}
    rows, link, count, size = list(page.rows), page.next, 1, 0
    url, known = request.url, {str(request.url)}
    while link and count < pages.max and len(rows) < pages.rows:
        url = _next_url(service, link, url, known)
        further, length = await read(replace(request, method="GET", url=url))
        page = page_of(further["data"])
        if not further["status"].startswith("2") or page.rows is None:
            return {**further, "truncated": True, "next": link}
        size += length
        if size > limits.response_bytes:
            break
        rows, link, count = [*rows, *page.rows], page.next, count + 1
    return {**output, "data": _with_rows(output["data"], rows), "truncated": bool(link), "next": link or None}


def _next_url(service: Service, link: str, base: httpx2.URL, known: set[str]) -> httpx2.URL:
    try:
        url = service.next_url(link, base)
    except BadInput as error:
        raise Rejected(
            f"the answer names a next page that is not acceptable: {error.message}", code="BAD_RESPONSE", sent=True
        ) from error
    if str(url) in known:
        raise Rejected("the next pages of the answer lead in a circle", code="BAD_RESPONSE", sent=True)
    known.add(str(url))
    return url


def _with_rows(data: Json, rows: list[Json]) -> Json:
    """Returns the first page's body with all rows and without its link: `truncated` and `next` say what is left."""
    left = {name: value for name, value in data.items() if name not in _NEXT_4}
    inner = left.get("d")
    if isinstance(inner, list):
        return {**left, "d": rows}
    if isinstance(inner, dict):
        return {**left, "d": {name: value for name, value in inner.items() if name != "__next"} | {"results": rows}}
    name = "results" if "results" in left else "value"
    return {**left, name: rows}
