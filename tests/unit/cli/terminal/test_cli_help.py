"""Help pages: they name every argument and every switch, and break their text once, at the width of the page."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from cli_kit import Command

from looply.cli.command_line import APP

COLUMNS = 80


def every_command() -> Iterator[tuple[str, ...]]:
    for name in APP:
        if not name.startswith("-"):
            yield (name,)
            yield from ((name, inner) for inner in APP[name] if not inner.startswith("-"))


COMMANDS = tuple(every_command())


def page_of(run: Command, *words: str) -> str:
    """Returns a help page without its colors."""
    return re.sub(r"\x1b\[[0-9;]*m", "", run(*words, "--help", columns=COLUMNS).out)


def text_of(page: str) -> list[str]:
    """Returns the lines between the usage and the first panel."""
    _, _, rest = page.partition("\n\n")
    return rest.partition("\n╭")[0].splitlines()


def test_a_usage_names_its_arguments_and_which_may_be_left_out(run: Command) -> None:
    usages = {words: page_of(run, *words).splitlines()[0] for words in COMMANDS}
    assert [usage for usage in usages.values() if "ARGS" in usage] == []
    assert usages["workflow", "trigger"] == "Usage: looply workflow trigger WORKFLOW [FILE] [OPTIONS]"
    assert usages["workflow", "diff"] == "Usage: looply workflow diff WORKFLOW VERSION [OTHER] [OPTIONS]"
    assert usages["key", "create"] == "Usage: looply key create NAME [OPTIONS]"
    assert usages["organization", "create"] == "Usage: looply organization create [NAMES...] [OPTIONS]"
    assert usages["context", "list"] == "Usage: looply context list [OPTIONS]"


def test_a_text_is_broken_at_the_width_of_the_page_and_nowhere_else(run: Command) -> None:
    short = []
    for words in COMMANDS:
        lines = text_of(page_of(run, *words))
        for line, following in pairwise(lines):
            if line and following and len(line) + 1 + len(following.split()[0]) <= COLUMNS:
                short.append((words, line, following))
    assert short == []


@pytest.mark.parametrize("command", [(), ("workflow",), ("workflow", "list"), ("bench",)])
def test_every_page_has_the_switches_of_every_command(run: Command, command: tuple[str, ...]) -> None:
    page = page_of(run, *command)
    for switch in ("--output -o", "--json", "--debug"):
        assert switch in page


def test_the_summary_of_a_group_names_its_commands(run: Command) -> None:
    lines = [line.strip("│") for line in page_of(run).splitlines() if line.startswith("│")]
    rows = re.split(r"\n(?= \S)", "\n".join(line.rstrip() for line in lines))
    summaries = {row.split()[0]: row for row in rows}
    groups = {words[0] for words in COMMANDS if len(words) > 1} - {"bench"}
    assert {(g, n) for g, n in (w for w in COMMANDS if len(w) > 1) if g in groups and n not in summaries[g]} == set()
