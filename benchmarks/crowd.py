"""Readers of mails that were sent: what each of them fetches, with the token that the link carries."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bursar.core.keys import Keyring
from bursar.core.tokens import Kind, Signer

LINKS = ["https://pay.example/1", "https://pay.example/2", "https://pay.example/3"]
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """One fetch, as all three ways get it: the row, and the token that ours has to verify."""

    tenant: UUID
    send: UUID
    position: int | None  # of the link; None opens the mail
    agent: str
    ip: str
    token: str

    def row(self) -> dict[str, Any]:
        opens = self.position is None
        return {
            "send": str(self.send),
            "kind": "open" if opens else "click",
            "at": datetime.now(UTC).isoformat(),
            "source": "pixel" if opens else "link",
            "position": self.position,
            "agent": self.agent,
            "ip": self.ip.rpartition(".")[0] + ".0/24",
        }


def crowd(keyring: Keyring, sent: Sequence[tuple[UUID, UUID]], size: int) -> list[Reader]:
    """Two openings to a click, all mails alike, from everywhere."""
    chance = random.Random(7)
    signers = {
        (kind, tenant): Signer(keyring, kind, tenant)
        for tenant in {tenant for tenant, _ in sent}
        for kind in (Kind.PIXEL, Kind.LINK)
    }
    readers = []
    for _ in range(size):
        tenant, send = chance.choice(sent)
        position = chance.choice((None, None, chance.randrange(len(LINKS))))
        kind = Kind.PIXEL if position is None else Kind.LINK
        token = signers[kind, tenant].sign(send, position or 0)
        ip = f"{chance.randrange(20, 200)}.{chance.randrange(256)}.{chance.randrange(256)}.7"
        readers.append(Reader(tenant, send, position, chance.choice(AGENTS), ip, token))
    return readers
