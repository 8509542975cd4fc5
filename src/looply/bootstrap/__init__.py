"""Wires a process together: the only package that chooses its store, its dispatcher and its connectors.

The setting `engine` chooses. Embedded: a data folder, and effects in this process. Postgres: a database of this process
alone, and effects in it. Distributed: a database that many processes share; servers offer effects to Temporal, workers
carry them out.

`stores` < `effects` < `engine channels` < `services loops` < `application` < `running`; `reading` imports `stores`.
"""

from looply.bootstrap.application import Application, apply_master_keys, open_application
from looply.bootstrap.reading import audit_database, read_only_catalog, read_only_keys
from looply.bootstrap.running import serve, work
from looply.bootstrap.stores import CATALOG_FILE, KEY_FILE, master_keys_of

__all__ = [
    "CATALOG_FILE",
    "KEY_FILE",
    "Application",
    "apply_master_keys",
    "audit_database",
    "master_keys_of",
    "open_application",
    "read_only_catalog",
    "read_only_keys",
    "serve",
    "work",
]
