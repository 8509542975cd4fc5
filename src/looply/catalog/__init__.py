"""The catalog: everything that authors and administrators edit, in one database beside the engine's."""

from looply.catalog.catalog import Catalog

__all__ = ["Catalog"]
