"""Settings that are tables of their own: the providers of sign-in, the mail server."""
