"""What use cases share: services, the library of compiled workflows, addressing of executions, audit, metrics.

Imports `openid` and `messages`.
Never here: a use case.
"""
