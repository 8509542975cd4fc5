"""What roles may do in one organization beside what they may do everywhere."""

from sqlalchemy import Connection, insert, select, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import role_settings
from looply.catalog.trail.audit import Change
from looply.clock import Clock
from looply.instants import to_ms
from looply.permissions import BY_SETTING, RoleSetting


class RoleSettings:
    """The settings of roles of all organizations."""

    def __init__(self, database: CatalogDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, organization_id: str) -> frozenset[RoleSetting]:
        """Returns the settings that are on."""
        return await self._database.read(lambda connection: settings_of(connection, organization_id))

    async def put(self, organization_id: str, settings: frozenset[RoleSetting], *, actor: str | None) -> None:
        """Replaces the settings that are on. Open sessions have the changed permissions from their next call on."""
        change = Change(organization_id, actor, self._clock.now())
        is_on = {setting: setting in settings for setting in BY_SETTING}
        stamps = {"modified_by": actor, "modified_ms": to_ms(change.at)}
        owner = role_settings.c.organization_id == organization_id

        def store(connection: Connection) -> None:
            if connection.execute(select(role_settings.c.organization_id).where(owner)).first() is None:
                made = {"organization_id": organization_id, "created_by": actor, "created_ms": to_ms(change.at)}
                connection.execute(insert(role_settings).values(**made, **stamps, **is_on))
            else:
                connection.execute(update(role_settings).where(owner).values(**stamps, **is_on))
            change.record(connection, "roles.change", organization_id, **is_on)

        await self._database.write(store)


def settings_of(connection: Connection, organization_id: str) -> frozenset[RoleSetting]:
    """Returns the settings of an organization that are on."""
    query = select(role_settings).where(role_settings.c.organization_id == organization_id)
    row = connection.execute(query).mappings().first()
    return frozenset() if row is None else frozenset(setting for setting in BY_SETTING if row[setting])
