"""Mail: cards as mails in threads, and the letters that this server writes itself.

Imports no other room of `channels`.
Never here: the protocol of mail servers; that is in `connectors.email`.
"""
