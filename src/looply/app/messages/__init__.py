"""What this server sends by itself: the ports for mails and notifications, and work that calls do not wait for.

Imports no other room of `app`.
Never here: texts of mails, and how they are sent; channels have them.
"""
