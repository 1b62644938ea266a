"""That an invariant does not hold."""


class Violation(BaseException):
    """An invariant does not hold. No error of the app's, which catches whatever errors there are."""


def hold(holds: bool, invariant: str) -> None:
    """Raises: Violation."""
    if not holds:
        raise Violation(invariant)
