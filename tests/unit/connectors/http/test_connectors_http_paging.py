"""Pages of a list: which are followed, how many, and what ends them."""

import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from looply.connectors.http.connector import CONNECTOR
from looply.connectors.http.paging import next_link
from looply.errors import BadInput, Rejected
from looply.limits import Limits

OPERATION = CONNECTOR.operations[0]
URL = "https://api.example/orders"


async def call(wiring: Any, pages: Any, **input_: Any) -> dict[str, Any]:
    output: dict[str, Any] = await OPERATION.perform(wiring.context(), {"url": URL, "pages": pages, **input_})
    return output


def page(items: Any, link: str = "", **more: Any) -> httpx2.Response:
    headers = {"Link": link} if link else {}
    return httpx2.Response(200, json=items if not more else {"value": items, **more}, headers=headers)


async def test_the_pages_of_the_link_header_are_one_list(wiring: Any) -> None:
    wiring.answer(page([1, 2], '</orders?p=2>; rel="next"'), page([3], "<?p=3>; rel=next"), page([4]))
    output = await call(wiring, {})
    assert output["data"] == [1, 2, 3, 4]
    assert output["pages"] == {"count": 3, "truncated": False, "next": None}
    assert [str(sent.url) for sent in wiring.requests] == [URL, f"{URL}?p=2", f"{URL}?p=3"]
    assert output["status"] == "200"


async def test_the_pages_of_a_value_in_the_body_are_one_list(wiring: Any) -> None:
    wiring.answer(page([1], meta={"next": f"{URL}?skip=1"}), page([2], meta={"next": None}))
    output = await call(wiring, {"follow": "/meta/next", "items": "/value"})
    assert (output["data"], output["pages"]["count"]) == ([1, 2], 2)


async def test_pages_end_at_their_bound_and_say_where(wiring: Any) -> None:
    wiring.answer(page([1], "<?p=2>; rel=next"), page([2], "<?p=3>; rel=next"))
    output = await call(wiring, {"max": 2})
    assert output["data"] == [1, 2]
    assert output["pages"] == {"count": 2, "truncated": True, "next": f"{URL}?p=3"}


async def test_one_page_is_a_list_too(wiring: Any) -> None:
    wiring.answer(page([1]))
    output = await call(wiring, {})
    assert (output["data"], output["pages"]) == ([1], {"count": 1, "truncated": False, "next": None})


async def test_a_page_that_fails_is_the_answer(wiring: Any) -> None:
    wiring.answer(page([1], "<?p=2>; rel=next"), httpx2.Response(503, json={"code": "X"}))
    output = await call(wiring, {})
    assert (output["status"], output["data"]) == ("503", {"code": "X"})
    assert "pages" not in output
    wiring.answer(httpx2.Response(404, text="no"))
    assert (await call(wiring, {}))["status"] == "404"


async def test_a_next_page_of_another_origin_is_not_read(wiring: Any) -> None:
    wiring.answer(page([1], "<https://evil.example/p2>; rel=next"))
    with pytest.raises(Rejected) as caught:
        await call(wiring, {}, headers={"Authorization": "Bearer hunter2-hunter2"})
    assert (caught.value.code, caught.value.sent) == ("REDIRECT_REFUSED", True)
    assert len(wiring.requests) == 1


async def test_a_next_page_of_a_host_that_the_connection_names_is_read(wiring: Any) -> None:
    wiring.add("crm", "http", {"base_url": "https://api.example", "allowed_hosts": ["files.example"]})
    wiring.answer(page([1], "<https://files.example/p2>; rel=next"), page([2]))
    output = await call(wiring, {}, url="/orders", connection="crm")
    assert output["data"] == [1, 2]


async def test_pages_in_a_circle_are_a_bad_response(wiring: Any) -> None:
    wiring.answer(page([1], "<?p=2>; rel=next"), page([2], f"<{URL}>; rel=next"))
    with pytest.raises(Rejected, match="earlier page") as caught:
        await call(wiring, {})
    assert caught.value.code == "BAD_RESPONSE"


@pytest.mark.parametrize("link", ["<file:///etc/passwd>; rel=next", "<http://u@h/>; rel=next"])
async def test_an_address_that_is_not_acceptable_is_a_bad_response(link: str, wiring: Any) -> None:
    wiring.answer(page([1], link))
    with pytest.raises(Rejected) as caught:
        await call(wiring, {})
    assert caught.value.code == "BAD_RESPONSE"


async def test_a_page_without_the_list_is_a_bad_response(wiring: Any) -> None:
    wiring.answer(page([1], other=1), httpx2.Response(200, json={"value": "x"}))
    for pages in ({"items": "/no/such"}, {"items": "/value"}):
        with pytest.raises(Rejected, match=r"pages\.items") as caught:
            await call(wiring, pages)
        assert caught.value.code == "BAD_RESPONSE"


async def test_all_pages_together_are_bounded(wiring: Any) -> None:
    text = "x" * 600
    wiring.answer(page([text], "<?p=2>; rel=next"), page([text]))
    context = replace(wiring.context(), limits=Limits(response_bytes=1000))
    with pytest.raises(Rejected, match="response_bytes") as caught:
        await OPERATION.perform(context, {"url": URL, "pages": {}})
    assert caught.value.code == "RESPONSE_TOO_LARGE"


@pytest.mark.parametrize(
    "input_",
    [
        {"method": "POST"},
        {"pages": {"max": 0}},
        {"pages": {"max": 1001}},
        {"pages": {"follow": "next"}},
        {"pages": {"items": "value"}},
        {"pages": {"unknown": 1}},
    ],
)
async def test_pages_that_cannot_be_read_are_bad_input(input_: Any, wiring: Any) -> None:
    wiring.answer(page([]))
    with pytest.raises(BadInput):
        await call(wiring, **{"pages": {}, **input_})
    assert wiring.requests == []


async def test_credentials_are_masked_on_every_page(wiring: Any) -> None:
    wiring.add("crm", "http", {"base_url": "https://api.example", "auth": "bearer"}, {"token": "hunter2-hunter2"})
    wiring.answer(page(["hunter2-hunter2"], "<?p=2>; rel=next"), page([{"echo": "Bearer hunter2-hunter2"}]))
    output = await call(wiring, {}, url="/orders", connection="crm")
    assert "hunter2" not in json.dumps(output)
    assert all(sent.headers["authorization"] == "Bearer hunter2-hunter2" for sent in wiring.requests)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a/2>; rel="next", <https://a/9>; rel="last"', "https://a/2"),
        ('<https://a/1>; rel="first", </2>; title="x; y"; rel=next', "/2"),
        ('</2>; rel="prev NEXT"', "/2"),
        ("</2>; rel=previous", ""),
        ("</2>", ""),
        ("next", ""),
        ("", ""),
        ("<" * 100_000, ""),
    ],
)
def test_the_next_link_of_a_header_is_found(header: str, target: str) -> None:
    assert next_link(header) == target
