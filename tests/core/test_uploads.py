"""An upload is judged before it has a row; a scanner that is down delays it, and never lets it pass."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bursar.core import uploads
from bursar.core.clock import FixedClock
from bursar.core.errors import IllegalMove, NotFound
from bursar.core.file_checks import NotTaken
from bursar.core.files import FileStore, FileTooLarge, new_key
from bursar.core.journal import timeline
from bursar.core.kinds import FileState
from bursar.core.moves import move
from bursar.core.states import CONDEMN_FILE, FILE_MOVES, PASS_FILE, Move
from bursar.core.uploads import Doorman, StillQuarantined
from bursar.core.work import Office, Work
from bursar.integrations.clamav.adapter import Clamd
from tests.core.test_file_checks import a_pdf, a_picture
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path, largest=100_000)


@asynccontextmanager
async def a_clamd(answer: bytes | None = None) -> AsyncIterator[str]:
    """A daemon that speaks INSTREAM as ClamAV documents it, and knows one virus. `answer`: what it says instead."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        data = b""
        while size := struct.unpack("!L", await reader.readexactly(4))[0]:
            data += await reader.readexactly(size)
        found = b"stream: Eicar-Signature FOUND" if EICAR.encode() in data else b"stream: OK"
        writer.write((answer if answer is not None else found) + b"\0")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


NOBODY = "127.0.0.1:1"


def kept(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


async def told_of(work: Work, file_id: UUID) -> list[str]:
    """The events of a file, the newest first."""
    return [entry.type for entry in (await timeline(work, "file", file_id)).entries]


async def born(office: Office, tenant_id: UUID, file_id: UUID) -> datetime:
    """When the database says that its row was written."""
    async with office.work(tenant_id) as work:
        return (await timeline(work, "file", file_id)).entries[-1].at


async def state_of(office: Office, tenant_id: UUID, file_id: UUID) -> str:
    async with office.work(tenant_id) as work:
        try:
            await uploads.find(work, file_id)
        except StillQuarantined:
            return FileState.QUARANTINED
        except NotFound:
            return FileState.INFECTED
    return FileState.CLEAN


async def test_what_passes_our_checks_is_clean_where_no_scanner_is(office: Office, files: FileStore) -> None:
    tenant_id = await a_tenant(office)
    taken = await Doorman(files).take(tenant_id, "../../proof.PDF", a_pdf())
    async with office.work(tenant_id) as work:
        file_id = await uploads.keep(work, taken)
        found = await uploads.find(work, file_id)

    assert (found.name, found.media_type) == ("proof.pdf", "application/pdf")
    assert await files.read(found.key) == a_pdf()


async def test_what_is_refused_leaves_nothing_behind(
    tmp_path: Path, office: Office, files: FileStore
) -> None:
    tenant_id = await a_tenant(office)
    with pytest.raises(NotTaken):
        await Doorman(files).take(tenant_id, "proof.pdf", a_picture())
    with pytest.raises(FileTooLarge):
        await Doorman(files).take(tenant_id, "proof.pdf", b"x" * 100_001)
    async with a_clamd() as address:
        with pytest.raises(NotTaken) as refusal:
            await Doorman(files, Clamd(address)).take(tenant_id, "proof.png", a_picture() + EICAR.encode())

    assert refusal.value.code == "file_infected"
    assert kept(tmp_path) == []


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR", b"", b"stream: OK\n"])
async def test_anything_but_a_verdict_keeps_the_file_in_quarantine(
    office: Office, files: FileStore, answer: bytes
) -> None:
    tenant_id = await a_tenant(office)
    async with a_clamd(answer) as address:
        taken = await Doorman(files, Clamd(address)).take(tenant_id, "proof.pdf", a_pdf())

    assert taken.state is FileState.QUARANTINED


@pytest.mark.parametrize(
    ("data", "verdict"),
    [(a_picture(), "clean"), (a_picture() + EICAR.encode(), "infected")],
    ids=["clean", "infected"],
)
async def test_a_scanner_that_was_down_judges_later(
    tmp_path: Path, office: Office, files: FileStore, data: bytes, verdict: str
) -> None:
    tenant_id = await a_tenant(office)
    taken = await Doorman(files, Clamd(NOBODY)).take(tenant_id, "proof.png", data)
    async with office.work(tenant_id) as work:
        file_id = await uploads.keep(work, taken)
    assert await state_of(office, tenant_id, file_id) == "quarantined"

    async with a_clamd() as address:
        assert await Doorman(files, Clamd(address)).look_again(office, tenant_id) == 1

    assert await state_of(office, tenant_id, file_id) == verdict
    assert len(kept(tmp_path)) == (verdict == "clean")


async def test_a_file_that_waits_for_an_hour_is_told_once(
    office: Office, files: FileStore, clock: FixedClock
) -> None:
    tenant_id = await a_tenant(office)
    doorman = Doorman(files, Clamd(NOBODY))
    async with office.work(tenant_id) as work:
        file_id = await uploads.keep(work, await doorman.take(tenant_id, "proof.pdf", a_pdf()))
    clock.move_to(await born(office, tenant_id, file_id))
    assert await doorman.look_again(office, tenant_id) == 0
    clock.advance(timedelta(hours=1, minutes=1))
    for _ in range(2):
        await doorman.look_again(office, tenant_id)

    async with office.work(tenant_id) as work:
        assert (await told_of(work, file_id)).count("file.unscanned") == 1


async def test_bytes_that_nobody_kept_are_swept_after_a_day_and_no_others(
    tmp_path: Path, office: Office, files: FileStore, clock: FixedClock
) -> None:
    tenant_id, other = await a_tenant(office), await a_tenant(office)
    doorman = Doorman(files)
    async with office.work(tenant_id) as work:
        kept_id = await uploads.keep(work, await doorman.take(tenant_id, "kept.pdf", a_pdf()))
    await doorman.take(tenant_id, "left.pdf", a_pdf())
    await files.put(new_key(other), b"a neighbour's")

    clock.move_to(await born(office, tenant_id, kept_id))
    assert await doorman.sweep(office, tenant_id) == 0
    clock.advance(timedelta(days=1, minutes=1))
    assert await doorman.sweep(office, tenant_id) == 1
    assert len(kept(tmp_path)) == 2


@pytest.mark.parametrize("state", list(FileState))
@pytest.mark.parametrize("event", FILE_MOVES, ids=lambda event: event.event)
async def test_only_quarantine_has_ways_out(
    work: Work, files: FileStore, state: FileState, event: Move
) -> None:
    expected = {("quarantined", "pass"): "clean", ("quarantined", "condemn"): "infected"}
    taken = await Doorman(files, Clamd(NOBODY)).take(work.tenant_id, "proof.pdf", a_pdf())
    file_id = await uploads.keep(work, taken)
    if state is not FileState.QUARANTINED:
        await move(work, PASS_FILE if state is FileState.CLEAN else CONDEMN_FILE, file_id)

    if (state.value, event.event) not in expected:
        with pytest.raises(IllegalMove):
            await move(work, event, file_id)
        return
    await move(work, event, file_id)
    assert (await told_of(work, file_id))[0] == f"file.{event.event}"
