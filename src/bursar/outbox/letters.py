"""From a composer's answer to the bytes on the wire: compiled versions, skeletons, signed addresses.

What is kept here is immutable (published versions) or keyed by all it is made of (skeletons), so it needs no
invalidation; a worker keeps one `Letters` for its life.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from secrets import token_hex
from typing import Any, NamedTuple
from uuid import UUID

from bursar.core.errors import NotFound
from bursar.core.keys import Keyring
from bursar.core.tokens import Kind, Signer
from bursar.core.work import Work
from bursar.outbox import mime
from bursar.outbox.mime import Recipient, Skeleton, Thread
from bursar.outbox.ports import Letter
from bursar.outbox.queries import templates as queries
from bursar.outbox.skeletons import CompiledTemplate, Composed, compile_version
from bursar.outbox.states import MailStream
from bursar.outbox.tags import Category
from bursar.outbox.targets import UNSUBSCRIBE

_Tree = dict[str, Any]

KEPT_VERSIONS = 2_000
PIXEL_PATH, LINK_PATH, UNSUBSCRIBE_PATH = "/o/", "/l/", "/u/"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: a sending account as a reader sees it."""

    address: str
    name: str
    reply_to: str | None
    tracked: bool


class Addressee(NamedTuple):
    """To whom one message goes, and in which stream: that decides what it may carry (R91, R105)."""

    send_id: UUID
    to_address: str
    to_name: str
    stream: MailStream


