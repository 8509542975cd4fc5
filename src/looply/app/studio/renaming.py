"""The renaming of a step in a definition that is being edited. Nothing is stored."""

from looply.app.context.services import Services
from looply.definition.graph import renaming
from looply.definition.graph.renaming import RenamedStep
from looply.jsontext import Json


async def rename_step(services: Services, definition: dict[str, Json], old: str, new: str) -> RenamedStep:
    """Returns the definition with another id for a step, and what followed it. Raises: as `renaming.rename_step`."""
    return await services.background.run(lambda: renaming.rename_step(definition, old, new, services.limits))
