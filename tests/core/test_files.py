import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bursar.core.files import FileMissing, FileStore, FileTooLarge, new_key

pytestmark = [pytest.mark.pure, pytest.mark.anyio]

TENANT, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "not" / "there" / "yet"


@pytest.fixture
def store(folder):
    return FileStore(folder, largest=1000)


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


async def pieces(*chunks, then=None):
    for chunk in chunks:
        yield chunk
    if then:
        raise then


async def test_what_is_put_is_read_back_counted_and_hashed(store):
    key = new_key(TENANT)
    stored = await store.put(key, pieces(b"one ", b"", b"two"))

    assert (stored.key, stored.size_bytes) == (key, 7)
    assert stored.sha256 == hashlib.sha256(b"one two").digest()
    assert await store.read(key) == b"one two"


async def test_bytes_and_nothing_at_all_can_be_put_too(store):
    whole, empty = new_key(TENANT), new_key(TENANT)
    assert (await store.put(whole, b"whole")).size_bytes == 5
    assert (await store.put(empty, b"")).sha256 == hashlib.sha256().digest()
    assert [await store.read(whole), await store.read(empty)] == [b"whole", b""]


async def test_a_large_file_comes_in_pieces(folder):
    store, key = FileStore(folder), new_key(TENANT)
    content = bytes(range(256)) * 8192
    await store.put(key, content)

    got = [chunk async for chunk in await store.get(key)]
    assert len(got) > 1
    assert b"".join(got) == content


async def test_a_key_is_written_once(store):
    key = new_key(TENANT)
    await store.put(key, b"first")
    with pytest.raises(FileExistsError):
        await store.put(key, b"second")
    assert await store.read(key) == b"first"


async def test_a_file_may_be_as_large_as_the_limit_and_no_larger(store, folder):
    await store.put(new_key(TENANT), b"x" * 1000)
    with pytest.raises(FileTooLarge, match="larger than") as refused:
        await store.put(new_key(TENANT), pieces(b"x" * 600, b"x" * 401))
    assert (refused.value.status, refused.value.field) == (413, "file")
    assert len(files_in(folder)) == 1


async def test_an_upload_that_breaks_off_leaves_nothing(store, folder):
    with pytest.raises(ConnectionResetError):
        await store.put(new_key(TENANT), pieces(b"half", then=ConnectionResetError("gone")))
    assert files_in(folder) == []


async def test_what_was_deleted_or_never_there_is_missing(store):
    key = new_key(TENANT)
    await store.put(key, b"x")
    await store.delete(key)
    await store.delete(key)

    for look in (store.get, store.read):
        with pytest.raises(FileMissing, match="no such file"):
            await look(key)


async def test_a_tenants_files_are_listed_with_their_age(store):
    mine, theirs = [new_key(TENANT) for _ in range(3)], new_key(OTHER)
    for key in (*mine, theirs):
        await store.put(key, b"x")

    found = [each async for each in store.stored(TENANT)]
    assert sorted(key for key, _ in found) == sorted(mine)
    assert all(abs(datetime.now(UTC) - at) < timedelta(minutes=1) for _, at in found)
    assert [each async for each in store.stored(UUID(int=3))] == []


@pytest.mark.parametrize(
    "key", ["/etc/passwd", "../x", "", "a/b", f"{TENANT}/../x", f"{TENANT}/x.pdf", f"{TENANT}/{OTHER}\n"]
)
async def test_only_keys_of_our_own_making_are_taken(store, key):
    for act in (store.put(key, b"x"), store.read(key), store.delete(key)):
        with pytest.raises(ValueError, match="new_key"):
            await act


async def test_a_folder_may_be_named_by_url(folder):
    key = new_key(TENANT)
    await FileStore(f"file://{folder}").put(key, b"x")
    assert files_in(folder) == [folder / key]


@pytest.mark.parametrize("where", ["http://example.com/x", "memory:///", "gs://bucket", "ftp://x/y"])
def test_other_places_are_refused(where):
    with pytest.raises(ValueError, match="folder or in s3"):
        FileStore(where)


def test_a_bucket_is_opened_without_asking_it(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert isinstance(FileStore("s3://bucket/prefix"), FileStore)
