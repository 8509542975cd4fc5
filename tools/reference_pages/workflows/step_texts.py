"""Texts about each type of step for its page: a summary with links, and its output."""

from typing import Final

SUMMARIES: Final[dict[str, str]] = {
    "trigger": (
        "The start: by a call (`REQUEST`) or by a schedule (`SCHEDULED`). Its id is always `WorkflowStartState`."
    ),
    "httpRequest": "Sends one HTTP request to any system.",
    "sapRequest": "Calls an OData service of an SAP system; handles CSRF token and session.",
    "operation": (
        "Calls an operation of any installed connector; see [write a custom connector](../how-to/write-a-connector.md)."
    ),
    "function": "Runs JavaScript or Python in a sandbox; see [run code in a step](../how-to/functions.md).",
    "conditional": "Takes `yes` when all rules hold, else `no`.",
    "branchConditional": "Compares one variable with the value of each branch: takes the first match, else `else`.",
    "advancedConditional": "Takes the first branch with a group of conditions that holds, else `else`.",
    "adaptiveCard": ("Sends an Adaptive Card to people and may wait for their answers; changes or deletes cards."),
    "approval": (
        "Requests approvals from people, until the quorum is reached or cannot be reached any more; see "
        "[human approvals](../how-to/approvals.md)."
    ),
    "wait": "Waits until `resumeWorkflow` is called or the timeout expires.",
    "delay": "Waits for a duration or until an instant.",
    "overridePayload": "Sets names of `payload.output`, or replaces the caller's part of it.",
    "datastore": (
        "Reads or changes a datastore: a named JSON document of the organization with a revision, which every "
        "workflow can read. A change is stored together with the step's outcome, exactly once."
    ),
    "email": "Sends a mail; see [send email](../how-to/mail.md).",
    "parallel": "Runs its branches in parallel, up to its `join`, or each to its own end.",
    "join": "Continues when enough branches of its `parallel` have arrived; cancels the others.",
    "forEach": "Runs its body, the steps after `each`, once for each item of a list; then takes `next`.",
    "subworkflow": (
        "Starts a child execution of another workflow of the organization, with its own body, and waits for its end."
        " With `wait` false the step completes as soon as the child is stored."
    ),
    "redirect": "Jumps to another step, for loops.",
    "terminate": "Ends the execution at once.",
}

_CALL_OUTPUT: Final = (
    '`status` (a text such as `"200"`), `statusText`, `headers` (names in lower case; several `set-cookie` are a list) '
    "and `data` (the JSON value of a JSON body, else a text). Any status is data unless `fail_on` names it. A redirect "
    "that was not followed and a logon page fail the step unless `ok_on` names the status."
)

OUTPUTS: Final[dict[str, str]] = {
    "trigger": "the caller's body and the metadata of the execution, as `payload.output`.",
    "httpRequest": (
        f"{_CALL_OUTPUT} With `pages`, `data` is the list of all items, and `pages` has `count`, `truncated` and "
        "`next`."
    ),
    "sapRequest": (
        "as `httpRequest`. When a GET has no `ETag` header, `headers.etag` is taken from the entity. When "
        "the CSRF token cannot be fetched, `data` is `CSRF Token fetch failed`. `messages` has what SAP noted in the "
        "headers `sap-message` and `sap-messages`, where it did. A failed part of a batch and a BAPI "
        "message of type E or A fail the step too."
    ),
    "operation": (
        "the output of the operation. `fail_on` and `retry.on` apply to its `status` if that is an HTTP status."
    ),
    "function": "the return value of the code: any JSON value, null without a `return`.",
    "email": (
        "`message_id`, `accepted` (addresses that the mail server accepted) and `refused` (a list of `address`, "
        "`status` and `message`). The step fails when the server accepts none."
    ),
    "adaptiveCard": (
        "`response` (`user` and `data` of the last answer), `responses` (all answers, each with "
        "`answered_on`), `recipients`, `source`. A card that does not wait has `response` null."
    ),
    "approval": (
        "`outcome` (`approved`, `rejected` or `timeout`) and `decisions`, oldest first: user and action, with comment,"
        " time, channel and the revision of the card, null when a resume decided for all recipients."
    ),
    "wait": "the `payload` of the resume, `source` included.",
    "overridePayload": "the values that it set.",
    "datastore": (
        "`value` and `revision`. `get`: the value at the path, null if there is none; `set`, `merge`: the new value; "
        "`delete`: the removed value. `revision` is that after the step, 0 when there is no such datastore."
    ),
    "parallel": "`branches`: for each branch `ARRIVED`, `ENDED` (at an open exit) or `CANCELLED`.",
    "join": "`arrived`, the branches in the order of their arrival, and `missing`, the others.",
    "forEach": "`items`: for each item, in order, the output of the step at which its iteration ended.",
    "subworkflow": (
        "`execution_id`, `status` (`COMPLETED`; `RUNNING` with `wait` false) and `output`, the final `payload.output`"
        " of the child (null with `wait` false). When the child was terminated, or ended as"
        " failed by a `terminate` step, the step fails with `CHILD_TERMINATED` or `CHILD_FAILED`, and the steps after"
        " its exit `error` see this output too."
    ),
    "redirect": "`target`.",
    "terminate": "`status` and `reason`.",
}
