"""`metrics.md`, from the table of metrics."""

from collections.abc import Iterable

from looply.app.context.metrics import OWN, STORE, Measure
from reference_pages.markdown import code, page, table

_METRICS = """
What `GET /metrics` shows, in the text format of Prometheus. How to open it, and which alerts to make of it, tells
[operate](../how-to/operate.md#metrics). No label names an organization, a workflow, an execution, or anything that a
caller sends.
"""

_OWN = """
## What a process shows of itself

Counted as it happens, since the start of the process. Beside these there are the metrics that the library makes of the
process: `process_resident_memory_bytes`, `process_open_fds`, `process_max_fds`, `process_cpu_seconds_total`,
`process_start_time_seconds` and `process_virtual_memory_bytes`.
"""

_STORE = """
## What is shown of the store

Of all organizations. It is never counted for a scrape: the auditor counts every 15 seconds, more seldom where a count
takes long, and `looply_census_timestamp_seconds` is when. Where several processes share a database, one of them audits,
and only that one shows these.
"""


def metrics_page() -> str:
    """Returns the page of all metrics."""
    return page("Metrics", _METRICS, _OWN, _table(OWN), _STORE, _table(row.measure for row in STORE))


def _table(measures: Iterable[Measure]) -> str:
    rows = [
        (code(measure.name), measure.kind, ", ".join(code(label) for label in measure.labels), measure.help)
        for measure in measures
    ]
    return table(("metric", "type", "labels", "what it tells"), rows)
