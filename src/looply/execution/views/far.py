"""What another system said, as readers see it."""

from looply.execution.document.masking import without_tokens
from looply.execution.facts.values.far import FarDetail, FarError


def public_far(far: FarError) -> FarError:
    """Returns a far error with `***` in place of the tokens of waits and cards, which a system may quote."""
    return FarError(
        kind=far.kind,
        code=without_tokens(far.code),
        message=without_tokens(far.message),
        target=without_tokens(far.target),
        details=tuple(
            FarDetail(
                code=without_tokens(one.code), message=without_tokens(one.message), target=without_tokens(one.target)
            )
            for one in far.details
        ),
        locked_by=without_tokens(far.locked_by),
    )
