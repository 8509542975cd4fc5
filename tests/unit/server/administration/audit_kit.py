"""What the test of the audit needs beside the calls: a bot, and the names of actions."""

from looply.app.messages.bots import Chosen, NoBots, Reach


class KnownToBot(NoBots):
    """A bot that finds the person whom it is asked for."""

    async def check(self, *_: object) -> Reach:
        return Reach(person_id="person-1", status="HEALTHY", mail="canary@example.com")

    async def choose(self, *_: object) -> Chosen:
        return Chosen(people=(), unknown=("canary@example.com",))


def name_of_action(name: str) -> str:
    """Returns `key.create` for `createKey`."""
    verb = name.rstrip("abcdefghijklmnopqrstuvwxyz")[:-1]
    return f"{name.removeprefix(verb).lower()}.{verb}"
