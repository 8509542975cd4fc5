"""The actor of an answer: how it came, and who sent it."""

from typing import Literal, TypeAlias

import msgspec

ActorKind: TypeAlias = Literal["link", "session", "channel"]


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an answer came, which says what is known of its sender.

    `session`: `user_id` and `email` are those of the person who had signed in. `link`: a holder of the card's link, who
    was not authenticated. `channel`: `user_id` is the identity that the channel vouches for, `email` and `name` are
    what it says of that person.
    """

    kind: ActorKind
    user_id: str = ""
    email: str = ""
    name: str = ""

    @property
    def is_identified(self) -> bool:
        """Whether the sender is a certain person, not just a holder of a link."""
        return self.kind != "link"

    @property
    def shown(self) -> str:
        """The address by which the person is shown, empty for a holder of a link."""
        return self.email or self.user_id


LINK = Actor(kind="link")
"""The holder of a card's link."""
