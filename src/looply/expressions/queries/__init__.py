"""The two query languages of functions: XPath and JSPath."""
