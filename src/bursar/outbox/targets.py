"""Where the links of one message lead: checked once and kept by position (R106)."""

import re
from urllib.parse import quote, urlsplit

from bursar.core.errors import N_, Invalid

# A slot is written into rendered text as MARK + its number + MARK, so that `str.split` finds it again. Values
# cannot hold MARK: `liquid.plain_text` removes control characters, and a source with them is refused.
MARK = "\x01"
UNSUBSCRIBE = -1
PIXEL = -2
PRIVATE = -3
PIXEL_SLOT = f"{MARK}{PIXEL}{MARK}"

LONGEST_TARGET = 2_000  # characters; mail programs and relays cut longer ones
_HOST = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_COMMON = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,4}})?(?:[/?#][!#-;=?-\[\]^_a-~]*)?")
_KEPT = "!#$%&'()*+,/:;=?@[]~-._"  # what a path, query or fragment may hold as it is (RFC 3986)


def checked_target(address: str) -> str:
    """`address` as an absolute http or https address in ASCII; hosts of other scripts become punycode.

    Raises `Invalid` for anything a reader could be led astray by: other schemes, no scheme, a user name in
    front of the host, backslashes, spaces or line breaks.
    """
    address = address.strip()
    if len(address) <= LONGEST_TARGET and _COMMON.fullmatch(address):
        return address
    if len(address) > LONGEST_TARGET or not address.isprintable() or re.search(r'[\s\\<>"`{}|^]', address):
        raise _refused(address)
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError as err:  # UnicodeError is one
        raise _refused(address) from err
    ok = parts.scheme in ("http", "https") and "@" not in parts.netloc
    if not ok or not re.fullmatch(_HOST, ascii_host):
        raise _refused(address)
    place = f"{parts.scheme}://{ascii_host}" + (f":{port}" if port else "")
    rest = address.split(parts.netloc, 1)[1]
    return place + quote(rest, safe=_KEPT)


def _refused(address: str) -> Invalid:
    return Invalid(
        N_("“%(address)s” is not a full web address: begin it with https:// and leave out names and spaces."),
        code="link_not_web",
        address=address[:80],
    )


class Links:
    """The targets of one message, in the order in which its HTML part names them; its text shares them."""

    __slots__ = ("_slots", "targets")

    def __init__(self) -> None:
        self.targets: list[str] = []
        self._slots: dict[str, str] = {}  # by address as it was given, and by checked target

    def tracked(self, address: str) -> str:
        return self._slots.get(address) or self._new_slot(address)

    def _new_slot(self, address: str) -> str:
        target = checked_target(address)
        slot = self._slots.get(target)
        if slot is None:
            slot = self._slots[target] = f"{MARK}{len(self.targets)}{MARK}"
            self.targets.append(target)
        self._slots[address] = slot
        return slot

    def held(self) -> int:
        return len(self.targets)

    def restore(self, held: int) -> None:
        """Forget what was named since `held`: a program that stumbled is run again another way."""
        del self.targets[held:]
        kept = {f"{MARK}{position}{MARK}" for position in range(held)}
        self._slots = {address: slot for address, slot in self._slots.items() if slot in kept}

    def plain(self, address: str) -> str:
        """For pictures: the same care, and no counting. A checked target holds no quotes; `&` is harmless."""
        return checked_target(address)

    def unsubscribe(self, _address: str) -> str:
        return f"{MARK}{UNSUBSCRIBE}{MARK}"

    def private(self, _address: str) -> str:
        """An address with a key in it: it gets into the letter when that is built, and is kept nowhere."""
        return f"{MARK}{PRIVATE}{MARK}"
