"""The log: one line for each event, without secrets and within bounds."""

import io
import json
import logging
from typing import Any

import pytest
import structlog

from looply.instants import from_ms
from looply.log import FIELD_BYTES, MASK, configure_log


class StillClock:
    def now(self) -> Any:
        return from_ms(1_700_000_000_123)

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    configure_log("info", StillClock(), stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    text = stream.getvalue()
    assert text.isascii()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_an_event_is_one_json_line_with_its_time_and_level(stream: io.StringIO) -> None:
    structlog.get_logger("x").info("listening", address="http://127.0.0.1:1", workflow=1)
    assert lines(stream) == [
        {
            "at": "2023-11-14T22:13:20.123+00:00",
            "event": "listening",
            "address": "http://127.0.0.1:1",
            "workflow": 1,
            "level": "info",
        }
    ]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_line_for_people() -> None:
    configure_log("info", StillClock(), screen := Screen())
    structlog.get_logger("x").warning("call_failed", url="http://127.0.0.1:1", note="two words", token="t", count=2)
    line = '22:13:20.123Z WARNING call_failed  url=http://127.0.0.1:1 note="two words" token="***" count=2\n'
    assert screen.getvalue().replace("token=***", 'token="***"') == line


@pytest.mark.parametrize("text", ["a\r\nb", "\x1b[31m", "\x00", "\u202e", "\x7f", "\x85", "\ud800", "\nb=1"])
def test_control_characters_do_not_reach_the_terminal_of_a_log(text: str) -> None:
    configure_log("info", StillClock(), screen := Screen())
    structlog.get_logger().info(text, value=text, **{text: "name"})
    assert screen.getvalue().count("\n") == 1
    assert screen.getvalue().isascii()
    assert screen.getvalue().rstrip("\n").isprintable()


@pytest.mark.parametrize(
    "text", ["a\r\nb", "\x1b[31m", "\x00", "\u202e", "\u2028", "\x7f", "\x85", "\ud800", '"},{"', "\n{}"]
)
def test_control_characters_never_make_a_second_line(stream: io.StringIO, text: str) -> None:
    structlog.get_logger().info("reported", value=text, **{text: "name"})
    (line,) = lines(stream)
    assert line["value"] == text
    raw = stream.getvalue()
    assert all(character.isprintable() for character in raw.rstrip("\n"))
    assert raw.count("\n") == 1


@pytest.mark.parametrize(
    "name",
    ["authorization", "Authorization", "password", "x-api-key", "api_key", "client_secret", "wait_token", "Cookie"],
)
def test_fields_named_like_secrets_are_masked_at_any_depth(stream: io.StringIO, name: str) -> None:
    structlog.get_logger().info("reported", **{name: "canary"}, deep={"list": [{name: ["canary"]}]})
    (line,) = lines(stream)
    assert line[name] == MASK
    assert "canary" not in stream.getvalue()


def test_an_api_key_is_masked_in_any_value(stream: io.StringIO) -> None:
    key = "lk_abcdefgh_" + "A" * 43
    structlog.get_logger().info("reported", path=f"/x?key={key}", values=[key], other=KeyError(key))
    assert key not in stream.getvalue()


def test_a_long_text_is_cut_to_8_kilobytes(stream: io.StringIO) -> None:
    structlog.get_logger().info("reported", ascii="x" * 1_000_000, wide="\u20ac" * 1_000_000, fits="x" * FIELD_BYTES)
    (line,) = lines(stream)
    for name in ("ascii", "wide"):
        assert len(line[name].encode()) <= FIELD_BYTES
        assert line[name].endswith("...[cut]")
    assert line["fits"] == "x" * FIELD_BYTES


def test_a_deep_or_wide_value_is_bounded(stream: io.StringIO) -> None:
    deep: Any = "end"
    for _ in range(50):
        deep = {"x": deep}
    structlog.get_logger().info("reported", deep=deep, wide=list(range(10_000)), some={1, 2})
    (line,) = lines(stream)
    assert len(line["wide"]) == 100
    assert sorted(line["some"]) == [1, 2]


def test_an_exception_is_logged_with_class_and_location_without_its_message(stream: io.StringIO) -> None:
    try:
        raise ValueError("canary from a payload")
    except ValueError as error:
        structlog.get_logger().error("request_broke", exc_info=error)
        structlog.get_logger().exception("again")
    first, second = lines(stream)
    assert (first["error"], second["error"]) == ("ValueError", "ValueError")
    assert "test_an_exception_is_logged" in first["trace"][-1]
    assert "canary" not in stream.getvalue()


def test_events_below_the_level_are_left_out(stream: io.StringIO) -> None:
    structlog.get_logger().debug("reported")
    assert stream.getvalue() == ""


def test_loggers_of_the_standard_library_write_the_same_lines(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").error("odd\r\nthing %s", "\x1b")
    (line,) = lines(stream)
    assert (line["event"], line["level"]) == ("odd\r\nthing \x1b", "error")
