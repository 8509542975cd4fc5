"""The two stores with tables share their code: files of the same name hardly repeat each other."""

import ast
import keyword
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from looply.engine.coding.rows import OPEN_NUMBERS, STATUS_NUMBERS

SOURCE = Path(__file__).parents[1] / "src" / "looply"
STORES = ("sqlite", "postgres")
MOST_IN_COMMON = 0.05


def test_the_two_stores_with_tables_hardly_repeat_each_other() -> None:
    sqlite, postgres = (files_by_name(SOURCE / "engine" / name) for name in STORES)
    same: Counter[str] = Counter()
    count = 0
    for name in sqlite.keys() & postgres.keys():
        one, other = compared_lines(sqlite[name]), compared_lines(postgres[name])
        repeated = [*(line for line in one if line in other), *(line for line in other if line in one)]
        same.update(f"{name}: {line}" for line in repeated)
        count += len(one) + len(other)
    assert same.total() / count < MOST_IN_COMMON, f"{same.total()} of {count} lines: {same.most_common()}"


def test_the_schema_calls_the_same_executions_open_as_the_code() -> None:
    """An idempotency key is taken while it has not expired or its execution is open: here in SQL, elsewhere by code."""
    ended = {STATUS_NUMBERS["COMPLETED"], STATUS_NUMBERS["TERMINATED"]}
    found = {
        f"{path.relative_to(SOURCE)} has {said.group()}": {int(number) for number in said.group(1).split(",")}
        for store in STORES
        for path in sorted((SOURCE / "engine" / store / "schema").rglob("*.sql"))
        for said in re.finditer(r"\bstatus IN \(([0-9, ]+)\)", path.read_text())
    }
    assert set(OPEN_NUMBERS) in found.values()
    assert {place: numbers for place, numbers in found.items() if numbers not in (set(OPEN_NUMBERS), ended)} == {}


def files_by_name(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.py")):
        found.setdefault(path.name, []).append(path)
    return found


def compared_lines(paths: Sequence[Path]) -> list[str]:
    """Returns the lines of files as they are compared, signatures and docstrings too: white space is folded, and left
    out are comments, imports, and what every file of the language has: lines without a letter, and single keywords."""
    return [line for path in paths for line in code_lines(path.read_text()) if has_own_word(line)]


def code_lines(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    left_out = {number for node in imports for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return (" ".join(line.split()) for number, line in enumerate(lines, 1) if number not in left_out)


def has_own_word(line: str) -> bool:
    words = re.findall(r"[^\W\d]\w*", line)
    return bool(words) and not (len(words) == 1 and keyword.iskeyword(words[0]))
