"""What the tests of the pages read is what this server renders: logs, outlines, and the sentences of findings."""

import msgspec

from golden.recording.record_pages import (
    LOGS,
    OUTLINES,
    SENTENCES,
    listed_sentences,
    rendered_logs,
    rendered_outlines,
)
from looply.jsontext import Json

HOW = "run: python tests/golden/recording/record_pages.py"


def ordered(value: list[Json]) -> list[Json]:
    found: list[Json] = msgspec.json.decode(msgspec.json.encode(value, order="sorted"))
    return found


def test_the_pages_fold_the_logs_that_the_server_renders() -> None:
    assert msgspec.json.decode(LOGS.read_bytes()) == ordered(rendered_logs()), HOW


def test_the_pages_draw_the_regions_that_the_server_finds() -> None:
    assert msgspec.json.decode(OUTLINES.read_bytes()) == ordered(rendered_outlines()), HOW


def test_the_pages_know_each_sentence_of_a_finding() -> None:
    assert msgspec.json.decode(SENTENCES.read_bytes()) == listed_sentences(), HOW
