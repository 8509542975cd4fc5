"""XPath 1.0 on a small document, charged for every node that is visited.

XPath libraries do not bound their work: a path of forty characters can take hours on a document of a megabyte. This
one is bounded, follows no reference out of the document and refuses document types, so that no entity can be declared.
"""

from looply.expressions.queries.xpath.evaluation import select

__all__ = ["select"]
