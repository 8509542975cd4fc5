"""Channels of other distributions: what is refused when they are loaded, and what their own bugs reach."""

import asyncio
import importlib
import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from kit.channel import FakeChannel
from looply.channels.installed import GROUP, card_checks_of, load_channels, open_declared
from looply.channels.port import PORT_VERSION, ChannelContext, DeclaredChannel
from looply.connectors.foreign import ConnectorDefect
from looply.engine.ports.card_channel import Blocked, Broken, Budget, Copy, Delivered, TryAgain, Unknown
from looply.errors import Problem, SettingsError
from looply.execution.approvals.card_view import CardView
from looply.jsontext import Json

CODE = """
from looply.channels.port import DeclaredChannel
CHANNEL = DeclaredChannel(name={name!r}, open=print, port_version={version})
"""
COPY = Copy(card_id="card-1", execution_id="execution-1", organization_id="mine", app="", token="token")
ENTRY = EntryPoint("plugin", "pager:CHANNEL", GROUP)
CONTEXT = cast("ChannelContext", None)
"""The channels of these tests use nothing of a process."""
BUDGET = FakeChannel().budget
_NUMBERS = itertools.count()
VIEW = CardView(number=1, status="OPEN", card={}, revision=1, recipient="ann@example.com")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return tmp_path


def install(folder: Path, distribution: str, name: str, *, version: int = PORT_VERSION, entry: str = "CHANNEL") -> None:
    """Makes a distribution with one channel, as an installer does."""
    # A module of one test is not that of the next one.
    module = f"channel_of_{distribution}_{next(_NUMBERS)}"
    metadata = folder / f"{distribution}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}.test]\nplugin = {module}:{entry}\n")
    (folder / f"{module}.py").write_text(CODE.format(name=name, version=version))


def test_channels_are_found_in_the_order_of_their_distributions(folder: Path) -> None:
    for distribution, name in (("beta", "siren"), ("alpha", "pager")):
        install(folder, distribution, name)
    assert [channel.name for _, channel in load_channels(("inbox",), f"{GROUP}.test")] == ["pager", "siren"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"name": "teams"}, "has the name teams, which a channel of looply has"),
        ({"name": "Pager"}, "has the name 'Pager'; expected a lower-case letter, then at most 62 more, digits, _ or -"),
        ({"name": "pager", "version": 7}, f"is written for port version 7, this release has {PORT_VERSION}"),
        ({"name": "pager", "entry": "missing"}, "cannot be loaded: AttributeError"),
        ({"name": "pager", "entry": "CHANNEL.name"}, "is a str, not a DeclaredChannel"),
    ],
)
def test_a_channel_that_cannot_be_used_prevents_the_start_and_names_its_distribution(
    folder: Path, facts: dict[str, Any], message: str
) -> None:
    install(folder, "alpha", **facts)
    with pytest.raises(SettingsError) as caught:
        load_channels(("inbox", "teams"), f"{GROUP}.test")
    assert caught.value.code == "CONNECTOR"
    (problem,) = caught.value.problems
    assert (problem.path, problem.hint) == (f"/{GROUP}.test/alpha", "reinstall or remove alpha")
    assert message in problem.message


def test_two_distributions_with_one_name_are_both_named(folder: Path) -> None:
    for distribution in ("alpha", "beta"):
        install(folder, distribution, "pager")
    with pytest.raises(SettingsError, match="of beta has the name pager, which a channel of alpha has"):
        load_channels((), f"{GROUP}.test")


class Foreign:
    """A channel of which only its author knows what it returns and raises."""

    def __init__(self, outcome: Any, budget: Any = BUDGET) -> None:
        self.budget = budget
        self._outcome = outcome

    async def bring(self, copy: Copy, view: CardView) -> Any:
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome


def declared(outcome: Any) -> DeclaredChannel:
    return DeclaredChannel(name="pager", open=lambda _: Foreign(outcome))


async def test_what_a_channel_raises_reaches_its_card_only_and_is_logged() -> None:
    channel = open_declared(ENTRY, declared(ZeroDivisionError("of the library")), CONTEXT)
    with capture_logs() as logged, pytest.raises(ConnectorDefect):
        await channel.bring(COPY, VIEW)
    (line,) = logged
    assert (line["event"], line["channel"], line["card_id"]) == ("channel_broke", "pager", "card-1")


@pytest.mark.parametrize("error", [Blocked("away"), TimeoutError()])
async def test_an_outcome_of_the_port_and_the_end_of_its_time_are_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)):
        await open_declared(ENTRY, declared(error), CONTEXT).bring(COPY, VIEW)


