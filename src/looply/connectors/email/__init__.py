"""Mail by SMTP: what is sent, the conversation with the server, and the connector."""
