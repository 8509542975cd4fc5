"""Search: pages of every kind of filter in a store of a million executions, the newest and some further down.

Three workflows make what is found: of 100 executions 96 complete, 2 fail and 2 wait. Each has a process id of its own,
`PO-0000000` and on, one of 5,000 suppliers and one of 50 plants as search fields, and a body of 1 KiB.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from bench.harness.filling import Folder, Pattern, make_folder, stored
from bench.harness.in_process import in_process
from bench.harness.load import get, run
from bench.harness.scenario import PAYLOAD, orders
from bench.harness.servers import Server, disk_bytes, json_of, looply
from bench.speed import Figures, Plan, drive
from looply.clock import id_time
from looply.engine.ports.store import Unit
from looply.instants import to_ms

STORED: Final = 1_000_000
GOAL_MS: Final = 50.0

_READS: Final = 100
_PAGE: Final = 20
_LONGEST_SECONDS: Final = 600.0

Found = Literal["a page", "something", "nothing", "truncated"]
"""What an answer must hold: as many as asked for; one or more; none; what was seen before the budget ran out."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of search: its name, its query, and what is found.

    One that `is_deep` is also measured from places anywhere in the list, as the next page of a caller that came so far.
    """

    name: str
    query: str
    finds: Found = "a page"
    is_deep: bool = False


def measure_search(plan: Plan) -> Figures:
    """Returns what a page of each kind of search takes with a million executions stored."""
    count = STORED
    folder = run(make_folder(plan.work / "search", orders()))
    empty = disk_bytes(folder.data)
    begun = time.perf_counter()
    kept = run(fill_orders(folder, count))
    filled = time.perf_counter() - begun
    each = round((disk_bytes(folder.data) - empty) / count)
    with looply(folder.data, plan.work / "search.log") as server:
        measured = [
            figures for case in cases(folder, kept, count) for figures in measure_case(server, folder, case, kept)
        ]
        return {
            "stored": count,
            "fill_seconds": round(filled, 1),
            "disk_bytes_each": each,
            "restart_seconds": round(server.ready_seconds, 3),
            "rss_mib": round(server.rss_mib, 1),
            "cases": measured,
        }


async def fill_orders(folder: Folder, count: int, span: timedelta = timedelta(0), first: int = 0) -> list[str]:
    """Stores so many executions in a folder that has the three workflows; returns ids of some, spread over all.

    With a `span` they are spread over that time until now. Their numbers begin with `first`.
    """
    async with in_process(folder.data) as held:
        patterns = {}
        for kind in orders():
            start = replace(
                await held.start_of(kind), **_varied(0), body_size=len(msgspec.json.encode(_varied(0)["body"]))
            )
            patterns[kind] = Pattern(start, **_varied(1))

        def unit_of(number: int, fresh: dict[str, Any]) -> Unit:
            pattern = patterns[_kind(number)]
            return pattern.unit(replace(pattern.first, **fresh, **_varied(first + number)))

        return await stored(held, count, unit_of, span)


def _varied(number: int) -> dict[str, Any]:
    order = {**PAYLOAD, "supplier": f"S-{number % 5000:04}", "plant": f"P-{number // 7 % 50:02}"}
    return {"body": order, "process_id": _process_id(number)}


def _process_id(number: int) -> str:
    return f"PO-{number:07}"


def _kind(number: int) -> str:
    return {7: "rejecting", 13: "asking"}.get(number % 50, "ordering")


def cases(folder: Folder, kept: Sequence[str], count: int) -> Iterator[Case]:
    """Yields the searches for a folder with so many executions, of which `kept` are some, oldest first."""
    ids, half = folder.workflow_ids, _process_id(count // 2)
    middle = f"from={_created(kept[len(kept) // 2])}&to={_created(kept[len(kept) * 6 // 10])}"
    yield Case("no filter", "", is_deep=True)
    yield Case("status COMPLETED", "status=COMPLETED", is_deep=True)
    yield Case("status FAILED", "status=FAILED", is_deep=True)
    yield Case("status FAILED or WAITING", "status=FAILED&status=WAITING", is_deep=True)
    yield Case("workflow and version", f"workflow_id={ids['rejecting']}&workflow_version=1", is_deep=True)
    yield Case("dates", middle)
    yield Case("dates and status", f"{middle}&status=FAILED")
    yield Case("a trigger type that nothing has", "workflow_trigger_type=SCHEDULED", "truncated")
    workflows = "&".join(f"workflow_id={ids[kind]}" for kind in orders())
    other = "workflow_version=1&workflow_version=2&workflow_trigger_type=REQUEST&workflow_trigger_type=SCHEDULED"
    yield Case("3 workflows, 2 versions, 2 trigger types", f"{workflows}&{other}", "something", is_deep=True)
    yield Case("process id", f"process_id={half}", "something")
    yield Case("process id that nothing has", "process_id=PO-none", "nothing")
    yield Case("process id PRE*, 100 match", f"process_id={half[:-2]}*")
    yield Case("process id PRE*, all match", "process_id=PO-*", is_deep=True)
    yield Case("process id PRE*, the oldest tenth matches", f"process_id={_process_id(0)[:-5]}*", "truncated")
    yield Case("process id *END, 100 match", "process_id=*4711")
    yield Case("process id *END, a tenth matches", "process_id=*1", is_deep=True)
    yield Case("process id *MIDDLE*, few match", "process_id=*4711*", "truncated")
    yield Case("search field, 200 match", "field.supplier=S-0042")
    yield Case("search field, a fiftieth matches", "field.plant=P-07", is_deep=True)
    yield Case("search field PRE*, 200 match", "field.supplier=S-0042*")
    yield Case("search field PRE*, a fifth matches", "field.supplier=S-0*", is_deep=True)
    yield Case("search field *END, few match", "field.supplier=*0042", "truncated")
    yield Case("two search fields", "field.plant=P-07&field.supplier=S-0*")
    yield Case("term, a process id", f"term={half}", "something")
    yield Case("term, a value", "term=S-0042")
    yield Case("term PRE*", f"term={half[:-2]}*")
    yield Case("term, the name of a workflow", "term=rejecting", is_deep=True)
    yield Case("term *MIDDLE*, most match", "term=*1*", is_deep=True)
    yield Case("term *MIDDLE*, none matches", "term=*nowhere*", "truncated")
    yield Case("term *MIDDLE* and status", "term=*1*&status=WAITING")
    yield Case("30 terms", "&".join(f"term={_process_id(each)}" for each in range(0, count, count // 30 + 1)))
    yield Case("30 terms *MIDDLE*, none matches", "&".join(f"term=*no{n}where*" for n in range(30)), "truncated")


def _created(execution_id: str) -> int:
    return to_ms(id_time(execution_id))


class Listing(NamedTuple):
    """A call that lists executions, and how many its page has."""

    call: str
    page: int


SEARCH: Final = Listing("searchExecutions", _PAGE)


def measure_case(
    server: Server, folder: Folder, case: Case, kept: Sequence[str], listing: Listing = SEARCH
) -> Iterator[Figures]:
    """Yields the figures of a search: of its first page and, where it is deep, of pages anywhere."""
    path = f"/v2/workflows/{listing.call}?{case.query}&limit={listing.page}".replace("?&", "?")
    yield _driven(server, case, [get(path, folder.api_key)] * _READS, case.name, listing.page)
    if case.is_deep:
        # From the newest nine tenths: below all the others a page may be short.
        chosen = random.Random(case.name).choices(kept[len(kept) // 10 :], k=_READS)
        pages = [get(f"{path}&workflow_execution_id={each}", folder.api_key) for each in chosen]
        yield _driven(server, case, pages, f"{case.name}: anywhere", listing.page)


def _driven(server: Server, case: Case, requests: Sequence[bytes], name: str, page: int) -> Figures:
    driven = drive(server, requests, 1, _LONGEST_SECONDS, keeps=True)
    for answer in driven.answers:
        _check(case, answer, page)
    return {"name": name, **driven.figures()}


def _check(case: Case, answer: bytes, page: int) -> None:
    """Raises RuntimeError when an answer does not hold what its case is about."""
    found: Any = json_of(answer)
    count, is_truncated = found["count"], bool(found.get("truncated"))
    fits = {
        "a page": count == page,
        "something": 0 < count <= page,
        "nothing": count == 0 and "lastKey" not in found,
        "truncated": count < page and is_truncated,
    }
    if not fits[case.finds]:
        raise RuntimeError(f"a search by '{case.name}' finds {count}, truncated: {is_truncated}; not {case.finds}")


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    filled = f"{found['fill_seconds']:.0f} s; {found['restart_seconds']:.2f} s; {found['disk_bytes_each']} bytes"
    yield f"search in {found['stored']:,} executions: filled in; restart; disk of each", filled, "", None
    for each in found["cases"]:
        shown = f"p50 {each['p50_ms']:.2f} ms, p99 {each['p99_ms']:.2f} ms, CPU {each['cpu_ms']:.1f} ms"
        yield f"  {each['name']}", shown, f"p99 < {GOAL_MS:g} ms", each["p99_ms"] < GOAL_MS
