"""One IMAP dialogue from the server's side: signing in, the commands of a selected folder are in `selected.py`."""

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable

from bursar.sandbox.cloud.troubles import Stall
from bursar.sandbox.imap.boxes import Folder
from bursar.sandbox.imap.desk import Desk
from bursar.sandbox.imap.folders import Folders
from bursar.sandbox.imap.grammar import LITERAL, Malformed, Reader, Word, text
from bursar.sandbox.imap.selected import No, Selected

Command = Callable[[list[Word]], Awaitable[str]]
REFUSALS = {
    "no": ("", "Refused"),
    "auth": ("[AUTHENTICATIONFAILED]", "Invalid credentials (Failure)"),
    "unavailable": ("[UNAVAILABLE]", "Temporarily down"),
    "inuse": ("[LIMIT]", "Too many simultaneous connections"),
}
LAST_WORDS = {"bye": "* BYE Shutting down", "nonsense": "HTTP/1.1 400 Bad Request", "twice": "* BYE"}
SECRET = frozenset({"LOGIN", "AUTHENTICATE"})


class Closed(Exception):
    """The dialogue is over."""


class Dialogue:
    """Answers are words after OK; `No` and `Malformed` are the refusals."""

    def __init__(
        self, desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self._desk, self._settings, self._number = desk, desk.settings, number
        self._reader, self._writer = reader, writer
        self._tls = self._settings.implicit_tls
        self._user: str | None = None
        self._folders: Folders | None = None
        self._selected: Selected | None = None
        self._anywhere: dict[str, Command] = {
            "CAPABILITY": self._capability,
            "NOOP": self._noop,
            "CHECK": self._noop,
            "ID": self._id,
            "LOGOUT": self._logout,
            "STARTTLS": self._starttls,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "SELECT": self._select,
            "EXAMINE": self._examine,
            "CLOSE": self._close,
            "UNSELECT": self._unselect,
            "IDLE": self._idle,
        }

    @property
    def _in_clear(self) -> bool:
        return self._settings.context is not None and not self._tls

    def _capabilities(self) -> str:
        told = ["IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "IDLE", "UNSELECT"]
        told += ["STARTTLS", "LOGINDISABLED"] if self._in_clear else ["AUTH=PLAIN", "AUTH=XOAUTH2"]
        return " ".join(told)

    async def run(self) -> None:
        """Raises `Closed`, `ConnectionError` and the like when it is over."""
        await self._trouble("connect")
        await self._say(f"* OK [CAPABILITY {self._capabilities()}] IMAP of the sandbox")
        while True:
            try:
                tag, name, words = await asyncio.wait_for(self._command(), self._settings.idle_s)
            except TimeoutError:
                await self._say("* BYE Idle for too long")
                return
            except Malformed as problem:
                await self._say(f"* BAD {problem}")
                continue
            await self._answer(tag, name, words)

    async def _command(self) -> tuple[str, str, list[Word]]:
        reader = Reader.new()
        while True:
            line = await self._reader.readuntil(b"\n")
            found = LITERAL.search(line.rstrip(b"\r\n"))
            if not found:
                reader.line(line.rstrip(b"\r\n"))
                break
            reader.line(line[: found.start()])
            size = int(found[1])
            if size > self._settings.largest:
                raise Malformed("a literal that is too large")
            if not found[2]:
                await self._say("+ Go on")
            reader.literal(await self._reader.readexactly(size))
        match reader.words():
            case [str(tag), str(name), *words]:
                return tag, name.upper(), words
            case _:
                raise Malformed("no tag or no command")

    async def _answer(self, tag: str, name: str, words: list[Word]) -> None:
        shown = name if name in SECRET else f"{name} {' '.join(str(word) for word in words)}".strip()
        self._desk.commands.append((self._number, shown))
        try:
            await self._trouble(name.lower() if name != "UID" else f"uid {text(words[0]).lower()}")
            told = await self._done(name, words)
        except No as no:
            await self._say(f"{tag} NO {no}")
        except Malformed as problem:
            await self._say(f"{tag} BAD {problem}")
        else:
            await self._say(f"{tag} OK {told}")
            if name == "LOGOUT":
                raise Closed
            if name == "STARTTLS" and self._settings.context is not None:
                await self._writer.start_tls(self._settings.context)
                self._tls = True

    async def _done(self, name: str, words: list[Word]) -> str:
        """Raises `No` or `Malformed`."""
        if name in self._anywhere:
            return await self._anywhere[name](words)
        if self._folders is None:
            raise (
                No("[AUTHENTICATIONFAILED] Sign in first")
                if name in Folders.COMMANDS
                else Malformed("Unknown command")
            )
        if name in Folders.COMMANDS:
            return await self._folders.do(name, words, self._say)
        if self._selected is None:
            raise Malformed("Select a folder first")
        return await self._selected.do(name, words, self._say)

    async def _trouble(self, operation: str) -> None:
        """Whatever the troubles want now. Raises `No`, `Malformed`, `Closed`."""
        trouble = self._desk.troubles.next(operation, self._user or "")
        if trouble is None:
            return
        if trouble.answer in REFUSALS:
            code, words = REFUSALS[trouble.answer]
            raise No(f"{code} {trouble.message or words}".strip())
        match trouble.answer:
            case "stall":
                await self._desk.troubles.stall(Stall(operation, self._user or "", accepted=False))
            case "late":
                await asyncio.sleep(trouble.seconds)
            case "bad":
                raise Malformed(trouble.message or "Not understood")
            case "lost":
                self._writer.transport.abort()
                raise Closed
            case answer:
                await self._say(trouble.message or LAST_WORDS[answer])
                raise Closed

    async def _say(self, line: str | bytes) -> None:
        self._writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        await self._writer.drain()

    async def _capability(self, _: list[Word]) -> str:
        await self._say(f"* CAPABILITY {self._capabilities()}")
        return "Done"

    async def _noop(self, _: list[Word]) -> str:
        if self._selected is not None:
            await self._selected.look(self._say)
        return "Done"

    async def _id(self, _: list[Word]) -> str:
        await self._say('* ID ("name" "sandbox")')
        return "Done"

    async def _logout(self, _: list[Word]) -> str:
        await self._say("* BYE Until next time")
        return "Done"

    async def _starttls(self, _: list[Word]) -> str:
        if not self._in_clear:
            raise Malformed("There is no STARTTLS here")
        return "Begin TLS"

    async def _login(self, words: list[Word]) -> str:
        if self._in_clear:
            raise No("[PRIVACYREQUIRED] Not before STARTTLS")
        if len(words) != 2:
            raise Malformed("LOGIN takes a name and a password")
        return self._signed_in(text(words[0]), text(words[1]))

    def _signed_in(self, user: str, password: str) -> str:
        if not self._desk.knows(user, password):
            raise No("[AUTHENTICATIONFAILED] Invalid credentials (Failure)")
        return self._welcome(user)

    def _welcome(self, user: str) -> str:
        self._user, self._folders = user, Folders(self._desk.boxes, user)
        return f"[CAPABILITY {self._capabilities()}] Welcome"

    async def _authenticate(self, words: list[Word]) -> str:
        if self._in_clear:
            raise No("[PRIVACYREQUIRED] Not before STARTTLS")
        way = text(words[0]).upper() if words else ""
        if way not in {"PLAIN", "XOAUTH2"}:
            raise No("[CANNOT] No such way to sign in")
        told = text(words[1]) if len(words) > 1 else await self._asked("+ ")
        try:
            raw = base64.b64decode(told, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Malformed("No base64") from None
        return await (self._plain(raw) if way == "PLAIN" else self._xoauth2(raw))

    async def _asked(self, prompt: str) -> str:
        await self._say(prompt)
        line = (await self._reader.readuntil(b"\n")).strip().decode("ascii", "replace")
        if line == "*":
            raise Malformed("Given up")
        return line

    async def _plain(self, told: str) -> str:
        match told.split("\0"):
            case [_, user, password]:
                return self._signed_in(user, password)
            case _:
                raise Malformed("PLAIN takes three words")

    async def _xoauth2(self, told: str) -> str:
        """user=…^Aauth=Bearer …^A^A; a refusal is a challenge first, as Google and Microsoft do it."""
        pairs = (part.partition("=") for part in told.split("\x01") if part)
        given = {name: value for name, _, value in pairs}
        user, token = given.get("user", ""), given.get("auth", "").removeprefix("Bearer ")
        if self._desk.holds(user, token):
            return self._welcome(user)
        problem = {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}
        await self._asked(f"+ {base64.b64encode(json.dumps(problem).encode()).decode()}")
        raise No("[AUTHENTICATIONFAILED] Invalid credentials (Failure)")

    async def _select(self, words: list[Word], *, read_only: bool = False) -> str:
        if self._folders is None:
            raise No("[AUTHENTICATIONFAILED] Sign in first")
        self._selected = None
        folder: Folder = self._folders.named(words)
        self._selected = Selected(self._desk.boxes, self._user or "", folder, read_only=read_only)
        await self._selected.show(self._say)
        return f"[READ-{'ONLY' if read_only else 'WRITE'}] Selected"

    async def _examine(self, words: list[Word]) -> str:
        return await self._select(words, read_only=True)

    async def _close(self, _: list[Word]) -> str:
        if self._selected is not None:
            self._selected.expunge()
        return await self._unselect([])

    async def _unselect(self, _: list[Word]) -> str:
        if self._selected is None:
            raise Malformed("Nothing is selected")
        self._selected = None
        return "Done"

    async def _idle(self, _: list[Word]) -> str:
        """Tells of new messages until the client says DONE."""
        if self._selected is None:
            raise Malformed("Select a folder first")
        await self._say("+ Idling")
        ended = asyncio.ensure_future(self._reader.readuntil(b"\n"))
        while not (await asyncio.wait({ended}, timeout=0.05))[0]:
            await self._selected.look(self._say)
        if ended.result().strip().upper() != b"DONE":
            raise Malformed("DONE was expected")
        return "Done"
