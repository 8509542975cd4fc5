"""`python -m bench.harness.figureless ...` is `looply ...`, whose units change no counters and roll-ups."""

import sys
from typing import Any
from unittest import mock

from looply.cli import main
from looply.engine.processing import committer


def no_change(*_: Any) -> None:
    """Returns no change of figures, whatever a unit did."""


if __name__ == "__main__":
    with mock.patch.object(committer, "figure_change", no_change):
        status = main()
    sys.exit(status)
