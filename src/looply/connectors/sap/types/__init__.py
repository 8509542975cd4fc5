"""Types of OData values: the metadata of a service, and the conversion of values between OData's JSON and ours."""
