"""Bodies that are no text, such as images and PDFs: kept as blobs when they arrive, and sent from blobs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from looply.connectors.blobs import DEFAULT_TYPE, KEY, Blob, is_reference
from looply.connectors.http.bodies import BodyType, is_json, media_type_of, render_output
from looply.connectors.port import CallContext, HttpResponse
from looply.errors import BadInput, LooplyError, OperationError, Permanent
from looply.jsontext import Json
from looply.limits import Limits

_TEXTS: Final = re.compile(
    r"text/.*|multipart/.*|message/.*|.*[/+]xml|application/(?:[\w.-]*javascript|x-www-form-urlencoded|(?:x-)?yaml"
    r"|(?:x-)?ndjson|jwt|graphql|sql|edifact|edi-x12)"
)
_NO_TEXTS: Final = re.compile(
    r"(?:image|audio|video|font|model)/.*|application/(?:pdf|zip|gzip|msword|rtf|vnd\..*|x-(?:zip|gzip|tar|7z)\S*)"
)
"""Types that no text has, whatever their bytes are; of all other types the bytes decide."""
_EXTENDED_NAME: Final = re.compile(r"filename\*\s*=\s*utf-8'[^']*'([^;]+)", re.IGNORECASE)
_PLAIN_NAME: Final = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f]")


async def read_media(ctx: CallContext, response: HttpResponse) -> dict[str, Json] | None:
    """Returns the output for an answer that is no text, with a reference to its blob as data; None for any other.

    The body of a failure is never a blob: it says what is wrong.

    Raises: Rejected (code `BLOB_TOO_LARGE`); Permanent (code `BLOB_NOT_STORED`). The call was made.
    """
    if not 200 <= response.status < 300 or not is_media(response):
        return None
    media_type = media_type_of(response.header("content-type") or "") or DEFAULT_TYPE
    name = file_name(response.header("content-disposition") or "")
    try:
        reference = await ctx.blobs.keep(response.content, media_type, name)
    except OperationError as error:
        error.status = str(response.status)
        raise
    except LooplyError as error:
        message = f"the call was made, and the bytes of its answer could not be stored: {error.message}"
        raise Permanent(message, code="BLOB_NOT_STORED", sent=True, status=str(response.status)) from error
    return None if reference is None else media_output(response, reference, ctx.limits)


def media_output(response: HttpResponse, reference: Json, limits: Limits) -> dict[str, Json]:
    """Returns the output of an answer whose body is the blob of a reference, in the shape of `HttpOutput`."""
    headers = tuple(header for header in response.headers if header[0] != "content-type")
    kind = response.header("content-type")
    shown = {} if kind is None else {"content-type": kind}
    output = render_output(replace(response, headers=headers, content=b""), limits)
    return {**output, "headers": {**output["headers"], **shown}, "data": reference}


def is_media(response: HttpResponse) -> bool:
    """Returns whether the body of an answer is no text, by its type and, where that does not say, by its bytes."""
    content_type = response.header("content-type") or ""
    media_type = media_type_of(content_type)
    if not response.content or is_json(content_type) or _TEXTS.fullmatch(media_type) or "charset=" in content_type:
        return False
    if _NO_TEXTS.fullmatch(media_type):
        return True
    try:
        response.content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def file_name(disposition: str) -> str:
    """Returns the name of a file that a `Content-Disposition` has (RFC 6266), without its folders; empty for none."""
    if (extended := _EXTENDED_NAME.search(disposition)) is not None:
        name = unquote(extended[1].strip(), errors="replace")
    elif (plain := _PLAIN_NAME.search(disposition)) is not None:
        name = re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
    else:
        return ""
    return _UNSAFE.sub("", re.split(r"[/\\]", name)[-1])


async def open_blobs(ctx: CallContext, body_type: BodyType, body: Json) -> dict[str, Blob]:
    """Returns the blobs that a body is made of, by hash: that of a `raw` body, and those of the parts of `multipart`.

    Raises: BadInput for a reference to a blob that the execution does not have, and for more bytes than the limit
    `request_blob_bytes`.
    """
    found: dict[str, Blob] = {}
    size = 0
    for reference in references_in(body_type, body):
        key = reference[KEY]
        blob = found[key] if key in found else await ctx.blobs.open(reference)
        size += len(blob.content)
        if size > ctx.limits.request_blob_bytes:
            raise BadInput(
                f"the blobs of the body have more than {ctx.limits.request_blob_bytes} bytes together (limit "
                "request_blob_bytes); send them by several calls, or raise the limit"
            )
        found[key] = blob
    return found


def references_in(body_type: BodyType, body: Json) -> Iterator[Mapping[str, Json]]:
    """Yields the references to blobs that a body of this type is made of."""
    if body_type == "raw" and is_reference(body):
        yield body
    if body_type != "multipart" or not isinstance(body, dict):
        return
    for value in body.values():
        for item in value if isinstance(value, list) else [value]:
            content = item.get("content") if isinstance(item, dict) and not is_reference(item) else item
            if is_reference(content):
                yield content
