"""What use cases share: services, the library of compiled workflows, addressing of executions, audit, metrics.

Imports nothing of `app` outside of this room.
Never here: a use case.
"""
