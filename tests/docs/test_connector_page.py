"""The pages about plugins show the modules that the tests use, and a test of each, word for word."""

import pytest
from docs_pages import DOCS, ROOT, blocks

PLUGINS = ROOT / "tests" / "plugins"
UNIT = ROOT / "tests" / "unit"


@pytest.mark.parametrize(
    ("page", "module", "test", "least"),
    [
        ("write-a-connector.md", "looply_warehouse.py", "connectors/test_connectors_plugin.py", 6),
        ("write-a-channel.md", "looply_pager.py", "channels/test_channels_plugin.py", 4),
    ],
)
def test_the_code_on_the_page_is_code_of_the_module_under_test(page: str, module: str, test: str, least: int) -> None:
    code = (PLUGINS / module).read_text(encoding="utf-8") + (UNIT / test).read_text(encoding="utf-8")
    shown = [text for language, text in blocks(DOCS / "how-to" / page) if language == "python"]
    assert len(shown) >= least
    assert [text for text in shown if text.rstrip() not in code] == []


@pytest.mark.parametrize(
    ("page", "distribution", "count"),
    [("write-a-connector.md", "looply_warehouse", 1), ("write-a-channel.md", "looply_pager", 2)],
)
def test_the_entry_points_on_the_page_are_those_of_the_module_under_test(
    page: str, distribution: str, count: int
) -> None:
    points = (PLUGINS / f"{distribution}-1.0.0.dist-info" / "entry_points.txt").read_text(encoding="utf-8")
    text = (DOCS / "how-to" / page).read_text(encoding="utf-8")
    pairs = [line.split(" = ") for line in points.splitlines() if " = " in line]
    assert len(pairs) == count
    assert [name for name, target in pairs if f'{name} = "{target}"' not in text] == []
