"""One whole step of each type, as an editor inserts it and as the reference shows it."""

from typing import Final

from looply.jsontext import Json

EXAMPLES: Final[dict[str, dict[str, Json]]] = {
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
"""Step type -> a step that is valid in a definition with the steps that it names."""
