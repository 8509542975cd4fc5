"""`looply audit`: the audit log, who changed what in an organization."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

from cyclopts import App, Parameter, validators

from looply.cli.terminal.failures import DONE, REFUSED, UsageError
from looply.cli.terminal.instants import instant_ms
from looply.cli.terminal.options import THE_TARGET, Target
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here, Terminal, json_text

APP: Final = App(name="audit", help="The audit log, who changed what in an organization: list, export, verify.")

_COLUMNS: Final = {
    "record": "record_id",
    "when": "when",
    "who": "who",
    "action": "action",
    "object": "object_id",
    "details": "details",
}
_PAGE: Final = 30

Limit = Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))]
Ask = Callable[..., Awaitable[dict[str, Any]]]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RecordFilter:
    """The criteria of a list of audit records."""

    actor: Annotated[str | None, Parameter(help="Only changes by the key with this id.")] = None
    action: Annotated[str | None, Parameter(help="Only changes of this kind, such as key.create.")] = None
    object: Annotated[str | None, Parameter(help="Only changes of the object with this id.")] = None
    since: Annotated[str | None, Parameter(name="--from", help="At or after this instant, RFC 3339.")] = None
    until: Annotated[str | None, Parameter(name="--to", help="Before this instant, RFC 3339.")] = None

    def query(self) -> dict[str, Any]:
        """Returns the parameters of the call. Raises: UsageError for an invalid instant."""
        return {
            "actor": self.actor,
            "action": self.action,
            "object": self.object,
            "from": instant_ms("--from", self.since),
            "to": instant_ms("--to", self.until),
        }


_NO_CRITERIA: Final = RecordFilter()


@APP.command(name="list")
async def list_records(
    *, criteria: RecordFilter = _NO_CRITERIA, limit: Limit = 100, target: Target = THE_TARGET, terminal: Here
) -> None:
    """List the audit records, newest first: who changed what, and when."""
    items: list[dict[str, Any]] = []
    async with _open_trail(terminal, target) as ask:
        async for page in _pages(ask, criteria.query()):
            items += page["items"]
            if len(items) >= limit:
                break
    shown = [
        {
            **item,
            "when": instant(item["at"]),
            "who": item["actor"]["name"] or item["actor"]["id"] or "operator",
            "details": json_text(item["details"]),
        }
        for item in items[:limit]
    ]
    show_items(terminal, items[:limit], _COLUMNS, noun="audit records", table_rows=shown)


@APP.command
async def export(
    *,
    after: Annotated[
        int, Parameter(help="Begin after the record with this number.", validator=validators.Number(gte=0))
    ] = 0,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Write the audit records as JSON, one per line, oldest first; with --output as one document."""
    items: list[dict[str, Any]] = []
    async with _open_trail(terminal, target) as ask:
        async for page in _pages(ask, {"after": after}):
            if not terminal.is_table:
                items += page["items"]
                continue
            for item in page["items"]:
                terminal.output.write(f"{json_text(item)}\n")
    if not terminal.is_table:
        terminal.show({"count": len(items), "items": items}, str)


@APP.command
async def verify(
    *,
    head: Annotated[
        str | None, Parameter(help="NUMBER:HASH of a record that an earlier verify has shown and you have noted.")
    ] = None,
    target: Target = THE_TARGET,
    terminal: Here,
) -> int:
    """Check that no audit record was altered, removed or inserted. Exit status 1 when one was.

    Note the number and hash that it shows outside of the store: with --head the next check also detects that the
    whole chain was rewritten.
    """
    from looply.catalog.trail.chain import BEGIN, ChainCheck, Head, Link  # noqa: PLC0415 - slow import: only this check needs the catalog

    check, newest, noted = (
        ChainCheck(),
        Head(count=0, hash=BEGIN),
        _parse_head(head),
    )
    async with _open_trail(terminal, target) as ask:
        async for page in _pages(ask, {"after": 0}):
            newest = Head(count=page["head"]["record_id"], hash=bytes.fromhex(page["head"]["hash"]))
            for item in page["items"]:
                link = Link(
                    organization_id=item["organization_id"],
                    number=item["record_id"],
                    at_ms=item["at"],
                    actor=item["actor"]["id"],
                    action=item["action"],
                    object_id=item["object_id"],
                    details=item["details"],
                )
                check.add(link, bytes.fromhex(item["hash"]))
                if noted == (item["record_id"], item["hash"]):
                    noted = None
    problems = check.breaks(newest)
    if noted is not None:
        problems.append(f"record {noted[0]} does not have the hash that was noted")
    document = {"records": check.last.count, "hash": check.last.hash.hex(), "problems": problems}
    shown = {"records": document["records"], "head": f"{document['records']}:{document['hash']}"}
    terminal.show(document, lambda: record({**shown, "problems": "\n".join(problems) or "none"}))
    return REFUSED if problems else DONE


def _parse_head(head: str | None) -> tuple[int, str] | None:
    if head is None:
        return None
    number, _, digest = head.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise UsageError("--head is NUMBER:HASH, as 'looply audit verify' shows it")
    return int(number), digest.lower()


@asynccontextmanager
async def _open_trail(terminal: Terminal, target: Target) -> AsyncIterator[Ask]:
    """Yields a function that returns a page of records, from a running server or from the store itself."""
    if target.is_offline():
        from looply.cli.offline import offline_audit  # noqa: PLC0415 - slow import: only work on the store needs it

        async with offline_audit.open_trail(terminal, target) as ask:
            yield ask
        return
    async with target.client(terminal) as client:

        async def ask_server(**query: Any) -> dict[str, Any]:
            return await client.get("getAudit", **{"limit": _PAGE, **query})

        yield ask_server


async def _pages(ask: Ask, query: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    cursor: dict[str, Any] = {}
    while True:
        page = await ask(**{**query, **cursor})
        yield page
        if not (cursor := page.get("lastKey") or {}):
            return
