"""The test kit: a driver of the engine, fakes, the memory store, and servers of PostgreSQL and Temporal.

The product does not import it, and no wheel contains it. It imports no test; tests import it.
"""
