"""What use cases share: services, the library of compiled workflows, addressing of executions, audit, metrics.

Imports `openid`.
Never here: a use case.
"""