@pytest.mark.parametrize("returned", [None, "{}", Delivered(handle=cast("Any", 5)), Delivered(handle="\ud800")])
async def test_a_channel_that_returns_no_handle_has_not_shown_the_card_and_is_not_asked_again(returned: Any) -> None:
    with pytest.raises(Broken, match="must return a Delivered whose `handle` is a text"):
        await open_declared(ENTRY, declared(returned), CONTEXT).bring(COPY, VIEW)


def pausing(after: Any = timedelta(seconds=30), message: Any = "busy", **fields: Any) -> TryAgain:
    return TryAgain(after, message, **fields)


class Wordless(Blocked):
    """An outcome whose author has not called the constructor of its class."""

    def __init__(self) -> None:
        pass


@pytest.mark.parametrize(
    "error",
    [
        pausing(30),
        pausing(None),
        pausing(handle=5),
        pausing(handle="\ud800"),
        Blocked(cast("Any", 404)),
        Blocked("\ud800"),
        Unknown("cut", code=cast("Any", 504)),
        Unknown("cut", sent=cast("Any", None)),
        Wordless(),
        asyncio.CancelledError(),
    ],
    ids=repr,
)
async def test_an_outcome_that_the_engine_cannot_record_is_a_defect_of_the_channel(error: BaseException) -> None:
    with capture_logs() as logged, pytest.raises(ConnectorDefect):
        await open_declared(ENTRY, declared(error), CONTEXT).bring(COPY, VIEW)
    assert [(line["event"], line["card_id"]) for line in logged] == [("channel_broke", "card-1")]


async def test_a_call_that_is_ended_at_its_time_limit_is_no_defect() -> None:
    class Hanging(Foreign):
        async def bring(self, copy: Copy, view: CardView) -> Any:
            limit.reschedule(asyncio.get_running_loop().time())
            await asyncio.Event().wait()

    channel = open_declared(ENTRY, DeclaredChannel(name="pager", open=lambda _: Hanging(None)), CONTEXT)
    with capture_logs() as logged, pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as limit:
            await channel.bring(COPY, VIEW)
    assert logged == []


@pytest.mark.parametrize(
    "budget",
    [
        None,
        {"per_second": 1.0},
        Budget(at_once=cast("Any", "8")),
        Budget(at_once=0),
        Budget(per_second=0.0),
        Budget(per_second=float("nan")),
        Budget(call_seconds=0.0),
        Budget(call_seconds=1e12),
    ],
    ids=repr,
)
def test_a_channel_without_a_budget_prevents_the_start_and_names_its_distribution(folder: Path, budget: Any) -> None:
    install(folder, "alpha", "pager")
    ((entry, channel),) = load_channels((), f"{GROUP}.test")
    with pytest.raises(
        SettingsError, match=r"of alpha has the channel pager, which cannot be opened.*budget"
    ) as caught:
        open_declared(entry, replace(channel, open=lambda _: Foreign(None, budget)), CONTEXT)
    (problem,) = caught.value.problems
    assert (caught.value.code, problem.hint) == ("CONNECTOR", "reinstall or remove alpha")


def test_a_channel_that_breaks_when_it_is_opened_prevents_the_start_and_names_its_distribution(folder: Path) -> None:
    install(folder, "alpha", "pager")
    ((entry, channel),) = load_channels((), f"{GROUP}.test")
    with capture_logs() as logged, pytest.raises(SettingsError, match="of alpha has the channel pager"):
        open_declared(entry, channel, CONTEXT)  # `open` is `print`, whose result has no budget
    assert [line["event"] for line in logged] == ["channel_broke"]


@pytest.mark.parametrize(
    "found",
    [
        [{"path": "/body"}],
        ["/body"],
        [Problem(path="", message=cast("Any", 5))],
        [Problem(path="", message="\ud800")],
        None,
    ],
)
def test_a_check_that_finds_no_problems_but_something_else_is_a_defect(found: Any) -> None:
    checks = card_checks_of((replace(declared(None), check_card=lambda _: found),))
    with capture_logs() as logged, pytest.raises(ConnectorDefect):
        checks["pager"]({})
    assert [line["event"] for line in logged] == ["channel_broke"]


def test_a_check_that_breaks_is_a_defect_and_a_channel_without_one_shows_every_card() -> None:
    def late(card: Json) -> Iterable[Problem]:
        yield Problem(path="/body", message="not shown")
        raise ZeroDivisionError

    plain = declared(Blocked("away"))
    assert card_checks_of((plain,)) == {}
    checks = card_checks_of((replace(plain, check_card=late),))
    with capture_logs() as logged, pytest.raises(ConnectorDefect):
        checks["pager"]({})
    assert [line["event"] for line in logged] == ["channel_broke"]
