"""Mail by SMTP: the message, the conversation with the server, and the connector."""
