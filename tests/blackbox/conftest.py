"""One server (or installation) and one ledger for all tests that only read and write; an organization for each test."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.damage.bench import Bench
from blackbox.evidence.load import SEED
from blackbox.evidence.report import FaultReport
from blackbox.harness.client import Organization
from blackbox.harness.installation import Installation
from blackbox.harness.launcher import Server, add_organizations, init
from blackbox.harness.sink import Sink
from blackbox.harness.strace import why_not

ORGANIZATIONS = 600
OF_ANY_ENGINE = frozenset(
    f"test_{name}"
    for name in (
        "acceptance_monitoring",
        "acceptance_resume",
        "acceptance_steps",
        "blackbox_access",
        "blackbox_expressions",
        "blackbox_http_door",
        "blackbox_inbox",
        "blackbox_json_door",
        "blackbox_lists",
        "blackbox_openapi",
        "blackbox_resume",
        "blackbox_steps",
        "blackbox_tenancy",
        "blackbox_terminate",
        "blackbox_trigger",
        "blackbox_workflows",
    )
)
"""The files whose tests apply to every engine; the others have a data folder of their own, or break one."""
DRAWN = "test_blackbox_openapi"
"""The file whose tests take as long as those of all others together."""
INSTALLATION_SECONDS = 600
"""The first test of a run waits until an installation is ready."""

NewOrganization = Callable[[], Organization]
Reported = Callable[..., FaultReport]
Served = tuple[Server | Installation, list[dict[str, str]]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks all tests of this folder, and selects those that an installation without a data folder can pass."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.blackbox)
            if _engine(config) != "embedded":
                _choose(item, _engine(config))


def _choose(item: pytest.Item, engine: str) -> None:
    if item.get_closest_marker("distributed") is not None:
        return
    if engine == "distributed":
        item.add_marker(pytest.mark.distributed)
    if item.path.stem not in OF_ANY_ENGINE:
        item.add_marker(pytest.mark.skip(reason="belongs to a data folder"))
        return
    # With --dist loadgroup two processes of tests have an installation, and not each of them.
    item.add_marker(pytest.mark.xdist_group("drawn" if item.path.stem == DRAWN else "called"))
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(INSTALLATION_SECONDS))


def _engine(config: pytest.Config) -> str:
    return str(config.getoption("engine"))


@pytest.fixture(scope="session")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    """The ledger of all calls of steps."""
    found = Sink(tmp_path_factory.mktemp("sink"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def tracing() -> None:
    """Skips tests that inject faults into system calls where no process can be traced."""
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture
def bench(tracing: None, tmp_path: Path, sink: Sink) -> Iterator[Bench]:
    """A server of its own for a test that injects faults into its system calls."""
    found = Bench(tmp_path, sink)
    yield found
    found.close()


@pytest.fixture
def reported(record_property: Callable[[str, object], None]) -> Reported:
    """Creates the report of a test; its counts are shown at the end of the run."""

    def tell(document: dict[str, Any]) -> None:
        record_property("distributed faults", document)

    def report(name: str, *faults: str, **options: Any) -> FaultReport:
        return FaultReport(name, seed=SEED, options=options, faults=faults, tell=tell)

    return report


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """A port of this machine without a listener, which no other process can bind."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
def _served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sink: Sink, closed_port: int
) -> Iterator[Served]:
    # It may call the ledger and the closed port, and no other port of this machine.
    allow = (f"127.0.0.1:{sink.port}", f"127.0.0.1:{closed_port}")
    folder = tmp_path_factory.mktemp("shared") / "data"
    engine = _engine(request.config)
    with _data_folder(folder, allow) if engine == "embedded" else _installation(folder, allow, engine) as found:
        yield found


@contextmanager
def _data_folder(folder: Path, allow: tuple[str, ...]) -> Iterator[Served]:
    organizations = [init(folder), *add_organizations(folder, ORGANIZATIONS)]
    found = Server(folder, allow, LOOPLY_LOG_LEVEL="debug").start()
    try:
        yield found, organizations
    finally:
        found.close()


@contextmanager
def _installation(folder: Path, allow: tuple[str, ...], engine: str) -> Iterator[Served]:
    found = Installation(folder, allow, LOOPLY_LOG_LEVEL="debug", LOOPLY_ENGINE=engine)
    try:
        found.prepare()
        organizations = [found.made, *found.operating.add_organizations(ORGANIZATIONS)]
        # With the engine `postgres` one process owns the database, and makes the calls of steps as well.
        yield found.start() if engine == "distributed" else found.start(1, 0), organizations
    finally:
        found.close()


@pytest.fixture(scope="session")
def server(_served: Served) -> Server | Installation:
    """The shared server, or the servers of an installation."""
    return _served[0]


@pytest.fixture(scope="session")
def client(server: Server | Installation) -> Iterator[httpx2.Client]:
    """The connections to the shared server; each call goes to another one where there are several."""
    with server.connect(timeout=120) as found:
        yield found


@pytest.fixture(scope="session")
def new_organization(client: httpx2.Client, _served: Served) -> NewOrganization:
    """Creates an organization that no other test uses."""
    remaining = iter(_served[1])

    def take() -> Organization:
        return Organization(client, **next(remaining))

    return take


@pytest.fixture
def org(new_organization: NewOrganization) -> Organization:
    return new_organization()


@pytest.fixture
def other(new_organization: NewOrganization) -> Organization:
    return new_organization()
