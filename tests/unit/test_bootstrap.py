"""A whole process: what happens when one of its parts fails."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from kit.channel import FakeChannel
from looply.app.administration.installation_runner import InstallationRunner
from looply.app.administration.key_watch import KeyWatch
from looply.app.administration.notification_runner import NotificationRunner
from looply.app.bulks.runner import BulkRunner
from looply.app.inbox.absence_runner import AbsenceRunner
from looply.app.people.use_loop import UseLoop
from looply.bootstrap import open_application
from looply.bootstrap.channels import Channels
from looply.bootstrap.foundations import Foundations
from looply.engine.cards.reconciler import Reconciler
from looply.engine.upkeep.auditor import Auditor
from looply.engine.upkeep.figure_folder import FigureFolder
from looply.engine.upkeep.loop import Loop
from looply.engine.upkeep.pruner import Pruner
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.quota_meter import QuotaMeter
from looply.engine.upkeep.store_watch import StoreWatch
from looply.engine.upkeep.target_watch import TargetWatch
from looply.settings import Settings

LOOPS = (
    StoreWatch,
    KeyWatch,
    UseLoop,
    Pump,
    TargetWatch,
    Reconciler,
    Auditor,
    FigureFolder,
    Pruner,
    QuotaMeter,
    BulkRunner,
    AbsenceRunner,
    NotificationRunner,
    InstallationRunner,
)


def with_teams(_base: Foundations, _stack: AsyncExitStack) -> Channels:
    """Returns the channels of a process that sends cards by Teams."""
    return Channels(cards={"teams": FakeChannel()})


async def break_a_loop(folder: Path, kind: type[Loop]) -> None:
    """Runs a process in which one loop raises, until it reports that it stops."""

    async def broken() -> float:
        raise RuntimeError("a loop broke")

    async with open_application(Settings(data=folder), channels=with_teams) as application:
        (loop,) = [each for each in application.loops if isinstance(each, kind)]
        loop.round = broken  # type: ignore[method-assign]
        loop.wake()
        await asyncio.wait_for(application.services.lifecycle.wait(), 60)


@pytest.mark.parametrize("kind", LOOPS, ids=lambda kind: kind.__name__)
async def test_a_process_with_a_loop_that_broke_stops_and_says_why(tmp_path: Path, kind: type[Loop]) -> None:
    with pytest.raises(RuntimeError, match="a loop broke"):
        await break_a_loop(tmp_path / "data", kind)


async def test_the_loops_of_a_process_are_these(tmp_path: Path) -> None:
    async with open_application(Settings(data=tmp_path / "data"), is_working=False, channels=with_teams) as application:
        assert {type(loop) for loop in application.loops} == set(LOOPS)


async def test_a_process_that_is_only_read_runs_no_loop(tmp_path: Path) -> None:
    async with open_application(Settings(data=tmp_path / "data"), is_working=False, channels=with_teams) as application:
        assert application.shell.health().is_ready
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert names.isdisjoint(kind.__name__ for kind in LOOPS)


async def test_the_loops_of_a_process_that_works_run_until_it_drains(tmp_path: Path) -> None:
    async with open_application(Settings(data=tmp_path / "data"), channels=with_teams) as application:
        running_now = {task.get_name(): task for task in asyncio.all_tasks()}
        tasks = [running_now[kind.__name__] for kind in LOOPS]
        application.stop_loops()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        assert application.services.lifecycle.is_draining


async def test_a_process_without_channels_runs_no_reconciler_and_sends_cards_to_the_inbox(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    async with open_application(settings, is_working=False, channels=lambda *_: Channels()) as application:
        assert application.services.channels == {"inbox"}
        assert Reconciler not in {type(loop) for loop in application.loops}


def test_a_process_that_sends_no_cards_by_mail_does_not_load_what_draws_them() -> None:
    code = "import sys, looply.bootstrap; sys.exit('looply.connectors.email.cards.rendering' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_process_sends_cards_by_teams_and_by_mail_and_takes_their_answers(tmp_path: Path) -> None:
    async with open_application(Settings(data=tmp_path / "data"), is_working=False) as application:
        assert application.services.channels == {"inbox", "teams", "email"}
        assert application.services.receivers.keys() == {"teams"}
