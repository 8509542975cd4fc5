"""The page about connectors shows the connector that the tests use, and a test of it, word for word."""

from docs_pages import DOCS, ROOT, blocks

PAGE = DOCS / "how-to" / "write-a-connector.md"
MODULE = ROOT / "tests" / "plugins" / "looply_warehouse.py"
TEST = ROOT / "tests" / "unit" / "connectors" / "test_connectors_plugin.py"


def test_the_code_on_the_page_is_code_of_the_connector_under_test() -> None:
    module = MODULE.read_text(encoding="utf-8") + TEST.read_text(encoding="utf-8")
    shown = [text for language, text in blocks(PAGE) if language == "python"]
    assert len(shown) >= 5
    assert [text for text in shown if text.rstrip() not in module] == []


def test_the_entry_point_on_the_page_is_that_of_the_connector_under_test() -> None:
    points = (MODULE.parent / "looply_warehouse-1.0.0.dist-info" / "entry_points.txt").read_text(encoding="utf-8")
    _, _, point = points.partition("\n")
    name, _, target = point.strip().partition(" = ")
    assert f'{name} = "{target}"' in PAGE.read_text(encoding="utf-8")
