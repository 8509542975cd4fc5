"""Every limit of the system in one table. All can be set; an error names limit, actual value and setting."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of documents, executions and calls.

    The defaults are those of the contract. Sizes are bytes of JSON text, times are durations.
    """

    body_bytes: int = 1024 * 1024
    """Body of one call."""
    document_bytes: int = 8 * 1024 * 1024
    """Data document of one execution. A list or an object counts as 16 bytes at least, however short its text is."""
    body_nodes: int = 100_000
    """Values in the body of one call, those in lists and objects included."""
    json_nodes: int = 250_000
    """Values in one JSON response, or in the result of a function, those in lists and objects included."""
    json_levels: int = 200
    """Nesting of any JSON value of a request, and of XML that an expression reads or writes."""
    integer_digits: int = 64
    """Digits of an integer; up to here integers are kept exactly."""
    decimal_digits: int = 1000
    """Digits of a number with a fraction that a double would change; up to here such numbers are kept exactly."""
    step_visits: int = 100_000
    """Step visits of one execution."""
    datastore_bytes: int = 1024 * 1024
    """Document of one datastore."""
    datastores: int = 1000
    """Datastores of one organization."""
    branches: int = 1000
    """Branches of one `parallel`."""
    items: int = 10_000
    """Items of one `forEach`."""
    iterations: int = 100
    """Iterations of one `forEach` that run at once."""
    recipients: int = 100
    """Recipients of one card."""
    open_waits: int = 100
    """Waits of one execution that are open at once."""
    redirect_visits: int = 100
    """Visits of a `redirect` that states no `max_visits`."""
    child_depth: int = 20
    """Depth of nested child executions, so that a workflow that calls itself comes to an end."""
    child_starts_per_minute: int = 12_000
    """Executions that `subworkflow` steps of one organization start in a minute; each process counts separately.

    As many again are delayed to the next minute. A `forEach` with the largest number of items fits.
    """
    triggers_per_minute: int = 600_000
    """Executions of one organization that are triggered in a minute; each process counts separately."""
    open_executions: int = 1_000_000
    """Executions of one organization that run or wait; at this number no further one is started."""
    stored_bytes: int = 1024**4
    """Bytes of the stored histories of one organization, with their large values.

    They are measured about once a minute. At this number no execution of the organization is started.
    """
    attempt_timeout: timedelta = timedelta(seconds=30)
    """One attempt of an HTTP or SAP step that states no `timeout`."""
    response_bytes: int = 10 * 1024 * 1024
    """Decoded body of one response."""
    blob_bytes: int = 10 * 1024 * 1024
    """One blob: an answer that is no text, such as a PDF. Calls receive no more than `response_bytes`."""
    request_blob_bytes: int = 32 * 1024 * 1024
    """All blobs of one request together; one that a multipart body has several times counts each time."""
    function_time: timedelta = timedelta(seconds=1)
    """The code of one `function` step."""
    function_memory_bytes: int = 64 * 1024 * 1024
    """Memory that the code of a `function` step takes."""
    function_output_bytes: int = 1024 * 1024
    """JSON text of what the code of a `function` step returns."""
    mail_bytes: int = 10 * 1024 * 1024
    """One mail with its headers, as it is sent."""
    stretch_steps: int = 100
    """Computing steps of an execution that are stored in one unit."""
    stretch_time: timedelta = timedelta(milliseconds=5)
    """Time after which a run of computing steps yields to other executions."""
    definition_bytes: int = 1024 * 1024
    """A workflow definition."""
    definition_steps: int = 2000
    """Steps of one workflow."""
    expression_characters: int = 8192
    """Source of one expression or one text that holds expressions."""
    expression_fuel: int = 100_000
    """Units of work for all expressions of one visit of a step together; in an editor, for those of one text."""
    expression_text_characters: int = 1024 * 1024
    """Characters of one text that an expression produces."""
    expression_items: int = 100_000
    """Items of one list that an expression produces."""
    expression_pattern_characters: int = 1024
    """Characters of one regular expression, XPath or JSPath of an expression.

    With it goes what they may hold: 40 levels in a path, 100 levels and 256 KiB of program in a regular expression.
    """
    editor_characters: int = 32_768
    """Texts with expressions of one template or card that a call of an editor evaluates or checks, together."""
    read_events: int = 1000
    """Events in one read of an execution."""
    read_bytes: int = 32 * 1024 * 1024
    """JSON text of the events in one read of an execution; with more, fewer events are read."""
    read_log_bytes: int = 1024 * 1024
    """Condensed logs in one read of an execution."""
    list_events: int = 50
    """Events of one item of a list."""
    metric_workflows: int = 200
    """Workflows that the metrics of one process count by their ids; all further ones count as `other`."""
    streams: int = 500
    """Event streams that one server holds open at once; one organization has at most four fifths of them."""


DEFAULT_LIMITS = Limits()

REFUSALS_PER_MINUTE: Final = 60
"""Calls of one address that are refused within a minute before further ones are answered 429, unless it is set."""

STORED_LIMITS = msgspec.structs.replace(
    DEFAULT_LIMITS,
    json_levels=1000,
    definition_bytes=2**53,
    definition_steps=2**53,
    branches=2**53,
    items=2**53,
    iterations=2**53,
)
"""Limits for a definition that an execution runs on: it was within the settings when it was stored."""

LARGEST: Mapping[str, int] = {"json_levels": 200, "integer_digits": 4000, "decimal_digits": 4000}
"""Limits with a maximum: a larger value could be accepted but not read back."""
