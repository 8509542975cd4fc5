"""The installation of the app for a person by Graph, as administrators ask for it. It sends no message.

To install what is installed changes nothing: Graph answers 409, which is a success here, so that an installation may be
repeated. The chat comes with the event that Microsoft sends then.
"""

from looply.connectors.teams.calls.delivery import Delivery
from looply.connectors.teams.calls.people import Checked, Person
from looply.connectors.teams.calls.person_check import lift_block


async def install_for(delivery: Delivery, person: Person, catalog_app_id: str) -> Person:
    """Installs the app for a person, and returns what is known of them then. Raises: Undelivered."""
    await delivery.within_pace("", lambda: delivery.graph.install_for(person.id, catalog_app_id))
    checked = Checked(on=delivery.clock.now(), is_installed=True)
    return await delivery.directory.keep(lift_block(person, Person(id=person.id), checked))


async def find_by_id(delivery: Delivery, person_id: str) -> Person | None:
    """Returns the person of an id whom Graph knows, None without one, and keeps them. Raises: Undelivered."""
    found = await delivery.within_pace("", lambda: delivery.graph.find_user(person_id))
    return None if found is None else await delivery.directory.keep(found)
