"""Modules that are loaded when a command first uses them: the server, the stores, the catalog, the event loop.

To import them takes many times as long as a help page or an expression may take. So a command names them through this
module, `on_demand.bootstrap.serve(...)`, and imports nothing from it. Types are named in texts, which load nothing:
`"on_demand.settings.Settings"`.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio

    import structlog

    from looply import bootstrap, definition, log, settings
    from looply.app.administration import organizations, proof
    from looply.app.authoring import fires
    from looply.catalog.tenants import data_keys, rotation
    from looply.catalog.tenants import keys as api_keys
    from looply.catalog.trail import chain
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
    from looply.connectors.teams.packaging import archive as teams_archive
    from looply.connectors.teams.packaging import manifest as teams_manifest
    from looply.definition.settings import mail
    from looply.demo import run as demo
    from looply.engine.ports import port
    from looply.engine.records import pruning
    from looply.engine.records.figures import survey
    from looply.engine.sqlite.file import moved, opening
    from looply.engine.upkeep import pruner
    from looply.server.http import rows as answer_rows

__all__ = [
    "answer_rows",
    "api_keys",
    "asyncio",
    "bootstrap",
    "chain",
    "copies",
    "data_keys",
    "definition",
    "demo",
    "fires",
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
    "rotation",
    "settings",
    "store",
    "structlog",
    "survey",
    "teams_archive",
    "teams_manifest",
]

_MODULES: Final = {
    "answer_rows": "looply.server.http.rows",
    "api_keys": "looply.catalog.tenants.keys",
    "asyncio": "asyncio",
    "bootstrap": "looply.bootstrap",
    "chain": "looply.catalog.trail.chain",
    "copies": "looply.cli.offline.copies",
    "data_keys": "looply.catalog.tenants.data_keys",
    "definition": "looply.definition",
    "demo": "looply.demo.run",
    "fires": "looply.app.authoring.fires",
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
    "rotation": "looply.catalog.tenants.rotation",
    "settings": "looply.settings",
    "store": "looply.cli.offline.store",
    "structlog": "structlog",
    "survey": "looply.engine.records.figures.survey",
    "teams_archive": "looply.connectors.teams.packaging.archive",
    "teams_manifest": "looply.connectors.teams.packaging.manifest",
}


def __getattr__(name: str) -> ModuleType:
    """Loads a module of `__all__`. Raises: AttributeError for another name; ModuleNotFoundError without its package."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(_MODULES[name])
