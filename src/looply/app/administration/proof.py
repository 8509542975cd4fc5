"""The proof of a store: it checks the executions, and everything that authors and administrators have stored."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from msgspec.structs import replace

from looply.app.context.services import Services
from looply.catalog.moving import find_unopenable_secrets
from looply.catalog.trail.proof import find_problems
from looply.definition import compile_definition
from looply.engine.ports.port import Audit, Examined, ignore_examined
from looply.errors import DefinitionError, RecordDamaged

_PAGE: Final = 200


async def prove(services: Services, examined: Examined = ignore_examined) -> Audit:
    """Returns the audit of the executions, with a problem of kind `CATALOG` for each object that cannot be used.

    Such an object is a row that cannot be read, a break in the chain of an audit, an ACTIVE definition that does not
    compile, or a secret that cannot be decrypted. Raises: StoreCorrupt for data that no process has written.
    """
    audit = await services.engine.audit(examined)
    messages = [
        *await services.catalog.database.read(find_problems),
        *[message async for message in _find_broken_definitions(services)],
        *await find_unopenable_secrets(services.catalog),
    ]
    return with_catalog(audit, messages)


def with_catalog(audit: Audit, messages: Sequence[str]) -> Audit:
    """Returns the audit with these messages about the catalog among its problems."""
    problems = [{"execution_id": "", "kind": "CATALOG", "message": message} for message in messages]
    return replace(audit, problems=(*audit.problems, *problems))


async def _find_broken_definitions(services: Services) -> AsyncIterator[str]:
    workflows = services.catalog.workflows
    for organization_id in await services.catalog.organizations.list_ids():
        after = None
        while True:
            page = await workflows.list_page(organization_id, _PAGE, after)
            for item in page.items:
                after = (item.workflow_id, item.workflow_version)
                if item.status != "ACTIVE":
                    continue
                try:
                    compile_definition((await workflows.get(organization_id, after)).definition, services.limits)
                except DefinitionError as error:
                    yield f"workflow {item.workflow_id} version {item.workflow_version} cannot run: {error.message}"
                except RecordDamaged:
                    # `find_problems` has reported it among the damaged rows.
                    continue
            if not page.has_more:
                break
