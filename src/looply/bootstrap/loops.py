"""The background loops of a process, in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from looply.app.administration.installation_runner import InstallationRunner
from looply.app.administration.key_watch import KeyWatch
from looply.app.administration.notification_runner import NotificationRunner
from looply.app.authoring.question_runner import QuestionRunner
from looply.app.bulks.runner import BulkRunner
from looply.app.context.child_targets import find_child_target
from looply.app.context.library import Library
from looply.app.context.services import Prober, Services
from looply.app.inbox.absence_runner import AbsenceRunner
from looply.app.people.use_loop import UseLoop
from looply.bootstrap.effects import list_served_connectors
from looply.bootstrap.foundations import Foundations
from looply.clock import SystemEntropy
from looply.engine.cards.reconciler import Reconciler, make_reconcilers
from looply.engine.ports.card_channel import CardChannel
from looply.engine.ports.store import Store
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.auditor import Auditor
from looply.engine.upkeep.figure_folder import FigureFolder
from looply.engine.upkeep.loop import Loop
from looply.engine.upkeep.pruner import Pruner
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.quota_meter import QuotaMeter
from looply.engine.upkeep.store_watch import StoreWatch
from looply.engine.upkeep.target_watch import TargetWatch
from looply.jsontext import Json

_ALONE: Final = "alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """The background loops of a process; the pump, which recovers work, and the auditor, which is measured, by name."""

    pump: Pump
    auditor: Auditor
    all: Sequence[Loop]


def make_question_loops(base: Foundations, prober: Prober, connectors: Sequence[str] | None) -> Sequence[Loop]:
    """Returns the loop by which a worker of a distributed installation answers servers; `connectors` are its own."""
    if base.settings.engine != "distributed" or connectors is None:
        return ()
    served = list_served_connectors(base.registry, connectors)
    return (QuestionRunner(base.catalog.questions, prober, base.registry, served),)


def make_loops(
    base: Foundations, services: Services, shell: Shell, channels: Mapping[str, CardChannel], more: Sequence[Loop] = ()
) -> Loops:
    """Returns the loops, not yet running; `all` are in the order in which they start, `more` the last ones."""
    settings, store = base.settings, base.store
    catalog, library, clock = services.catalog, services.library, services.clock
    pump = Pump(
        shell, store, clock, partial(_default_profile, library), partial(find_child_target, library, catalog.bulks)
    )
    auditor = Auditor(shell, store, clock, frozenset(channels))
    holder = _bulk_holder(store)
    reconcilers = make_reconcilers(shell, store.copies, channels, clock)
    shell.observers.on_copies = partial(_wake, reconcilers)
    return Loops(
        pump=pump,
        auditor=auditor,
        all=(
            StoreWatch(store),
            KeyWatch(base.keys),
            UseLoop(catalog.people.last_uses),
            pump,
            TargetWatch(shell, store, clock),
            *reconcilers,
            auditor,
            QuotaMeter(shell.quotas, clock),
            FigureFolder(store.figures, clock, settings.figure_seconds),
            Pruner(store.pruning, clock, settings.retention, settings.decision_retention),
            BulkRunner(services, holder),
            AbsenceRunner(services),
            NotificationRunner(services),
            InstallationRunner(services, holder),
            *more,
        ),
    )


def _wake(reconcilers: Sequence[Reconciler]) -> None:
    for reconciler in reconcilers:
        reconciler.wake()


async def _default_profile(library: Library, organization_id: str, workflow_id: str) -> tuple[str, Json]:
    profile = await library.profile(organization_id, workflow_id, "")
    return (profile.name, profile.values) if profile is not None else ("", None)


def _bulk_holder(store: Store) -> str:
    """Returns the name under which this process holds bulks.

    A process that does not share its store has a fixed name, so it resumes the bulks of its predecessor at once.
    """
    return SystemEntropy().token(16).hex() if store.is_shared else _ALONE
