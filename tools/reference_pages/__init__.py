"""One module for each family of reference pages."""
