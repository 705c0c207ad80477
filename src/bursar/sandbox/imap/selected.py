"""Commands inside a selected folder: find, fetch, mark, copy, and take away."""

from collections.abc import Awaitable, Callable, Sequence

from bursar.sandbox.imap import fetching
from bursar.sandbox.imap.boxes import Boxes, Folder, Stored
from bursar.sandbox.imap.grammar import Malformed, Word, is_in, numbers, text
from bursar.sandbox.imap.searching import Keys

Say = Callable[[bytes], Awaitable[None]]
FLAGS = b"(\\Answered \\Flagged \\Deleted \\Seen \\Draft)"


class No(Exception):
    """The server will not; the words say why, a code in brackets first."""


class Selected:
    """One client's view: numbers of messages stay as they are until it is told of a change."""

    def __init__(self, boxes: Boxes, user: str, folder: Folder, *, read_only: bool) -> None:
        self._boxes, self._user, self._folder = boxes, user, folder
        self._read_only = read_only
        self._seen: list[Stored] = list(folder.messages)

    async def show(self, say: Say) -> None:
        folder = self._folder
        await say(b"* FLAGS " + FLAGS)
        await say(b"* OK [PERMANENTFLAGS %s] Kept" % (b"()" if self._read_only else FLAGS))
        await say(b"* %d EXISTS" % len(self._seen))
        await say(b"* 0 RECENT")
        await say(b"* OK [UIDVALIDITY %d] As long as this stays, numbers do" % folder.validity)
        await say(b"* OK [UIDNEXT %d] The next one" % folder.next_uid)

    async def look(self, say: Say) -> None:
        """Tells of what came and went in the meantime."""
        self._boxes.of(self._user)
        for place in range(len(self._seen), 0, -1):
            if self._seen[place - 1] not in self._folder.messages:
                del self._seen[place - 1]
                await say(b"* %d EXPUNGE" % place)
        if len(self._folder.messages) > len(self._seen):
            self._seen = list(self._folder.messages)
            await say(b"* %d EXISTS" % len(self._seen))

    async def do(self, name: str, words: list[Word], say: Say) -> str:
        """Raises `No` or `Malformed`."""
        uid = name == "UID"
        if uid:
            name, words = (text(words[0]).upper(), words[1:]) if words else ("", [])
        match name:
            case "SEARCH":
                await self._search(words, say, uid=uid)
            case "FETCH":
                await self._fetch(words, say, uid=uid)
            case "STORE":
                await self._store(words, say, uid=uid)
            case "COPY":
                self._copy(words, uid=uid)
            case "EXPUNGE":
                self._writable()
                self.expunge()
                await self.look(say)
            case _:
                raise Malformed(f"Unknown command {name}")
        return "Done"

    def expunge(self) -> None:
        if not self._read_only:
            self._folder.messages[:] = [one for one in self._folder.messages if "\\Deleted" not in one.flags]

    def _writable(self) -> None:
        if self._read_only:
            raise No("[READ-ONLY] The folder is only looked at")

    def _named(self, told: Word, *, uid: bool) -> list[tuple[int, Stored]]:
        """Of a set of numbers or UIDs; a UID that is not there is no mistake, a number is."""
        largest = max((one.uid for one in self._seen), default=0) if uid else len(self._seen)
        ranges = list(numbers(text(told), largest))
        if not uid and any(last > len(self._seen) or not first for first, last in ranges):
            raise Malformed("No such message")
        each = enumerate(self._seen, start=1)
        return [(number, one) for number, one in each if is_in(ranges, one.uid if uid else number)]

    async def _search(self, words: Sequence[Word], say: Say, *, uid: bool) -> None:
        await self.look(say)
        last = max((one.uid for one in self._seen), default=0)
        tests = Keys(words, len(self._seen), last).tests()
        if not tests:
            raise Malformed("SEARCH for what?")
        found = [
            one.uid if uid else number
            for number, one in enumerate(self._seen, start=1)
            if all(test(number, one) for test in tests)
        ]
        await say(" ".join(["* SEARCH", *map(str, found)]).encode())

    async def _fetch(self, words: Sequence[Word], say: Say, *, uid: bool) -> None:
        if len(words) != 2:
            raise Malformed("FETCH takes a set and items")
        wanted = fetching.items(words[1])
        sees = not self._read_only and any(item.sees for item in wanted)
        for number, message in self._named(words[0], uid=uid):
            new = sees and "\\Seen" not in message.flags
            if new:
                message.flags.add("\\Seen")
            items = [*wanted, *fetching.items("FLAGS")] if new else wanted
            await say(fetching.told(message, items, number, with_uid=uid))

    async def _store(self, words: Sequence[Word], say: Say, *, uid: bool) -> None:
        self._writable()
        if len(words) < 3:
            raise Malformed("STORE takes a set, a way and flags")
        way = text(words[1]).upper()
        given = words[2] if isinstance(words[2], list) else list(words[2:])
        flags = {text(flag) for flag in given}
        for number, message in self._named(words[0], uid=uid):
            match way.removesuffix(".SILENT"):
                case "+FLAGS":
                    message.flags |= flags
                case "-FLAGS":
                    message.flags -= flags
                case "FLAGS":
                    message.flags = set(flags)
                case _:
                    raise Malformed(way)
            if not way.endswith(".SILENT"):
                await say(fetching.told(message, fetching.items("FLAGS"), number, with_uid=uid))

    def _copy(self, words: Sequence[Word], *, uid: bool) -> None:
        target = self._boxes.folder(self._user, text(words[1])) if len(words) == 2 else None
        if target is None:
            raise No("[TRYCREATE] No such folder")
        for _, message in self._named(words[0], uid=uid):
            target.add(message.raw, message.received_at, set(message.flags))
