"""Moving a store: the tables, their columns, and checksums over their rows.

A row is the same on both sides: ids are 16 bytes, instants milliseconds, texts and bytes themselves. So two stores hold
the same when each table has the same number of rows in both, and the sums of the hashes are equal, in whatever order
the rows are read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

import msgspec

from looply.engine.coding.codec import Codec
from looply.engine.coding.rows import Row, id_text
from looply.engine.ports.store import Batch, Value
from looply.errors import StoreCorrupt
from looply.instants import from_ms

Kind: TypeAlias = Literal["uuid", "smallint", "integer", "bigint", "text", "bytea", "boolean"]

STEP_ROWS: Final = 1000
"""The number of rows after which progress is reported."""

_MOST_PROBLEMS: Final = 100
_SUM_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table with the columns that move, in their order, and the type that each has on PostgreSQL."""

    schema: str
    name: str
    columns: Mapping[str, Kind]

    @property
    def full_name(self) -> str:
        """The name with its schema."""
        return f"{self.schema}.{self.name}"


def _table(name: str, columns: str) -> MovedTable:
    pairs = (column.split() for column in columns.split(","))
    return MovedTable("looply", name, {column: cast("Kind", kind) for column, kind in pairs})


JOURNAL: Final = (
    _table("name", "n integer, id text"),
    _table("dictionary", "n integer, bytes bytea"),
    _table("definition", "hash text, workflow_id text, version integer, body bytea"),
    _table(
        "execution",
        "id uuid, org integer, workspace integer, workflow integer, version integer, status smallint, state text,"
        "trigger smallint, process_id text, profile text, parent text, seq bigint, crash_count integer, bytes bigint,"
        "modified_ms bigint, modified_by text",
    ),
    _table(
        "batch",
        "n bigint, execution_id uuid, first_seq bigint, last_seq bigint, at_ms bigint, epoch bigint, codec integer,"
        "chain bytea, events bytea",
    ),
    _table("snapshot", "execution_id uuid, seq bigint, fold integer, codec integer, state bytea"),
    _table("value", "org integer, hash bytea, codec integer, bytes bytea"),
    _table("value_use", "execution_id uuid, hash bytea, org integer, seq bigint"),
    _table("claim", "workflow integer, process_id text, org integer, execution_id uuid, request bytea"),
    _table("idempotency", "org integer, key text, request bytea, execution_id uuid, expires_ms bigint"),
    _table(
        "effect",
        "execution_id uuid, seq bigint, org integer, queue text, state smallint, attempt integer, epoch bigint",
    ),
    _table("timer", "due_ms bigint, execution_id uuid, seq bigint, kind smallint"),
    _table("wait", "execution_id uuid, seq bigint, step text, sources text"),
    _table(
        "incident",
        "execution_id uuid, seq bigint, id text, org integer, step text, kind smallint, code text, opened_ms bigint",
    ),
    _table("continuation", "execution_id uuid"),
    _table(
        "concurrency_slot",
        "execution_id uuid, workflow integer, seq bigint, since_ms bigint, max_concurrency integer, is_held smallint",
    ),
    _table("delivery", "target uuid, sender uuid, seq bigint, kind smallint"),
    _table(
        "card",
        "id text, execution_id uuid, org integer, workflow integer, step text, address text, part integer,"
        "recipient text, channel text, revision integer, opened_ms bigint, due_ms bigint",
    ),
    _table(
        "schedule",
        "workflow integer, org integer, workspace integer, version integer, definition text, status smallint,"
        "anchor_ms bigint, next_ms bigint, last_ms bigint, last_execution uuid, delay_ms bigint",
    ),
    _table(
        "fire",
        "workflow integer, nominal_ms bigint, execution_id uuid, outcome smallint, at_ms bigint, count integer",
    ),
    _table(
        "card_copy",
        "id text, execution_id uuid, channel text, wanted bigint, shown bigint, handle text, state text, code text,"
        "reason text, since_ms bigint, reminded integer, doubt integer, reported integer, takes integer,"
        "attempts integer, due_ms bigint, taken_ms bigint",
    ),
    _table(
        "letter",
        "execution_id uuid, seq bigint, org integer, workflow integer, process_id text, reason smallint, source text,"
        "sender text, kept_ms bigint, action smallint, settled_by text, settled_ms bigint, note text",
    ),
    _table(
        "datastore",
        "org integer, name text, revision bigint, body bytea, digest bytea, created_ms bigint, modified_ms bigint,"
        "modified_by text",
    ),
    _table("datastore_floor", "org integer, revision bigint"),
    _table("figure_change", "org integer, workflow integer, profile text, at_ms bigint, change text"),
    _table("counter", "org integer, workflow integer, name text, total bigint"),
    _table(
        "rollup",
        "org integer, grain text, begin_ms bigint, workflow integer, profile text, step text, body text",
    ),
    _table("search_field", "org integer, value text, execution_id uuid, name text"),
    _table(
        "decision",
        "execution_id uuid, seq bigint, org integer, workflow integer, version integer, process_id text, step text,"
        "visit integer, scope text, decided_by text, person text, action text, comment text, at_ms bigint, via text,"
        "revision integer, is_final smallint, actor text, actor_id text, actor_email text, substitute_for text",
    ),
    _table(
        "absence",
        "org integer, person text, name text, substitute text, begins_ms bigint, ends_ms bigint, workflows text,"
        "note text",
    ),
    _table("target", "org integer, target text, revision bigint, body text"),
    _table("expiry", "execution_id uuid, due_ms bigint"),
    _table("pruned", "org integer, tx bigint, n bigint"),
)
"""The tables of executions, each after those that it refers to. Data of one process, such as leases, is not moved."""


