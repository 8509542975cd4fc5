"""Use cases of people who have signed in: their cards, their answers, what they decided and what they asked for.

Imports `context`, `executions` and `monitoring`.
Never here: whether an answer counts; `execution` decides that. A person sees nothing here that is not their own.
"""
