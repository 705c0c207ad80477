"""Acts that take something back say why; the journal keeps it."""

from bursar.core.errors import N_, Invalid


def must_say_why(because: str) -> None:
    """Raises `Invalid` for an act that needs a reason and has none."""
    if not because.strip():
        raise Invalid(N_("Say why."), code="reason_missing", field="reason")
