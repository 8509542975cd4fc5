"""Cards as mails: their HTML, their text, their threads. All but `delivery` are functions without I/O.

Imports no other room of `connectors.email`.
Never here: a connection to a mail server, but for `delivery`.
"""
