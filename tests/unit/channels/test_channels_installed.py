"""Channels of other distributions: what is refused when they are loaded, and what their own bugs reach."""

import importlib
import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from kit.channel import FakeChannel
from looply.channels.installed import GROUP, card_checks_of, load_channels, open_declared
from looply.channels.port import PORT_VERSION, ChannelContext, DeclaredChannel
from looply.connectors.foreign import ConnectorDefect
from looply.engine.ports.card_channel import Blocked, Copy
from looply.errors import Problem, SettingsError
from looply.execution.approvals.card_view import CardView
from looply.jsontext import Json

CODE = """
from looply.channels.port import DeclaredChannel
CHANNEL = DeclaredChannel(name={name!r}, open=print, port_version={version})
"""
COPY = Copy(card_id="card-1", execution_id="execution-1", organization_id="mine", app="", token="token")
CONTEXT = cast("ChannelContext", None)
"""The channels of these tests use nothing of a process."""
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
    assert [channel.name for channel in load_channels(("inbox",), f"{GROUP}.test")] == ["pager", "siren"]


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


class Broken:
    """A channel whose library raises errors of its own."""

    budget = FakeChannel().budget

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def bring(self, copy: Copy, view: CardView) -> Any:
        raise self._error


def declared(error: Exception) -> DeclaredChannel:
    return DeclaredChannel(name="pager", open=lambda _: Broken(error))


async def test_what_a_channel_raises_reaches_its_card_only_and_is_logged() -> None:
    channel = open_declared(declared(ZeroDivisionError("of the library")), CONTEXT)
    with capture_logs() as logged, pytest.raises(ConnectorDefect):
        await channel.bring(COPY, VIEW)
    (line,) = logged
    assert (line["event"], line["channel"], line["card_id"]) == ("channel_broke", "pager", "card-1")


@pytest.mark.parametrize("error", [Blocked("away"), TimeoutError()])
async def test_an_outcome_of_the_port_and_the_end_of_its_time_are_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)):
        await open_declared(declared(error), CONTEXT).bring(COPY, VIEW)


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
