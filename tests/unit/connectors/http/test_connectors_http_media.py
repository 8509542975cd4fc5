"""Bodies that are no text: which answers are blobs, and what is sent of one."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from looply.connectors.blobs import Blob
from looply.connectors.http.bodies import encode_body
from looply.connectors.http.connector import CONNECTOR
from looply.connectors.http.media import file_name, is_media
from looply.connectors.port import CallContext, HttpResponse
from looply.errors import BadInput, Permanent, StoreFull
from looply.limits import Limits

PDF = b"%PDF-1.7\n\x00\xff\xfe binary"
OPERATION = CONNECTOR.operations[0]
REFERENCE = {"$blob": "ab", "type": "application/pdf", "name": "order.pdf", "size": len(PDF)}


async def call(wiring: Any, blobs: Any, **input_: Any) -> Any:
    context: CallContext = replace(wiring.context(), blobs=blobs)
    return await OPERATION.perform(context, {"url": "https://api.example/files", **input_})


def answer(content: bytes = PDF, kind: str | None = "application/pdf", status: int = 200, **headers: str) -> Any:
    given = {**({} if kind is None else {"content-type": kind}), **headers}
    return httpx2.Response(status, headers=given, content=content)


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("application/pdf", PDF, True),
        ("image/png", b"\x89PNG", True),
        ("image/svg+xml", b"<svg/>", False),
        ("application/vnd.ms-excel", b"text", True),
        ("application/vnd.api+json", b"{}", False),
        ("application/octet-stream", b"\xff\xfe", True),
        ("application/octet-stream", b"plain", False),
        (None, b"\xff\xfe", True),
        (None, b"plain", False),
        ("text/plain", b"\xff\xfe", False),
        ("text/html; charset=iso-8859-1", b"\xe4", False),
        ("application/x-own; charset=iso-8859-1", b"\xe4", False),
        ("application/soap+xml", b"<a/>", False),
        ("multipart/mixed", b"\xff", False),
        ("application/pdf", b"", False),
    ],
)
def test_a_body_is_a_blob_when_it_is_no_text(kind: str | None, content: bytes, expected: bool) -> None:
    headers = () if kind is None else (("content-type", kind),)
    assert is_media(HttpResponse(status=200, reason="OK", headers=headers, content=content)) is expected


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ("", ""),
        ("inline", ""),
        ('attachment; filename="order 1.pdf"', "order 1.pdf"),
        ("attachment; filename=order.pdf; size=1", "order.pdf"),
        (r'attachment; filename="a\"b.pdf"', 'a"b.pdf'),
        ("attachment; filename=x.pdf; filename*=UTF-8''%C3%A4.pdf", "ä.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename*=utf-8''..%5C..%2Fa%00b", "ab"),
    ],
)
def test_the_name_of_a_file_is_read_without_its_folders(disposition: str, expected: str) -> None:
    assert file_name(disposition) == expected


async def test_an_answer_that_is_no_text_is_kept_and_its_reference_is_the_data(wiring: Any, blobs: Any) -> None:
    wiring.answer(answer(**{"content-disposition": 'inline; filename="order.pdf"', "etag": "1"}))
    output = await call(wiring, blobs)
    assert output["data"] == {"$blob": "1", "type": "application/pdf", "name": "order.pdf", "size": len(PDF)}
    assert (output["status"], output["headers"]["content-type"], output["headers"]["etag"]) == (
        "200",
        "application/pdf",
        "1",
    )
    assert blobs.kept == [Blob(content=PDF, media_type="application/pdf", name="order.pdf")]


async def test_the_body_of_a_failure_is_a_text(wiring: Any, blobs: Any) -> None:
    wiring.answer(answer(status=500))
    assert isinstance((await call(wiring, blobs))["data"], str)
    assert blobs.kept == []


async def test_bytes_that_cannot_be_stored_fail_a_call_that_was_made(wiring: Any, blobs: Any) -> None:
    wiring.answer(answer())
    blobs.error = StoreFull("the disk is full")
    with pytest.raises(Permanent, match="the disk is full") as caught:
        await call(wiring, blobs, method="POST")
    assert (caught.value.code, caught.value.sent) == ("BLOB_NOT_STORED", True)


async def test_a_blob_is_sent_as_a_body_and_as_a_part_byte_by_byte(wiring: Any, blobs: Any) -> None:
    reference = await blobs.keep(PDF, "application/pdf", "order.pdf")
    wiring.answer(answer(b"{}", "application/json"), answer(b"{}", "application/json"))
    await call(wiring, blobs, method="POST", body_type="raw", body=reference)
    parts = {"note": "an order", "file": reference, "more": [{"filename": "b.pdf", "content": reference}]}
    await call(wiring, blobs, method="POST", body_type="multipart", body=parts)
    raw, multipart = wiring.requests
    assert (raw.content, raw.headers["content-type"]) == (PDF, "application/pdf")
    assert multipart.content.count(PDF) == 2
    assert b'name="file"; filename="order.pdf"\r\nContent-Type: application/pdf' in multipart.content
    assert b'name="more"; filename="b.pdf"\r\nContent-Type: application/pdf' in multipart.content


async def test_a_reference_to_a_blob_of_elsewhere_is_not_sent(wiring: Any, blobs: Any) -> None:
    wiring.answer()
    with pytest.raises(BadInput, match="no such blob"):
        await call(wiring, blobs, method="POST", body_type="raw", body={"$blob": "7"})
    assert wiring.requests == []


async def test_blobs_of_one_request_are_bounded_together_and_each_is_opened_once(wiring: Any, blobs: Any) -> None:
    reference = await blobs.keep(PDF, "application/pdf", "order.pdf")
    opened: list[Any] = []

    class Counting:
        async def keep(self, content: bytes, media_type: str, name: str) -> Any:
            raise AssertionError("nothing is received")

        async def open(self, found: Any) -> Blob:
            opened.append(found)
            return await blobs.open(found)

    wiring.answer(answer(b"{}", "application/json"))
    context = replace(wiring.context(), blobs=Counting(), limits=Limits(request_blob_bytes=3 * len(PDF)))
    given = {"url": "https://api.example/files", "method": "POST", "body_type": "multipart"}
    await OPERATION.perform(context, {**given, "body": {"file": [reference] * 3}})
    assert opened == [reference]
    with pytest.raises(BadInput, match="limit request_blob_bytes") as caught:
        await OPERATION.perform(context, {**given, "body": {"file": [reference] * 4}})
    assert not caught.value.sent
    assert len(wiring.requests) == 1


def test_a_blob_without_a_name_is_a_file_all_the_same() -> None:
    blob = Blob(content=PDF, media_type="application/pdf", name="")
    content, _ = encode_body("multipart", {"file": REFERENCE}, "key", {"ab": blob})
    assert b'filename="file"' in content
    with pytest.raises(BadInput, match="a text or a blob"):
        encode_body("multipart", {"file": {"content": 1}}, "key")
