"""What tests share: an engine under a test's hands, fakes, the memory store, and servers of PostgreSQL and Temporal.

Nothing of the product imports it, and no wheel holds it. It knows no test: whoever tests a thing imports it.
"""
