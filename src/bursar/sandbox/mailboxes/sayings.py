"""What servers say beside an enhanced status code (RFC 3463)."""

SAYINGS = {
    "1.1": "No such user here",
    "1.2": "No such domain",
    "2.1": "This mailbox is closed",
    "2.2": "The mailbox is full",
    "3.4": "The message is too big",
    "4.1": "The host does not answer",
    "4.7": "Tried for too long",
    "7.0": "Try again later",
    "7.1": "Refused by policy",
    "7.26": "The sender is not authenticated",
}


def saying(status: str) -> str:
    """Words for a code like 5.1.1."""
    return SAYINGS.get(status.partition(".")[2], "Refused")
