"""Texts about each type of step that the schema does not have: a summary, its output, an example. Tests read the
examples."""

from typing import Any, Final

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
        "the CSRF token cannot be fetched, `data` is `CSRF Token fetch failed`. A failed part of a batch and a BAPI "
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

EXAMPLES: Final[dict[str, Any]] = {
    "trigger": {
        "id": "WorkflowStartState",
        "type": "trigger",
        "settings": {
            "trigger_type": "SCHEDULED",
            "schedule": {"cron": "0 7 * * MON-FRI", "timezone": "Europe/Dublin"},
        },
    },
    "httpRequest": {
        "id": "httpRequest_1",
        "type": "httpRequest",
        "description": "Ask for the exchange rate",
        "settings": {
            "method": "GET",
            "url": "https://rates.example.com/v1/latest",
            "params": {"from": "${payload.output.currency}", "to": "EUR"},
            "fail_on": ["4xx", "5xx"],
        },
        "retry": {"max_attempts": 4, "interval": "PT1S", "backoff": 2, "max_interval": "PT30S"},
    },
    "sapRequest": {
        "id": "sapRequest_1",
        "type": "sapRequest",
        "description": "Read the order",
        "settings": {
            "connection": "S4",
            "service_path": "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV",
            "entity": "A_PurchaseOrder('${payload.output.po}')",
            "method": "GET",
            "fail_on": ["4xx", "5xx"],
        },
    },
    "operation": {
        "id": "operation_1",
        "type": "operation",
        "description": "Reserve the goods",
        "settings": {
            "operation": "warehouse.reserve",
            "connection": "WAREHOUSE",
            "input": {"sku": "${payload.output.sku}", "quantity": "${payload.output.quantity}"},
        },
        "retry": {"max_attempts": 3},
    },
    "function": {
        "id": "function_1",
        "type": "function",
        "description": "Add up the items",
        "settings": {
            "language": "javascript",
            "code": "return { total: input.items.reduce((sum, item) => sum + item.price * item.quantity, 0) }",
            "input": {"items": "${payload.output.items}"},
        },
    },
    "conditional": {
        "id": "conditional_1",
        "type": "conditional",
        "settings": {
            "rules": [{"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": 1000}]
        },
    },
    "branchConditional": {
        "id": "branchConditional_1",
        "type": "branchConditional",
        "settings": {
            "variable": "${payload.output.region}",
            "operator": "StringEquals",
            "branches": [
                {"id": "north", "label": "North", "value": "N"},
                {"id": "south", "label": "South", "value": "S"},
            ],
        },
    },
    "advancedConditional": {
        "id": "advancedConditional_1",
        "type": "advancedConditional",
        "settings": {
            "branches": [
                {
                    "id": "urgent",
                    "label": "Urgent",
                    "conditions": [
                        {
                            "join": "simple",
                            "variable": "${payload.output.priority}",
                            "operator": "StringEquals",
                            "value": "high",
                        },
                        {
                            "join": "and",
                            "variable": "${payload.output.amount}",
                            "operator": "NumericLessThan",
                            "value": 500,
                        },
                        {"join": "or", "variable": "${payload.output.vip}", "operator": "BooleanEquals", "value": True},
                    ],
                }
            ]
        },
    },
    "adaptiveCard": {
        "id": "adaptiveCard_1",
        "type": "adaptiveCard",
        "description": "Ask the manager",
        "settings": {
            "action": "send",
            "card": {
                "type": "AdaptiveCard",
                "version": "1.5",
                "body": [{"type": "TextBlock", "text": "Approve order ${payload.output.po}?"}],
                "actions": [{"type": "Action.Submit", "title": "Approve", "data": {"action": "approve"}}],
            },
            "recipients": ["${payload.output.manager}"],
            "wait": {"for": "first", "timeout": "P3D"},
        },
    },
    "approval": {
        "id": "approval_1",
        "type": "approval",
        "description": "Release the order?",
        "settings": {
            "recipients": ["anna@example.com", "ben@example.com"],
            "quorum": "any",
            "comment_required": "reject",
            "reminders": ["P1D"],
            "escalation": [{"after": "P2D", "to": "boss@example.com"}],
            "timeout": "P5D",
        },
    },
    "wait": {
        "id": "wait_1",
        "type": "wait",
        "description": "Wait for goods receipt",
        "settings": {
            "sources": ["SAP"],
            "timeout": "P14D",
            "schema": {"type": "object", "required": ["quantity"], "properties": {"quantity": {"type": "number"}}},
        },
    },
    "delay": {"id": "delay_1", "type": "delay", "settings": {"for": "PT2H"}},
    "overridePayload": {
        "id": "overridePayload_1",
        "type": "overridePayload",
        "settings": {"parameters": [{"name": "approval.level", "value": "${if(payload.output.amount > 1000, 2, 1)}"}]},
    },
    "datastore": {
        "id": "datastore_1",
        "type": "datastore",
        "description": "Remember the last order",
        "settings": {
            "operation": "merge",
            "name": "suppliers",
            "path": "/${payload.output.supplier}",
            "value": {"last_order": "${payload.output.po}"},
        },
    },
    "email": {
        "id": "email_1",
        "type": "email",
        "description": "Notify the buyer",
        "settings": {
            "connection": "MAIL",
            "to": "${payload.output.buyer}",
            "subject": "Order ${payload.output.po} is released",
            "text": "It goes to the supplier today.",
        },
        "retry": {"max_attempts": 4, "interval": "PT1M", "backoff": 2},
    },
    "parallel": {
        "id": "parallel_1",
        "type": "parallel",
        "settings": {
            "branches": [{"id": "stock", "label": "Ask the stock"}, {"id": "price", "label": "Ask the price"}]
        },
    },
    "join": {"id": "join_1", "type": "join", "settings": {"of": "parallel_1", "for": "all"}},
    "forEach": {
        "id": "forEach_1",
        "type": "forEach",
        "settings": {"items": "${payload.output.lines}", "concurrency": 4},
    },
    "subworkflow": {
        "id": "subworkflow_1",
        "type": "subworkflow",
        "description": "Check the supplier",
        "settings": {
            "workflow_id": "0190c3b2-0000-7000-8000-000000000001",
            "payload": {"supplier": "${payload.output.supplier}"},
        },
    },
    "redirect": {"id": "redirect_1", "type": "redirect", "settings": {"target": "wait_1", "max_visits": 10}},
    "terminate": {
        "id": "terminate_1",
        "type": "terminate",
        "settings": {"status": "FAILED", "reason": "no answer in three days"},
    },
}
