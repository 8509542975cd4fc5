"""`metrics.md`, from the table of metrics."""

from collections.abc import Iterable

from looply.app.context.metrics import OWN, STORE, Measure
from reference_pages.markdown import code, page, table

_METRICS = """
The metrics of `GET /metrics`, in the text format of Prometheus. [Operate](../how-to/operate.md#metrics) describes how
to enable them and which alerts to define. No label names an organization, an execution, or any data of a caller. The
label `workflow` is the id of a workflow (`looply workflow list` has the names); the limit `metric_workflows` bounds how
many of them a process names.
"""

_OWN = """
## Metrics of a process

Counted since the start of the process. The client library adds these metrics of the
process: `process_resident_memory_bytes`, `process_open_fds`, `process_max_fds`, `process_cpu_seconds_total`,
`process_start_time_seconds` and `process_virtual_memory_bytes`.
"""

_STORE = """
## Metrics of the store

These cover all organizations. A scrape never counts them: the auditor counts every 15 seconds, less often if a count
takes long, and `looply_census_timestamp_seconds` is its time. Where several processes share a database, one of them
audits, and only that one exposes these.
"""


def metrics_page() -> str:
    """Returns the page of all metrics."""
    return page("Metrics", _METRICS, _OWN, _table(OWN), _STORE, _table(row.measure for row in STORE))


def _table(measures: Iterable[Measure]) -> str:
    rows = [
        (code(measure.name), measure.kind, ", ".join(code(label) for label in measure.labels), measure.help)
        for measure in measures
    ]
    return table(("metric", "type", "labels", "meaning"), rows)
