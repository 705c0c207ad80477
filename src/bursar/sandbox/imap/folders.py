"""Commands about folders as a whole: which there are, how full they are, and putting a message into one."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bursar.sandbox.imap.boxes import INBOX, Boxes, Folder
from bursar.sandbox.imap.grammar import Malformed, Word, quoted, text
from bursar.sandbox.imap.selected import No

Say = Callable[[bytes], Awaitable[None]]


class Folders:
    """Of somebody who signed in."""

    COMMANDS = frozenset({"LIST", "LSUB", "STATUS", "CREATE", "DELETE", "SUBSCRIBE", "UNSUBSCRIBE", "APPEND"})

    def __init__(self, boxes: Boxes, user: str) -> None:
        self._boxes, self._user = boxes, user

    def named(self, words: Sequence[Word]) -> Folder:
        """Raises `No`."""
        folder = self._boxes.folder(self._user, text(words[0])) if words else None
        if folder is None:
            raise No("[NONEXISTENT] No such folder")
        return folder

    async def do(self, name: str, words: list[Word], say: Say) -> str:
        """Raises `No` or `Malformed`."""
        match name:
            case "LIST" | "LSUB":
                await self._list(name, words, say)
            case "STATUS":
                await self._status(words, say)
            case "APPEND":
                return await self._append(words)
            case "CREATE":
                held = self._boxes.of(self._user).folders
                held.setdefault(text(words[0]), Folder(text(words[0])))
            case "DELETE":
                if self.named(words).name == INBOX:
                    raise No("The inbox stays")
                del self._boxes.of(self._user).folders[text(words[0])]
            case _:
                self.named(words)
        return "Done"

    async def _list(self, name: str, words: list[Word], say: Say) -> None:
        if len(words) != 2:
            raise Malformed(f"{name} takes a reference and a pattern")
        wanted = text(words[0]) + text(words[1])
        if not wanted:
            await say(b'* LIST (\\Noselect) "/" ""')
            return
        pattern = re.compile(re.escape(wanted).replace(r"\*", ".*").replace("%", "[^/]*"), re.IGNORECASE)
        for folder in self._boxes.of(self._user).folders:
            if pattern.fullmatch(folder):
                marks = b"\\HasNoChildren" + (b" \\Sent" if folder == "Sent" else b"")
                await say(b'* %s (%s) "/" %s' % (name.encode(), marks, quoted(folder)))

    async def _status(self, words: list[Word], say: Say) -> None:
        folder = self.named(words)
        asked = words[1] if len(words) > 1 and isinstance(words[1], list) else []
        told = {
            "MESSAGES": len(folder.messages),
            "RECENT": 0,
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.validity,
            "UNSEEN": sum("\\Seen" not in message.flags for message in folder.messages),
        }
        names = [text(word).upper() for word in asked]
        if not names or any(name not in told for name in names):
            raise Malformed("STATUS of what?")
        each = " ".join(f"{name} {told[name]}" for name in names)
        await say(b"* STATUS %s (%s)" % (quoted(folder.name), each.encode()))

    async def _append(self, words: list[Word]) -> str:
        match words:
            case [name, list(flags), bytes(at), bytes(raw)]:
                moment = _moment(at.decode("ascii", "replace"))
            case [name, list(flags), bytes(raw)]:
                moment = None
            case [name, bytes(at), bytes(raw)]:
                flags, moment = [], _moment(at.decode("ascii", "replace"))
            case [name, bytes(raw)]:
                flags, moment = [], None
            case _:
                raise Malformed("APPEND takes a folder and a message")
        stored = await self._boxes.put(self._user, text(name), raw, {text(flag) for flag in flags}, moment)
        if stored is None:
            raise No("[TRYCREATE] No such folder")
        return f"[APPENDUID {self.named([name]).validity} {stored.uid}] Kept"


def _moment(told: str) -> float:
    try:
        return datetime.strptime(told.strip(), "%d-%b-%Y %H:%M:%S %z").timestamp()
    except ValueError:
        raise Malformed(told) from None
