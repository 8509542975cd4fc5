"""Evaluation of a stream: a JSON object a line in, a JSON object a line out, in order."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from looply.cli.terminal.documents import MARK, parse_named
from looply.cli.terminal.terminal import Terminal, json_text
from looply.errors import BadRequest, LooplyError
from looply.expressions import Evaluation
from looply.jsontext import Json, size_problem
from looply.limits import DEFAULT_LIMITS

LINE_BYTES: Final = DEFAULT_LIMITS.document_bytes + DEFAULT_LIMITS.body_bytes
"""A line has room for the largest data document and the largest template."""

# Readers that recognize more line ends than `\n` must not split an answer.
_ENDS_OF_LINES: Final = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def answer_lines(terminal: Terminal, field: str, evaluate: Callable[[dict[str, Json]], Json]) -> None:
    """Answers each line {`field`, `data`} of standard input by {`value`} or {`error`}, as soon as it has come.

    `evaluate` is given the line's object, which has the field. A line that is wrong does not end the stream.
    """
    for line in _lines(terminal.source):
        terminal.output.write(f"{_answer(line, field, evaluate).translate(_ENDS_OF_LINES)}\n")
        # The other side may wait for this answer before it sends the next line.
        terminal.output.flush()


def _lines(source: BinaryIO) -> Iterator[bytes | None]:
    """Yields the lines, None for one that is too long; holds at most as many bytes as a line may have."""
    mark = MARK
    while line := source.readline(LINE_BYTES + 1):
        if len(line) <= LINE_BYTES:
            yield line.removeprefix(mark)
        else:
            while line and not line.endswith(b"\n"):
                line = source.readline(LINE_BYTES)
            yield None
        mark = b""


def _answer(line: bytes | None, field: str, evaluate: Callable[[dict[str, Json]], Json]) -> str:
    try:
        if line is None:
            raise BadRequest(f"the line is longer than {LINE_BYTES} bytes")
        asked = parse_named(line.rstrip(b"\r\n"), "the line")
        if not isinstance(asked, dict) or field not in asked:
            raise BadRequest(f'the line must be an object such as {{"{field}": ..., "data": {{}}}}')
        value = evaluate(asked)
    except LooplyError as error:
        return json_text({"error": error.message})
    if reason := size_problem(value, DEFAULT_LIMITS.document_bytes, DEFAULT_LIMITS):
        return json_text({"error": f"the value {reason}; its limits are `document_bytes` and `json_levels`"})
    try:
        return json_text({"value": value})
    except ValueError:
        return json_text({"error": "the value has a number that JSON cannot hold"})


def evaluation(terminal: Terminal, data: Mapping[str, Any]) -> Evaluation:
    """Returns the inputs of an evaluation from the command line: the data, the current time, fresh randomness."""
    return Evaluation(data=data, now=terminal.clock.now(), chance=lambda: terminal.entropy.token(16))
