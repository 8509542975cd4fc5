"""Where the manager of the story reads and answers cards: the part of the story that a channel changes."""

from typing import Protocol

from looply.demo.client import LooplyClient, OpenCard
from looply.errors import Rejected
from looply.jsontext import Json


class Stage(Protocol):
    """One place where cards are read and answered."""

    @property
    def place(self) -> str:
        """Where a card waits, as a text that the name of a person follows."""
        ...

    async def prepare(self, looply: LooplyClient) -> tuple[str, ...]:
        """Connects the place with Looply, and returns what there is to say of it, in lines. Raises as the client."""
        ...

    def adapt(self, definition: Json) -> Json:
        """Returns a workflow whose cards are brought to this place."""
        ...

    def invitation(self, card: OpenCard) -> str:
        """Returns what a person is to do to answer a card."""
        ...

    async def is_there(self, card: OpenCard) -> bool:
        """Returns whether the card can be answered at this place."""
        ...

    async def approve(self, looply: LooplyClient, card: OpenCard, comment: str) -> None:
        """Answers a card as the manager does. Raises: Rejected for another answer than that it is recorded."""
        ...


class InboxStage:
    """The web inbox."""

    @property
    def place(self) -> str:
        """See `Stage.place`."""
        return "in the inbox of"

    async def prepare(self, looply: LooplyClient) -> tuple[str, ...]:  # noqa: ARG002
        """Does nothing: the inbox is a part of Looply."""
        return ()

    def adapt(self, definition: Json) -> Json:
        """Returns the definition: its cards go to the inbox."""
        return definition

    def invitation(self, card: OpenCard) -> str:
        """See `Stage.invitation`."""
        return f"Open {card.url} in a browser, or sign in as the manager, and click Approve or Reject."

    async def is_there(self, card: OpenCard) -> bool:  # noqa: ARG002
        """Returns True: an open card is in the inbox."""
        return True

    async def approve(self, looply: LooplyClient, card: OpenCard, comment: str) -> None:
        """See `Stage.approve`."""
        message = await looply.answer_card(card.token, {"action": "approve", "comment": comment})
        if message != "recorded":
            raise Rejected(f"the approval was answered with '{message}', expected 'recorded'", sent=True)
