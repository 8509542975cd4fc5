"""Mail: the message, the ways that it is sent by (SMTP and Microsoft Graph), cards as mails, and the connector."""
