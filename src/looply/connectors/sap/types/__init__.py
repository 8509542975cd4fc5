"""Types of OData values: the metadata of a service, and the conversion of values between OData's JSON and ours.

Imports no other room of `connectors.sap`.
Never here: a request; values alone.
"""
