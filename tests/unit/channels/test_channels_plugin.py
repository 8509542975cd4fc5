"""A channel of another distribution, called with the test kit as the page about channels shows it.

It is loaded from its file: its folder in the path would install it for all tests.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Literal

import pytest

from looply.channels.port import Connected, DeclaredChannel
from looply.clock import Clock
from looply.connectors.port import ConnectionValues, HttpResponse, Secrets
from looply.engine.ports.card_channel import Blocked, Broken, Copy, TryAgain
from looply.execution.approvals.card_view import CardView
from looply.jsontext import Json
from looply.testing.calls import ScriptedHttp
from looply.testing.clock import FakeClock

MODULE = Path(__file__).parents[2] / "plugins" / "looply_pager.py"
COPY = Copy(card_id="card-1", execution_id="execution-1", organization_id="mine", app="PAGER", token="card-1")
CARD: Json = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Release?"}]}


def _load() -> DeclaredChannel:
    spec = spec_from_file_location("looply_pager", MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CHANNEL


CHANNEL = _load()


class Paging:
    """The context of a channel whose pager gives prepared answers."""

    def __init__(self, *answers: HttpResponse) -> None:
        self.http = ScriptedHttp(*answers)
        self.clock: Clock = FakeClock()

    def link(self, copy: Copy) -> str:
        return f"https://looply.example/{copy.token}"

    async def connect(self, copy: Copy, kinds: Sequence[str], within: timedelta) -> Connected:
        assert (copy.app, tuple(kinds)) == ("PAGER", ("pager",))
        assert within < timedelta(seconds=10)
        settings = {"base_url": "https://pager.example.com"}
        values = ConnectionValues(name=copy.app, kind="pager", settings=settings, secrets=Secrets({"token": "sesame"}))
        return Connected(values=values, http=self.http)


def answered(status: int) -> HttpResponse:
    return HttpResponse(status=status, reason="", headers=(("content-type", "application/json"),), content=b'"said"')


def view(status: Literal["OPEN", "ANSWERED"]) -> CardView:
    return CardView(number=3, status=status, card=CARD, revision=1, recipient="ann@example.com")


async def test_the_page_of_a_card_has_its_link_and_the_next_call_replaces_it() -> None:
    paging = Paging(answered(200), answered(200))
    channel = CHANNEL.open(paging)
    shown = await channel.bring(COPY, view("OPEN"))
    assert shown.handle == '{"a":["card-1"]}'
    await channel.bring(COPY, view("ANSWERED"))
    first, second = paging.http.requests
    assert first.url == second.url == "https://pager.example.com/pages/card-1"
    assert [json.loads(each.content).get("link") for each in (first, second)] == ["https://looply.example/card-1", None]


@pytest.mark.parametrize(("status", "error"), [(429, TryAgain), (404, Blocked), (422, Broken)])
async def test_a_refusal_says_what_follows(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await CHANNEL.open(Paging(answered(status))).bring(COPY, view("OPEN"))


def test_what_a_page_does_not_show_is_found_at_its_place() -> None:
    assert CHANNEL.check_card is not None
    assert list(CHANNEL.check_card(CARD)) == []
    pictured = {"body": [{"type": "TextBlock"}, {"type": "Image"}]}
    assert [problem.path for problem in CHANNEL.check_card(pictured)] == ["/body/1"]
