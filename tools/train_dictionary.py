"""Trains a dictionary of the codec: `python tools/train_dictionary.py FILE [--executions NUMBER]`.

The samples are batches as the engine writes them for approvals, calls and timers, of invented executions. So the
starter dictionary of the first release was made (`src/looply/engine/starter.dict`). It is dictionary number 1 of every
store and never made again; a later release may ship another one under the next number.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

import msgspec

from looply.engine.coding.dictionary import train
from looply.execution.facts.events import (
    AnswerRecorded,
    CardClosed,
    CardWanted,
    Computed,
    ErrorCaught,
    Event,
    ExecutionClosed,
    ExecutionStarted,
    IncidentClosed,
    IncidentOpened,
    Resumed,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    StepUnknown,
    TimerFired,
    TimerStarted,
    WaitOpened,
    WaitTimedOut,
)
from looply.execution.facts.values.card_copy import CardCopy
from looply.jsontext import Json

EXECUTIONS = 600

_WORDS = (
    "pump valve bearing gasket steel copper cable sensor motor filter paper toner laptop monitor chair desk service "
    "maintenance freight cleaning consulting licence training rental repair inspection spare part kit housing"
)
_FIRST = "anna ben carla david elena frank grace hugo ines jonas karin leo maria nina otto paula ravi sara tom"
_CITIES = "Berlin Hamburg Munich Vienna Zurich Dublin London Paris Madrid Milan Warsaw Prague"


class Draws:
    """Pseudo-random numbers that are the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def below(self, bound: int) -> int:
        """Returns a number from 0 to bound - 1."""
        return int.from_bytes(self.some(8), "big") % bound

    def of(self, text: str) -> str:
        """Returns one of the words of a text."""
        words = text.split()
        return words[self.below(len(words))]

    def some(self, size: int) -> bytes:
        """Returns some bytes."""
        self._count += 1
        return blake2b(f"{self._seed}/{self._count}".encode(), digest_size=size).digest()

    def uuid(self) -> str:
        """Returns an id."""
        return str(UUID(bytes=self.some(16)))


def order(draws: Draws) -> dict[str, Json]:
    """Returns the body of a purchase-order approval."""
    items = [
        {
            "PurchaseOrderItem": str((index + 1) * 10),
            "Material": f"MAT-{draws.below(99999):05}",
            "PurchaseOrderItemText": f"{draws.of(_WORDS)} {draws.of(_WORDS)}",
            "OrderQuantity": draws.below(500) + 1,
            "PurchaseOrderQuantityUnit": ["PC", "KG", "EA", "H"][draws.below(4)],
            "NetPriceAmount": (draws.below(500_000) + 100) / 100,
            "Plant": f"{draws.below(9000) + 1000}",
        }
        for index in range(draws.below(4) + 1)
    ]
    return {
        "purchase_order": f"45{draws.below(10**8):08}",
        "PurchaseOrderType": "NB",
        "CompanyCode": f"{draws.below(9000) + 1000}",
        "Supplier": f"{draws.below(10**8):010}",
        "supplier_name": f"{draws.of(_WORDS).title()} {draws.of(_CITIES)} GmbH",
        "requester": mail(draws),
        "approver": mail(draws),
        "amount": (draws.below(5_000_000) + 1000) / 100,
        "currency": ["EUR", "USD", "CHF", "GBP"][draws.below(4)],
        "DocumentDate": f"2025-{draws.below(12) + 1:02}-{draws.below(28) + 1:02}",
        "items": items,
    }


def mail(draws: Draws) -> str:
    """Returns a mail address."""
    return f"{draws.of(_FIRST)}.{draws.of(_WORDS)}@{draws.of(_CITIES).lower()}.example"


