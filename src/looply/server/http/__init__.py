"""HTTP: routes and calls as values, the door for bodies, access, dispatch, problems.

Imports nothing of `server` outside of this room.
Never here: a noun of the API.
"""
