"""Everything about people as one object."""

from dataclasses import dataclass

from looply.catalog.people.actors import Actors
from looply.catalog.people.attempts import SignInAttempts
from looply.catalog.people.identities import Identities
from looply.catalog.people.invitations import Invitations
from looply.catalog.people.last_uses import LastUses
from looply.catalog.people.members import Members
from looply.catalog.people.resets import PasswordResets
from looply.catalog.people.role_settings import RoleSettings
from looply.catalog.people.second_factor import SecondFactors
from looply.catalog.people.sessions import Sessions
from looply.catalog.people.users import Users
from looply.catalog.storage.database import CatalogDatabase
from looply.clock import Clock, Entropy, Ids
from looply.sealing import Sealers


@dataclass(frozen=True, slots=True)
class People:
    """Accounts, members and sessions, one attribute per noun. `last_uses` are those of keys, too."""

    users: Users
    members: Members
    invitations: Invitations
    resets: PasswordResets
    sessions: Sessions
    attempts: SignInAttempts
    identities: Identities
    second_factors: SecondFactors
    role_settings: RoleSettings
    last_uses: LastUses
    actors: Actors

    @classmethod
    def on(cls, database: CatalogDatabase, sealers: Sealers, clock: Clock, ids: Ids, entropy: Entropy) -> "People":
        """Returns the people of a catalog."""
        return cls(
            users=Users(database, clock),
            members=Members(database, clock),
            invitations=Invitations(database, clock, ids, entropy),
            resets=PasswordResets(database, clock, entropy),
            sessions=Sessions(database, clock, ids, entropy),
            attempts=SignInAttempts(database, clock),
            identities=Identities(database, clock),
            second_factors=SecondFactors(database, clock, entropy, sealers),
            role_settings=RoleSettings(database, clock),
            last_uses=LastUses(database, clock),
            actors=Actors(database, clock),
        )
