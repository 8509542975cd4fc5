"""The stores of a process: of executions and of the catalog, by the setting `engine`, and the master keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from looply.catalog import Catalog
from looply.catalog.catalog import postgres_backend
from looply.catalog.storage.database import Backend
from looply.catalog.storage.sqlite import SqliteFile
from looply.catalog.tenants.data_keys import DataKeys
from looply.clock import Clock, Entropy, Ids
from looply.connectors.registry import Registry
from looply.engine.ports.store import Store
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.engine.sqlite.file.seal import Seal
from looply.engine.sqlite.store import SqliteStore
from looply.errors import SettingsError
from looply.master_keys import MasterKeys
from looply.settings import Settings

if TYPE_CHECKING:
    from looply.engine.postgres import PostgresStore

CATALOG_FILE = "catalog.db"
KEY_FILE = "key"


def make_store(settings: Settings, clock: Clock, *, is_working: bool) -> tuple[Store, Seal, Clock]:
    """Returns the store, not yet open, the seal of the data folder (for a database it does nothing), and the clock."""
    if settings.engine == "embedded":
        seal = Seal(settings.data, (CATALOG_FILE, FILE_NAME))
        return SqliteStore(settings.data, clock, seal=seal, is_working=is_working), seal, clock
    store = postgres_store(settings, clock, is_alone=settings.engine == "postgres")
    return store, Seal(settings.data, ()), store.clock


def postgres_store(settings: Settings, clock: Clock, *, is_alone: bool = True) -> "PostgresStore":
    """Returns the store in a database, not yet open. Raises: SettingsError."""
    with require_extra("distributed"):
        from looply.engine import postgres  # noqa: PLC0415 - optional import: only installations on PostgreSQL have psycopg
    return postgres.PostgresStore(_address(settings), clock, is_alone=is_alone)


async def open_catalog(
    settings: Settings, keys: DataKeys, registry: Registry, clock: Clock, entropy: Entropy
) -> Catalog:
    """Opens the catalog of the settings' store, and upgrades it. Raises: as `open_application`."""
    facts: dict[str, Any] = {"clock": clock, "ids": Ids(entropy), "entropy": entropy, "binding": registry.binding}
    if settings.engine == "embedded":
        return await Catalog.open(settings.data / CATALOG_FILE, keys, **facts)
    return await Catalog.connect(_address(settings), keys, **facts)


def catalog_backend(settings: Settings) -> Backend:
    """Returns where the catalog is stored. Raises: SettingsError."""
    if settings.engine == "embedded":
        return SqliteFile(settings.data / CATALOG_FILE)
    with require_extra("distributed"):
        return postgres_backend(_address(settings))


def _address(settings: Settings) -> str:
    assert settings.database is not None
    return settings.database.reveal()


@contextmanager
def require_extra(name: str) -> Iterator[None]:
    """Turns a missing library of an extra into an error that names the extra to install. Raises: SettingsError."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"the package {error.name} is not installed; install looply[{name}] for this engine"
        raise SettingsError(message) from error


def master_keys_of(settings: Settings) -> MasterKeys:
    """Returns the master keys of the setting, else of the file in the data folder."""
    text = settings.encryption_key.reveal() if settings.encryption_key is not None else None
    return MasterKeys(settings.data / KEY_FILE, text)
