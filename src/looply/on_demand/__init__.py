"""Modules that are loaded when they are first used: all imports of the product that are not at the top of their file.

To import the server, the stores, the catalog and the event loop takes many times as long as a help page or an
expression may take; the drivers of databases and of Temporal are optional; a worker process of functions loads one
interpreter only. Code that needs such a module names it through this one, `on_demand.bootstrap.serve(...)`, and imports
nothing from it. Types are named in texts, which load nothing: `"on_demand.settings.Settings"`. What is named so counts
as imported where it is named: the order of layers and rooms holds for it too.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    import resource

    import httpx2
    import structlog
    import uvloop
    from alembic import command as alembic_command
    from alembic import config as alembic_config
    from rich import console as rich_console
    from rich import progress as rich_progress

    from looply import bootstrap, definition, log, settings
    from looply.app.administration import organizations, proof
    from looply.app.authoring import fires
    from looply.catalog.storage import postgres as catalog_postgres
    from looply.catalog.tenants import data_keys, rotation
    from looply.catalog.tenants import keys as api_keys
    from looply.catalog.trail import chain
    from looply.channels.email import channel as email_channel
    from looply.channels.email import mailer as email_mailer
    from looply.cli.offline import (
        copies,
        moving,
        offline,
        offline_audit,
        offline_datastores,
        offline_executions,
        offline_keys,
        offline_users,
        store,
    )
    from looply.cli.terminal import client as api_client
    from looply.cli.terminal import contexts
    from looply.connectors.function import javascript, python
    from looply.connectors.teams.packaging import archive as teams_archive
    from looply.connectors.teams.packaging import manifest as teams_manifest
    from looply.definition.settings import mail
    from looply.demo import run as demo
    from looply.engine import postgres as engine_postgres
    from looply.engine import temporal as engine_temporal
    from looply.engine.ports import port
    from looply.engine.records import pruning
    from looply.engine.records.figures import survey
    from looply.engine.sqlite.file import moved, opening
    from looply.engine.upkeep import pruner
    from looply.server.http import rows as answer_rows

__all__ = [
    "alembic_command",
    "alembic_config",
    "answer_rows",
    "api_client",
    "api_keys",
    "asyncio",
    "bootstrap",
    "catalog_postgres",
    "chain",
    "contexts",
    "copies",
    "data_keys",
    "definition",
    "demo",
    "email_channel",
    "email_mailer",
    "engine_postgres",
    "engine_temporal",
    "fires",
    "httpx2",
    "javascript",
    "log",
    "mail",
    "moved",
    "moving",
    "offline",
    "offline_audit",
    "offline_datastores",
    "offline_executions",
    "offline_keys",
    "offline_users",
    "opening",
    "organizations",
    "port",
    "proof",
    "pruner",
    "pruning",
    "python",
    "resource",
    "rich_console",
    "rich_progress",
    "rotation",
    "settings",
    "store",
    "structlog",
    "survey",
    "teams_archive",
    "teams_manifest",
    "uvloop",
]

_MODULES: Final = {
    "alembic_command": "alembic.command",
    "alembic_config": "alembic.config",
    "answer_rows": "looply.server.http.rows",
    "api_client": "looply.cli.terminal.client",
    "api_keys": "looply.catalog.tenants.keys",
    "asyncio": "asyncio",
    "bootstrap": "looply.bootstrap",
    "catalog_postgres": "looply.catalog.storage.postgres",
    "chain": "looply.catalog.trail.chain",
    "contexts": "looply.cli.terminal.contexts",
    "copies": "looply.cli.offline.copies",
    "data_keys": "looply.catalog.tenants.data_keys",
    "definition": "looply.definition",
    "demo": "looply.demo.run",
    "email_channel": "looply.channels.email.channel",
    "email_mailer": "looply.channels.email.mailer",
    "engine_postgres": "looply.engine.postgres",
    "engine_temporal": "looply.engine.temporal",
    "fires": "looply.app.authoring.fires",
    "httpx2": "httpx2",
    "javascript": "looply.connectors.function.javascript",
    "log": "looply.log",
    "mail": "looply.definition.settings.mail",
    "moved": "looply.engine.sqlite.file.moved",
    "moving": "looply.cli.offline.moving",
    "offline": "looply.cli.offline.offline",
    "offline_audit": "looply.cli.offline.offline_audit",
    "offline_datastores": "looply.cli.offline.offline_datastores",
    "offline_executions": "looply.cli.offline.offline_executions",
    "offline_keys": "looply.cli.offline.offline_keys",
    "offline_users": "looply.cli.offline.offline_users",
    "opening": "looply.engine.sqlite.file.opening",
    "organizations": "looply.app.administration.organizations",
    "port": "looply.engine.ports.port",
    "proof": "looply.app.administration.proof",
    "pruner": "looply.engine.upkeep.pruner",
    "pruning": "looply.engine.records.pruning",
    "python": "looply.connectors.function.python",
    "resource": "resource",
    "rich_console": "rich.console",
    "rich_progress": "rich.progress",
    "rotation": "looply.catalog.tenants.rotation",
    "settings": "looply.settings",
    "store": "looply.cli.offline.store",
    "structlog": "structlog",
    "survey": "looply.engine.records.figures.survey",
    "uvloop": "uvloop",
    "teams_archive": "looply.connectors.teams.packaging.archive",
    "teams_manifest": "looply.connectors.teams.packaging.manifest",
}


def __getattr__(name: str) -> ModuleType:
    """Loads a module of `__all__`. Raises: AttributeError for another name; ModuleNotFoundError without its package."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(_MODULES[name])