class Progress(Protocol):
    """The function that reports the progress of a table."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Takes the action and its table, the rows done and the total."""
        ...


@dataclass(frozen=True, slots=True)
class Counters:
    """The highest numbers that a store has issued: every later one must be above them."""

    epoch: int
    batch: int
    name: int


@dataclass(frozen=True, slots=True)
class Checksum:
    """The checksum of a table: its number of rows, and the sum of their hashes in hexadecimal."""

    rows: int
    digest: str


class Tally:
    """Computes the checksum of one table from its rows, in any order."""

    def __init__(self) -> None:
        self.rows = 0
        self._total = 0

    def add(self, row: Row) -> None:
        """Adds one row."""
        self.rows += 1
        self._total += int.from_bytes(blake2b(msgspec.msgpack.encode(row), digest_size=_SUM_BYTES).digest())

    @property
    def sum(self) -> Checksum:
        """The checksum of the rows added so far."""
        return Checksum(self.rows, (self._total % (1 << 8 * _SUM_BYTES)).to_bytes(_SUM_BYTES).hex())


def report_progress(rows: Iterable[Row], what: str, total: int, progress: Progress) -> Iterator[Row]:
    """Yields the rows and reports the progress."""
    done = 0
    for row in rows:
        yield row
        done += 1
        if done % STEP_ROWS == 0:
            progress(what, done, total)
    progress(what, done, total)


@dataclass(slots=True)
class RowExaminer:
    """Checks every row before it is moved: chains, the content of large values, and what PostgreSQL cannot store.

    The rows of `name` must come before rows that refer to them by number, batches in the order of execution and number.
    """

    codec: Codec
    problems: list[str] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)
    _execution: bytes = b""
    _chain: bytes = b""

    def examine(self, table: MovedTable, row: Row) -> None:
        """Adds the problems of a row; of very many only the first ones are kept."""
        if len(self.problems) >= _MOST_PROBLEMS:
            return
        if any(isinstance(value, str) and "\0" in value for value in row):
            self.problems.append(
                f"{table.name} row {_shown(row[0])} holds a character 0, which PostgreSQL cannot store"
            )
        try:
            match table.full_name:
                case "looply.name":
                    self._names[row[0]] = row[1]
                case "looply.batch":
                    self._follow(dict(zip(table.columns, row, strict=True)))
                case "looply.value":
                    value = Value(hash=row[1], codec=row[2], data=row[3])
                    self.codec.check_value(value, self._names.get(row[0], ""))
        except StoreCorrupt as error:
            self.problems.append(error.message)

    def _follow(self, row: Mapping[str, Any]) -> None:
        if row["execution_id"] != self._execution:
            self._execution, self._chain = row["execution_id"], b""
        names = ("first_seq", "last_seq", "codec", "chain", "events")
        batch = Batch(**{name: row[name] for name in names}, at=from_ms(row["at_ms"]))
        before, self._chain = self._chain, batch.chain
        self.codec.check_chain(batch, before, id_text(self._execution))


def _shown(value: Any) -> str:
    return id_text(value) if isinstance(value, bytes) else repr(value)
