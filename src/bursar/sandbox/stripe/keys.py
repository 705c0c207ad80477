"""Idempotency keys: the first answer to a request is the answer to every later one with its key."""

from dataclasses import dataclass, field
from typing import Any

from bursar.sandbox.stripe.refusing import Refusal

LONGEST = 255


@dataclass
class Kept:
    """`fingerprint`: what was asked. `answer` is None while it is in hand: its status and its body."""

    fingerprint: str
    request_id: str
    answer: tuple[int, dict[str, Any]] | None = None


@dataclass
class Keys:
    """Of all accounts: a key belongs to one mode of one account. They last as long as the process."""

    held: dict[tuple[str, str], Kept] = field(default_factory=dict)

    def begin(self, owner: str, key: str, fingerprint: str, request_id: str) -> Kept | None:
        """The kept answer, if there is one; else this request is the first with its key. Raises `Refusal`."""
        if len(key) > LONGEST:
            words = f"Idempotency-Key may have {LONGEST} characters at most"
            raise Refusal("bad_request", words, is_kept=False)
        kept = self.held.get((owner, key))
        if kept is None:
            self.held[owner, key] = Kept(fingerprint, request_id)
            return None
        if kept.fingerprint != fingerprint:
            raise Refusal("idempotency", is_kept=False)
        if kept.answer is None:
            raise Refusal("idempotency_key_in_use", is_kept=False)
        return kept

    def finish(self, owner: str, key: str, answer: tuple[int, dict[str, Any]] | None) -> None:
        """What was answered; None: nothing was carried out, so the key is as good as new."""
        if answer is None:
            self.held.pop((owner, key), None)
        else:
            self.held[owner, key].answer = answer
