"""Mail: the message, the ways that it is sent by (SMTP and Microsoft Graph), cards as mails, and the connector.

Imports `outbound`, `credentials` and `oauth`.
Never here: who gets a mail, and when; channels and steps say it.
"""
