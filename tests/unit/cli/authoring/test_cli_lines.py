"""`expression eval` and `card render`: a line in, a line out."""

import io
import json
import math
from typing import Any

import pytest
from cli_kit import Command

from looply.cli.authoring.lines import LINE_BYTES, answer_lines
from looply.cli.terminal.terminal import Terminal


def answers(run: Command, command: tuple[str, str], *lines: Any) -> list[Any]:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    done = run(*command, stdin=text.encode())
    assert (done.status, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


EVAL, RENDER = ("expression", "eval"), ("card", "render")
DEEP: Any = json.loads("[" * 198 + "]" * 198)


def test_each_line_has_its_answer_in_order(run: Command) -> None:
    found = answers(
        run,
        EVAL,
        {"expression": "1 + 1"},
        "no JSON",
        {"expression": "payload.a", "data": {"payload": {"a": ["ü", None]}}},
        "",
        {"expression": "concat('x', 'y')", "data": None},
    )
    assert [list(each) for each in found] == [["value"], ["error"], ["value"], ["error"], ["value"]]
    assert (found[0]["value"], found[2]["value"], found[4]["value"]) == (2, ["ü", None], "xy")
    assert "line 1 column 2" in found[1]["error"]


def test_a_path_that_is_not_there_is_null(run: Command) -> None:
    assert answers(run, EVAL, {"expression": "a.b.c", "data": {}}) == [{"value": None}]


def test_integers_of_64_digits_come_back_exactly(run: Command) -> None:
    number = int("9" * 64)
    assert answers(run, EVAL, {"expression": "a", "data": {"a": number}}) == [{"value": number}]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"expression": "1 +"}, "position"),
        ({"expression": "nothing(1)"}, "nothing"),
        ({"expression": "1 / 0"}, "divided by 0"),
        ({"expression": 1}, "must be a text"),
        ({"expression": "a", "data": []}, "must be an object"),
        ({"data": {}}, "expression"),
        ([], "object"),
        ('{"expression": "1", "expression": "2"}', "line"),
        ('{"expression": "1"', "line 1 column 18"),
        ('{"expression": "1"} {"expression": "2"}', "trailing"),
        ('{"expression": "a", "data": {"a": NaN}}', "not valid JSON"),
        ('{"expression": "a", "data": {"a": 1e999}}', "too large for a double"),
        ('{"expression": "a", "data": {"a": -Infinity}}', "not valid JSON"),
        ('{"expression": "a", "data": {"a": "\\ud800"}}', "not valid JSON"),
        ('{"expression": "a", "data": {"a": 1, "a": 2}}', "not valid JSON"),
        ('{"expression": "a", "data": {"a": 1' + "0" * 64 + "}}", "64 digits"),
        ('{"expression": "a", "data": {"a": ' + "[" * 199 + "]" * 199 + "}}", "200 levels"),
        ("null", "object"),
        ('"1"', "object"),
        ("{}", "expression"),
        ({"expression": None}, "must be a text"),
        ({"expression": "a" * 8193}, "expression_characters"),
        ({"expression": "range(0, 1000000000)"}, "expression_items"),
        ({"expression": "foreach(range(0, 20000), x, a)", "data": {"a": "x" * 1000}}, "document_bytes"),
        (
            {"expression": "createArray(createArray(createArray(a)))", "data": {"a": DEEP}},
            "json_levels",
        ),
    ],
)
def test_a_failed_evaluation_is_an_error_of_its_line(run: Command, line: Any, words: str) -> None:
    (found,) = answers(run, EVAL, line)
    assert words in found["error"]


def test_json_changes_nothing_since_lines_are_json(run: Command) -> None:
    assert answers(run, ("expression", "eval", "--json"), {"expression": "2"}) == [{"value": 2}]  # type: ignore[arg-type]


