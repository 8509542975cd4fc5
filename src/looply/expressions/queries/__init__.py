"""The two languages in which functions look into a value: XPath and JSPath."""
