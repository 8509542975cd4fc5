"""People: accounts, passwords, members of organizations, invitations, sessions, preferences, settings of roles.

Imports `storage`, `trail` and `tenants`.
Never here: cookies and other headers; the decision which call needs which permission.
"""