def card(body: dict[str, Json]) -> Json:
    """Returns an Adaptive Card that requests a decision."""
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "size": "Medium", "weight": "Bolder", "text": "Approve purchase order", "wrap": True},
            {
                "type": "FactSet",
                "facts": [
                    {"title": "Purchase order", "value": body["purchase_order"]},
                    {"title": "Supplier", "value": body["supplier_name"]},
                    {"title": "Amount", "value": f"{body['amount']} {body['currency']}"},
                    {"title": "Requester", "value": body["requester"]},
                ],
            },
            {"type": "Input.Text", "id": "comment", "placeholder": "Comment", "isMultiline": True},
        ],
        "actions": [
            {"type": "Action.Submit", "title": "Approve", "style": "positive", "data": {"decision": "approved"}},
            {"type": "Action.Submit", "title": "Reject", "style": "destructive", "data": {"decision": "rejected"}},
        ],
    }


class Story:
    """The batches of one execution: its start, its requests, the answers, its end."""

    def __init__(self, number: int) -> None:
        self._draws = Draws(str(number))
        self._at = datetime(2025, 3, 1, 8, tzinfo=UTC) + timedelta(milliseconds=self._draws.below(10**10))
        self._body = order(self._draws)
        self._flavor = number % 4

    def batches(self) -> Iterator[list[Event]]:
        """Yields the batches in order."""
        begun: list[Event] = [self._started(), self._choice("choice_1", "1")]
        if self._flavor == 0:
            yield [*begun, *self._computed(), self._closed()]
            return
        yield [*begun, self._call("httpRequest_1")]
        yield from self._called()
        yield self._asked()
        yield self._answered()

    def _later(self) -> datetime:
        self._at += timedelta(milliseconds=self._draws.below(90_000))
        return self._at

    def _started(self) -> Event:
        draws = self._draws
        process_id = str(self._body["purchase_order"]) if draws.below(2) else ""
        return ExecutionStarted(
            at=self._at,
            by=f"key:{['erp', 'test', 'portal', 'batch'][draws.below(4)]}",
            via="API",
            execution_id=draws.uuid(),
            organization_id=draws.uuid(),
            workspace_id=draws.uuid(),
            workflow_id=draws.uuid(),
            workflow_version=draws.below(9) + 1,
            definition=draws.some(32).hex(),
            seed=draws.some(16),
            process_id=process_id,
            profile="default",
            environment={"sap_url": "https://sap.example:44300", "limit": 1000},
            body=self._body,
            request=draws.some(16),
        )

    def _choice(self, step: str, branch: str) -> Event:
        shown = [{"variable": "payload.output.amount", "value": self._body["amount"]}]
        return Computed(at=self._at, step=step, branch=branch, input=shown, output={"branch": branch})

    def _computed(self) -> list[Event]:
        total = {"total": self._body["amount"], "status": "checked", "items": self._body["items"]}
        return [
            Computed(at=self._at, step="overridePayload_1", output=total, override="set"),
            Computed(at=self._at, step="redirect_1", output={}),
        ]

    def _call(self, step: str) -> Event:
        sap = self._flavor == 3
        given: dict[str, Json] = {
            "method": "PATCH" if sap else "POST",
            "url": f"https://erp.example/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV/A_PurchaseOrder('"
            f"{self._body['purchase_order']}')",
            "headers": {"accept": "application/json", "content-type": "application/json"},
            "body": {"PurchaseOrder": self._body["purchase_order"], "ReleaseCode": "01", "items": self._body["items"]},
        }
        operation = "sap_odata.update_entity" if sap else "http.request"
        return StepScheduled(at=self._at, step=step, operation=operation, timeout_seconds=30.0, input=given)

    def _called(self) -> Iterator[list[Event]]:
        at = self._later()
        if self._flavor == 1:
            code, status = [("TIMEOUT", ""), ("STATUS", "503"), ("CONNECTION", "")][self._draws.below(3)]
            message = "step 'httpRequest_1': the other system did not answer in time"
            failed = StepFailed(
                at=at, step="httpRequest_1", code=code, message=message, status=status, is_retriable=True
            )
            due = at + timedelta(seconds=5)
            yield [failed, TimerStarted(at=at, step="httpRequest_1", kind="RETRY", due=due)]
            again = StepScheduled(
                at=self._later(), step="httpRequest_1", attempt=2, operation="http.request", timeout_seconds=30.0
            )
            yield [TimerFired(at=self._at, timer=5), again]
            if self._draws.below(4) == 0:
                yield self._unknown()

    def _unknown(self) -> list[Event]:
        at = self._later()
        incident = self._draws.uuid()
        return [
            StepUnknown(at=at, step="httpRequest_1", attempt=2, cause="TIMEOUT", message="no answer came in time"),
            IncidentOpened(
                at=at,
                step="httpRequest_1",
                incident_id=incident,
                kind="UNKNOWN",
                code="TIMEOUT",
                message="nobody knows whether the call got through",
            ),
            IncidentClosed(at=self._later(), by="user:admin", via="API", incident_id=incident, action="retry"),
            ErrorCaught(at=self._at, step="httpRequest_1", error={"state": "httpRequest_1", "code": "TIMEOUT"}),
        ]

    def _asked(self) -> list[Event]:
        at = self._later()
        answer = {
            "status": 200,
            "statusText": "OK",
            "headers": {
                "content-type": "application/json;charset=utf-8",
                "server": "nginx",
                "date": "Mon, 03 Mar 2025",
            },
            "data": {"d": {"PurchaseOrder": self._body["purchase_order"], "ReleaseIsNotCompleted": False}},
        }
        recipient = str(self._body["approver"])
        return [
            StepSucceeded(at=at, step="httpRequest_1", output=answer, size=240),
            CardWanted(
                at=at,
                step="adaptiveCard_1",
                copies=(CardCopy(card_id=self._draws.uuid(), recipient=recipient),),
                body=card(self._body),
            ),
            WaitOpened(
                at=at,
                step="adaptiveCard_1",
                sources=("SAP", "TEAMS"),
                timeout_on=at + timedelta(days=3),
                count=1,
            ),
            TimerStarted(at=at, step="adaptiveCard_1", kind="WAIT", due=at + timedelta(days=3)),
        ]

    def _answered(self) -> list[Event]:
        at = self._later()
        user = str(self._body["approver"])
        closed = CardClosed(at=at, step="adaptiveCard_1", cards=(self._draws.uuid(),), reason="ANSWERED")
        if self._flavor == 2 and self._draws.below(3) == 0:
            timed_out = WaitTimedOut(at=at, step="adaptiveCard_1")
            return [TimerFired(at=at, timer=8), timed_out, closed, self._closed()]
        data = {
            "decision": ["approved", "rejected"][self._draws.below(2)],
            "comment": f"ok for {self._draws.of(_WORDS)}",
        }
        output = {"source": "TEAMS", "answered_by": user, "answered_on": at.isoformat(), **data}
        return [
            AnswerRecorded(at=at, by=user, via="INBOX", step="adaptiveCard_1", part=0, user=user, data=data),
            Resumed(at=at, by=user, via="INBOX", step="adaptiveCard_1", source="TEAMS", output=output, size=120),
            closed,
            self._choice("choice_2", "2"),
            self._closed(),
        ]

    def _closed(self) -> Event:
        return ExecutionClosed(at=self._at, status="COMPLETED")


def samples(executions: int) -> list[bytes]:
    """Returns the texts of all batches of that many stories."""
    return [msgspec.json.encode(batch) for number in range(executions) for batch in Story(number).batches()]


def main(arguments: list[str]) -> int:
    """Writes the file; an existing one is kept, since stores need the dictionary that they were written with."""
    parser = argparse.ArgumentParser(description="Train a dictionary from batches of invented executions.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--executions", type=int, default=EXECUTIONS, metavar="NUMBER")
    given = parser.parse_args(arguments)
    if given.file.exists():
        print(f"{given.file} already exists and was not changed; name a new file", file=sys.stderr)
        return 1
    try:
        dictionary = train(samples(given.executions))
    except ValueError as error:
        print(f"{error}; use more --executions than {given.executions}", file=sys.stderr)
        return 1
    given.file.write_bytes(dictionary)
    print(f"{given.file}: {len(dictionary)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
