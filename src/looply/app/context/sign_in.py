"""The means by which people sign in to this installation."""

import msgspec

from looply.definition.settings.mail import person_of
from looply.errors import SignInRequired


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider of OpenID Connect, as the page of sign-in shows it."""

    provider_id: str
    label: str


class SignInMeans(msgspec.Struct, frozen=True, kw_only=True):
    """`has_passwords`: people sign in with passwords of this installation; else only `break_glass` does, if it is set.

    `break_glass` is the address of one owner who can sign in when no provider can be reached.
    """

    has_passwords: bool = True
    break_glass: str = ""
    providers: tuple[Provider, ...] = ()

    def may_use_password(self, email: str) -> bool:
        """Returns whether the person with this address may sign in with a password."""
        is_break_glass = bool(self.break_glass) and person_of(email) == person_of(self.break_glass)
        return self.has_passwords or is_break_glass


class SignedOut(SignInRequired):
    """A call of the web app has no session, or its session has ended. `means` are those by which people sign in."""

    def __init__(self, means: SignInMeans) -> None:
        super().__init__("sign in: the call has no session, or its session has ended")
        self.means = means
