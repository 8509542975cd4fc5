"""The default card of an approval: the question, the caller's part of the payload, a comment, and two buttons."""

import re
from typing import Any, Final

from looply.definition import METADATA
from looply.execution.document.masking import mask
from looply.execution.facts.approval_terms import ApprovalTerms
from looply.execution.facts.state import ExecutionState
from looply.jsontext import Json, encode_json

COMMENT_CHARACTERS: Final = 4000
_MAX_FACTS: Final = 20
_FACT_CHARACTERS: Final = 300
_MARKS: Final = re.compile(r"([\\`*_\[\]()<>#~])")
_LABELS: Final = {"": "Comment", "reject": "Comment (required when you reject)", "always": "Comment"}


def default_card(state: ExecutionState, question: str, terms: ApprovalTerms) -> dict[str, Json]:
    """Returns an Adaptive Card 1.5 with the question, the caller's part of the payload and two buttons.

    Secret values are omitted; texts are escaped, so that no part of them is read as Markdown.
    """
    title = question or "Please decide"
    body: list[Json] = [{"type": "TextBlock", "text": _plain(title), "size": "large", "weight": "bolder", "wrap": True}]
    if facts := _facts(state, terms):
        body.append({"type": "FactSet", "facts": facts})
    body.append(
        {
            "type": "Input.Text",
            "id": "comment",
            "label": _LABELS[terms.comment_required],
            "isMultiline": True,
            "maxLength": COMMENT_CHARACTERS,
            "isRequired": terms.comment_required == "always",
            "errorMessage": "Please say why.",
        }
    )
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": body,
        "actions": [
            {"type": "Action.Submit", "title": "Approve", "style": "positive", "data": {"action": "approve"}},
            {"type": "Action.Submit", "title": "Reject", "style": "destructive", "data": {"action": "reject"}},
        ],
    }


def _facts(state: ExecutionState, terms: ApprovalTerms) -> list[Json]:
    secrets = [path[2:] for path in state.secrets if path[:2] == ("payload", "output")]
    shown = mask(dict(state.payload), secrets)
    facts: list[Json] = [_fact("Requested by", terms.requester)] if terms.requester else []
    if isinstance(shown, dict):
        hidden = {path[0] for path in secrets if path}
        facts += [_fact(name, value) for name, value in shown.items() if name not in METADATA and name not in hidden]
    return facts[:_MAX_FACTS]


def _fact(name: str, value: Any) -> dict[str, Json]:
    text = value if isinstance(value, str) else encode_json(value).decode()
    cut = text if len(text) <= _FACT_CHARACTERS else f"{text[:_FACT_CHARACTERS]}…"
    return {"title": _plain(name), "value": _plain(cut)}


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)