class Letters:
    """One installation's way of writing letters."""

    def __init__(self, keyring: Keyring, base_url: str) -> None:
        self._keyring, self._base = keyring, base_url
        self._secure = base_url.startswith("https://")
        self._compiled: dict[UUID | None, CompiledTemplate] = {}
        # By their words and nothing of a tenant: hundreds of firms that keep the library's text share one.
        self._compile: Callable[..., CompiledTemplate] = lru_cache(KEPT_VERSIONS)(compile_version)
        self._categories: dict[UUID | None, Category] = {}
        self._roots: dict[UUID | None, _Tree] = {}
        self._signer: Callable[[Kind, UUID], Signer] = lru_cache(3_000)(self._new_signer)
        self._skeleton: Callable[[str, str, str | None, str], Skeleton] = lru_cache(1_000)(_new_skeleton)

    async def load(self, work: Work, version_ids: Iterable[UUID | None]) -> None:
        """Compile those versions that are not at hand yet. Raises `NotFound` for one of another tenant."""
        missing = {one for one in version_ids if one is not None and one not in self._compiled}
        if not missing:
            return
        for row in await work.db.execute(queries.versions(work, sorted(missing))):
            if len(self._compiled) >= KEPT_VERSIONS:
                self._compiled.pop(next(iter(self._compiled)))
            self._compiled[row.id] = self._compile(
                subject=row.subject,
                body=row.body,
                body_format=row.body_format,
                locale=row.locale,
                category=Category(row.category),
                required_tags=tuple(row.required_tags),
                preheader=row.preheader,
            )
            self._categories[row.id] = Category(row.category)
            missing.discard(row.id)
        if missing:
            raise NotFound("template version")

    def compose(
        self,
        version_id: UUID | None,
        values: Mapping[str, Any],
        *,
        subject: str | None = None,
        body: str | None = None,
        locale: str = "en",
    ) -> Composed:
        """Text and HTML for one recipient; the version must have been loaded. Raises `Invalid`.

        `subject` and `body` are an agent's own words for this one message, in place of the version's. Without a
        version there are only those, in `locale`.
        """
        if version_id is None:
            return by_hand(body or "", locale, Category.PAYMENT_FOLLOW_UP).render(values, subject=subject)
        compiled = self._compiled[version_id]
        if body is not None:
            compiled = by_hand(body, compiled.locale, self._categories[version_id])
        return compiled.render(values, subject=subject)

    def merge_data(self, version_id: UUID | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `values` that the version names: with it they render the same message years later."""
        if version_id is None:
            return dict(values)
        roots = self._roots.get(version_id)
        if roots is None:
            roots = self._roots[version_id] = _tree(self._compiled[version_id].used_tags)
        return _pruned(roots, values)

    def write(
        self,
        tenant_id: UUID,
        head: Letterhead,
        to: Addressee,
        composed: Composed,
        *,
        message_id: str,
        date: datetime,
        thread: Thread | None = None,
        private_url: str | None = None,
    ) -> Letter:
        """The finished message. Tracking, opt-out and threading as the stream allows."""
        tracked = head.tracked and to.stream is not MailStream.TRANSACTIONAL
        # Words that show the way out get one in every stream: a test to oneself says what the reminder will.
        shows_way_out = UNSUBSCRIBE in (*composed.html.slots, *composed.text.slots)
        stoppable = to.stream is not MailStream.TRANSACTIONAL or shows_way_out
        skeleton = self._skeleton(head.address, head.name, head.reply_to, composed.locale)
        message = mime.build_message(
            skeleton,
            composed,
            to=Recipient(to.to_address, to.to_name),
            message_id=message_id,
            date=date,
            thread=thread,
            link_for=self._links(tenant_id, to.send_id) if tracked else None,
            pixel_url=self._url(PIXEL_PATH, Kind.PIXEL, tenant_id, to.send_id) if tracked else None,
            unsubscribe_url=(
                self._url(UNSUBSCRIBE_PATH, Kind.UNSUBSCRIBE, tenant_id, to.send_id) if stoppable else None
            ),
            private_url=private_url,
        )
        return Letter(to.send_id, skeleton.sender, mime.ascii_address(to.to_address), message)

    def _links(self, tenant_id: UUID, send_id: UUID) -> Callable[[int], str]:
        sign, prefix = self._signer(Kind.LINK, tenant_id).sign, self._base + LINK_PATH
        return lambda position: prefix + sign(send_id, position)

    def _url(self, path: str, kind: Kind, tenant_id: UUID, send_id: UUID) -> str:
        return self._base + path + self._signer(kind, tenant_id).sign(send_id)

    def _new_signer(self, kind: Kind, tenant_id: UUID) -> Signer:
        return Signer(self._keyring, kind, tenant_id)


def by_hand(body: str, locale: str, category: Category) -> CompiledTemplate:
    """One message's text as an agent wrote it: plain, with nothing in it that a template would replace.

    Raises `Invalid` for what may not stand in an e-mail.
    """
    literal = body.replace("{{", "{\u2060{").replace("{%", "{\u2060%")  # a word joiner: seen by nobody
    return compile_version(
        subject="-", body=literal, body_format="text", locale=locale, category=category, required_tags=()
    )


def new_message_ids(send_ids: Collection[UUID], account_address: str) -> list[str]:
    """Ours, random, on the account's own domain; each names its send, so that a bounce finds it (R92, T9).

    For a whole batch at once: one by one each takes four times as long (1.6 µs).
    """
    domain, random = mime.ascii_address(account_address).rpartition("@")[2], token_hex(8 * len(send_ids))
    return [
        f"<{send_id.hex}.{random[16 * nth : 16 * nth + 16]}@{domain}>" for nth, send_id in enumerate(send_ids)
    ]


def _new_skeleton(address: str, name: str, reply_to: str | None, locale: str) -> Skeleton:
    return mime.make_skeleton(from_address=address, from_name=name, reply_to=reply_to, locale=locale)


def _tree(tags: Iterable[str]) -> _Tree:
    """Tags as nested names: `invoices[].number` and `invoices[].due_date` share `invoices`."""
    root: _Tree = {}
    for tag in tags:
        place = root
        for step in tag.split("."):
            place = place.setdefault(step.removesuffix("[]"), {})
    return root


def _pruned(tree: _Tree, values: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, below in tree.items():
        value = values.get(name)
        if not below:
            kept[name] = value
        elif isinstance(value, list):
            kept[name] = [_pruned(below, one) for one in value]
        elif isinstance(value, dict):
            kept[name] = _pruned(below, value)
        else:
            kept[name] = value
    return kept