def test_a_card_is_expanded_with_its_data(run: Command) -> None:
    template = {"type": "TextBlock", "text": "Order ${po}", "id": "${missing}"}
    found = answers(
        run,
        RENDER,
        {"template": template, "data": {"po": "4500000101"}},
        {"template": {"items": [{"$data": "${$root}", "text": "${$data}"}]}, "data": [1, 2]},
        {"template": {"text": "${1 +}"}, "data": {}},
        {"data": {}},
    )
    assert found[0] == {"value": {"type": "TextBlock", "text": "Order 4500000101", "id": "${missing}"}}
    assert found[1] == {"value": {"items": [{"text": 1}, {"text": 2}]}}
    assert "error" in found[2]
    assert "template" in found[3]["error"]


def test_omitted_data_is_empty_and_unknown_names_are_ignored(run: Command) -> None:
    lines = ({"expression": "a"}, {"expression": "a", "data": {"a": 1}, "note": "more"})
    assert answers(run, EVAL, *lines) == [{"value": None}, {"value": 1}]
    template = {"t": "${a}", "h": "${$host.theme}", "d": "${$data}"}
    assert answers(run, RENDER, {"template": template}) == [{"value": {"t": "${a}", "h": "${$host.theme}", "d": {}}}]
    lines = ({"template": template, "data": {"a": 1}, "host": {"theme": "dark"}}, {"template": "${$data}", "data": "x"})
    assert answers(run, RENDER, *lines) == [{"value": {"t": 1, "h": "dark", "d": {"a": 1}}}, {"value": "x"}]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_mark_before_the_text_and_ends_of_lines_of_windows_are_read(run: Command, end: str) -> None:
    text = f'{{"expression": "1"}}{end}{{"expression": "2"}}{end}'
    done = run(*EVAL, stdin=b"\xef\xbb\xbf" + text.encode())
    assert done.out == '{"value":1}\n{"value":2}\n'


def test_a_mark_that_is_not_the_first_is_an_error_of_its_line(run: Command) -> None:
    assert ["error" in each for each in answers(run, EVAL, {"expression": "1"}, '\ufeff{"expression": "2"}')] == [
        False,
        True,
    ]


def test_the_last_line_needs_no_end(run: Command) -> None:
    assert run(*EVAL, stdin=b'{"expression": "1"}').out == '{"value":1}\n'
    assert run(*EVAL, stdin=b"").out == ""


def test_lines_of_other_bytes_than_text_are_errors(run: Command) -> None:
    done = run(*EVAL, stdin=b'{"expression": "\xff"}\n\x00\n{"expression": "1"}\n')
    assert [list(json.loads(line)) for line in done.out.splitlines()] == [["error"], ["error"], ["value"]]


def test_an_answer_is_one_line_for_every_reader(run: Command) -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x1cf\ng"
    done = run(*EVAL, stdin=json.dumps({"expression": "a", "data": {"a": text}}).encode())
    assert len(done.out.splitlines()) == 1
    assert json.loads(done.out) == {"value": text}


def test_a_number_that_json_does_not_have_is_an_error_of_its_line() -> None:
    out = io.StringIO()
    terminal = Terminal(source=io.BytesIO(b'{"x": 1}\n' * 2), output=out, errors=io.StringIO(), environment={})
    answer_lines(terminal, "x", lambda _: math.nan)
    assert [list(json.loads(line)) for line in out.getvalue().splitlines()] == [["error"], ["error"]]


class Counting(io.BytesIO):
    """A stream that remembers the largest requested read."""

    most = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        self.most = max(self.most, size) if size >= 0 else LINE_BYTES * 100
        return super().readline(size)


def test_a_line_that_is_too_long_is_an_error_and_never_held_as_a_whole() -> None:
    long = b'{"expression": "1", "data": {"a": "' + b"x" * (2 * LINE_BYTES) + b'"}}\n'
    fits = b'{"expression": "2"}'.ljust(LINE_BYTES - 1) + b"\n"
    source = Counting(long + fits + b" " + fits + b'{"expression": "3"}\n' + long.rstrip())
    out = io.StringIO()
    terminal = Terminal(source=source, output=out, errors=io.StringIO(), environment={})
    answer_lines(terminal, "expression", lambda asked: asked["expression"])
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [each.get("value") for each in found] == [None, "2", None, "3", None]
    assert all(str(LINE_BYTES) in each["error"] for each in found if "error" in each)
    assert source.most <= LINE_BYTES + 1
