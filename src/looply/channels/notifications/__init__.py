"""Notifications of incidents: sent by mail, in Teams, or by a call of a webhook.

Imports `teams`.
Never here: which incidents are reported, and when; `app/administration` says it.
"""
