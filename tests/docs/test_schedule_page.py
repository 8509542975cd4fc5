"""The page on schedules: its preview is what the command shows."""

import io
import itertools
import shlex

from docs_pages import DOCS, blocks

from looply.cli import main
from looply.cli.terminal.terminal import Terminal


class Screen(io.StringIO):
    """A terminal on which the example of the page fits."""

    def isatty(self) -> bool:
        return True


def test_the_preview_is_the_one_that_the_page_shows() -> None:
    shown = list(blocks(DOCS / "how-to" / "schedule.md"))
    pairs = itertools.pairwise(shown)
    ((command, output),) = [(command, output) for (_, command), (language, output) in pairs if language == "text"]
    name, *arguments = shlex.split(command)
    assert name == "looply"
    out = Screen()
    terminal = Terminal(
        source=io.BytesIO(), output=out, errors=io.StringIO(), environment={"COLUMNS": "120", "NO_COLOR": "1"}
    )
    assert main(arguments, terminal) == 0
    assert [line.rstrip() for line in out.getvalue().splitlines() if line.strip()] == [
        line for line in output.splitlines() if line
    ]
