"""The default card of an approval: the question, the caller's part of the payload, a comment, and two buttons."""

import re
from collections.abc import Mapping
from typing import Any, Final

from looply.definition import METADATA
from looply.execution.document.masking import mask
from looply.execution.facts.state import ExecutionState
from looply.execution.facts.values.approval_terms import ApprovalTerms
from looply.jsontext import Json, encode_json

COMMENT_CHARACTERS: Final = 4000
_MAX_FACTS: Final = 20
_FACT_CHARACTERS: Final = 300
_MARKS: Final = re.compile(r"([\\`*_\[\]()<>#~])")
_NAME: Final = re.compile(r"[^\W\d_]\w*(?:-\w+)*")
"""A name that is no label yet: letters, digits, `_` and `-`."""
_WORDS: Final = re.compile(r"[^\W\d_]+\d*|\d+")
_CAPITALS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LABELS: Final = {"": "Comment", "reject": "Comment (required when you reject)", "always": "Comment"}


def default_card(
    state: ExecutionState, question: str, terms: ApprovalTerms, titles: Mapping[str, str]
) -> dict[str, Json]:
    """Returns an Adaptive Card 1.5 with the question, the caller's part of the payload and two buttons.

    `titles` are the labels of values that have one; for the others it is made of their names. Secret values are
    omitted; texts are escaped, so that no part of them is read as Markdown.
    """
    title = question or "Please decide"
    body: list[Json] = [{"type": "TextBlock", "text": _plain(title), "size": "large", "weight": "bolder", "wrap": True}]
    if facts := _facts(state, terms, titles):
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


def label_of(name: str) -> str:
    """Returns a name as words: `requested_by` is `Requested by`. What is no simple name is returned unchanged."""
    if _NAME.fullmatch(name) is None:
        return name
    words = _WORDS.findall(_CAPITALS.sub(" ", name))
    plain = [word if word.isupper() and len(word) > 1 else word.lower() for word in words]
    return " ".join([plain[0][:1].upper() + plain[0][1:], *plain[1:]])


def _facts(state: ExecutionState, terms: ApprovalTerms, titles: Mapping[str, str]) -> list[Json]:
    secrets = [path[2:] for path in state.secrets if path[:2] == ("payload", "output")]
    shown: dict[str, Json] = mask(dict(state.payload), secrets)
    values: dict[str, Any] = {"Requested by": terms.requester} if terms.requester else {}
    hidden = {path[0] for path in secrets if path}
    for name, value in shown.items():
        if len(values) == _MAX_FACTS:
            break
        if name not in METADATA and name not in hidden:
            values.setdefault(_free_label(name, value, values, titles), value)
    return [_fact(label, value) for label, value in values.items()]


def _free_label(name: str, value: Any, used: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Returns the label of a value of the caller, its path where another value has the label already.

    So no value passes for another one, above all not for the requester. The same value needs no second line.
    """
    label = titles.get(name, "").strip() or label_of(name)
    folded = label.casefold()
    taken = next((other for other in used if other.casefold() == folded), None)
    if taken is None or used[taken] == value:
        return taken or label
    return f"payload.output.{name}"


def _fact(label: str, value: Any) -> dict[str, Json]:
    text = value if isinstance(value, str) else encode_json(value).decode()
    return {"title": _plain(_cut(label)), "value": _plain(_cut(text))}


def _cut(text: str) -> str:
    return text if len(text) <= _FACT_CHARACTERS else f"{text[:_FACT_CHARACTERS]}…"


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)
