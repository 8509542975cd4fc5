"""JSON texts with too many values are refused before they are parsed."""

import json
import threading

import pytest

from kit.calls import calls_within
from looply.connectors.http.bodies import read_output, render_output
from looply.connectors.port import HttpResponse
from looply.errors import BadRequest, Rejected
from looply.jsontext import Json, canonical_json, check_values, count_bytes, encode_json, parse_json, work_units
from looply.limits import DEFAULT_LIMITS, Limits


@pytest.mark.parametrize(
    "text", [b"[" + b"[]," * 100 + b"0]", b"[" + b'"",' * 100 + b'""]', b"{" * 100, b'[{"a":1},' * 50, b"," * 100]
)
def test_many_values_are_refused(text: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        check_values(text, 100, name="the body")
    assert (caught.value.code, caught.value.message) == ("TOO_MANY_VALUES", "the body has more than 100 values")


@pytest.mark.parametrize(
    "value",
    [
        ",[{" * 1000,
        {",{[" * 50: '"\\",[' * 100},
        ["a,b,c,d"] * 90,
        '\\"' * 1000 + ",",
        [1] * 99,
    ],
)
def test_commas_and_brackets_within_texts_are_no_values(value: object) -> None:
    check_values(json.dumps(value).encode(), 100)


@pytest.mark.parametrize("text", [b'"' + b",\\" * 501, b'"' + b'\\",' * 500, b'"' * 999 + b"," * 200, b'"\\'])
def test_a_text_that_does_not_end_is_left_to_the_parser(text: bytes) -> None:
    check_values(text, 400)


def response(content: bytes, content_type: str = "application/json") -> HttpResponse:
    return HttpResponse(status=200, reason="", headers=(("content-type", content_type),), content=content)


async def test_a_response_of_too_many_values_fails_its_step_and_says_which_limit() -> None:
    bomb = b"[" + b"[]," * 50_000 + b"0]"
    with pytest.raises(Rejected) as caught:
        await read_output(response(bomb), Limits(json_nodes=1000))
    assert (caught.value.code, caught.value.sent, caught.value.status) == ("RESPONSE_TOO_LARGE", True, "200")
    assert "json_nodes" in caught.value.message


async def test_a_large_response_within_the_limits_is_read_as_a_small_one_is() -> None:
    rows = [{"n": n, "text": "a, b, [c]"} for n in range(5000)]
    assert (await read_output(response(json.dumps(rows).encode()), Limits()))["data"] == rows


@pytest.mark.parametrize(("rows", "is_beside"), [(10, False), (5000, True)])
async def test_what_is_made_of_a_large_response_is_made_beside_the_loop(rows: int, *, is_beside: bool) -> None:
    threads = []

    def finish(output: dict[str, Json]) -> dict[str, Json]:
        threads.append(threading.current_thread())
        return {**output, "data": len(output["data"])}

    content = json.dumps([{"n": n, "text": "a text"} for n in range(rows)]).encode()
    output = await read_output(response(content), Limits(), finish)
    assert output["data"] == rows
    assert [thread is not threading.current_thread() for thread in threads] == [is_beside]


def test_a_response_that_is_no_json_may_have_any_commas() -> None:
    content = b"a,b,c\n" * 1000
    assert render_output(response(content, "text/csv"), Limits(json_nodes=100))["data"] == content.decode()


def test_an_ordinary_value_counts_the_bytes_of_its_text() -> None:
    for value in ({}, {"a": [1, 2]}, [{"id": n, "plant": "1000", "text": "a, [b]"} for n in range(1000)], "[" * 15):
        assert count_bytes(encode_json(value)) == len(encode_json(value))


def test_many_lists_and_objects_count_by_their_number_however_short_their_text_is() -> None:
    for container in ([], {}):
        text = encode_json([container] * 100_000)
        assert count_bytes(text) == 16 * (100_001 - 16) > 5 * len(text)


def test_a_document_holds_half_a_million_lists_and_objects_at_most() -> None:
    within, over = ([[]] * count for count in (524_000, 525_000))
    assert count_bytes(encode_json(within)) <= DEFAULT_LIMITS.document_bytes < count_bytes(encode_json(over))


@pytest.mark.parametrize(
    ("opens", "inner", "closes"),
    [(b"[", b"[]", b"]"), (b"[", b"{ }", b"]"), (b"[", b"[0]", b"]"), (b'{"a":', b"{}", b"}")],
)
def test_nesting_is_counted_with_an_empty_value_inside_too(opens: bytes, inner: bytes, closes: bytes) -> None:
    assert parse_json(opens * 199 + inner + closes * 199)
    for outer, limits in ((200, Limits()), (199, Limits(json_levels=199))):
        with pytest.raises(BadRequest) as caught:
            parse_json(opens * outer + inner + closes * outer, limits)
        assert caught.value.code == "MALFORMED_JSON"


@pytest.mark.parametrize("text", [b"[" + b"[0]," * 1000 + b"0]", b"[" + b"[ ],{}," * 1000 + b"0]"])
def test_many_lists_are_not_walked_through_for_their_depth(text: bytes) -> None:
    with calls_within("looply.jsontext") as calls:
        assert parse_json(text)[-1] == 0
    assert sum(calls.values()) < 50


@pytest.mark.parametrize("value", [1.0, -0.0, 1e15, 1e16, 1.5e20, 1e63, 123456789012345680000.0])
def test_a_whole_float_is_canonical_as_an_integer_wherever_it_is(value: float) -> None:
    assert canonical_json({"a": [value]}) == canonical_json({"a": [int(value)]})


@pytest.mark.parametrize("value", [2.5, 1.05, 1e64, 1e-7, "1.0", "2e5", True, None])
def test_other_values_are_canonical_as_they_are(value: Json) -> None:
    assert canonical_json([value]) == encode_json([value])


def test_work_grows_with_values_wherever_they_are_and_with_the_length_of_the_text() -> None:
    text = b'"' + b"x" * 640_000 + b'"'
    few, late = work_units(b"[" + text + b"]"), work_units(b"[" + text + b",[]" * 5_000 + b"]")
    assert few == pytest.approx(12_000, rel=0.01)
    assert late == pytest.approx(28_400, rel=0.01)


def test_values_that_are_decoded_at_once_are_more_work_than_as_many_one_by_one() -> None:
    part, whole = b"[" + b"[]," * 5_000 + b"0]", b"[" + b"[]," * 100_000 + b"0]"
    assert work_units(whole) > 3 * 20 * work_units(part)
    assert work_units(b"[" + b"[]," * 2_000_000 + b"0]") < 3_000_000
