"""XPath 1.0 on a small document, with fuel for every node that is looked at.

Libraries of XPath have no bound of their work: a path of forty characters can take hours on a document of a megabyte.
This one counts, follows no reference out of the document and knows no document types, so that entities have nowhere
to be declared.
"""

from looply.expressions.queries.xpath.evaluation import select

__all__ = ["select"]
