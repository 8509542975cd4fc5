"""The catalog: everything that authors and administrators edit, in a database separate from the engine's."""

from looply.catalog.catalog import Catalog

__all__ = ["Catalog"]
