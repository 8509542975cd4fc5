"""What use cases share: services, the library of compiled workflows, addressing of executions, audit, metrics.

Imports no other room of `app`.
Never here: a use case.
"""
