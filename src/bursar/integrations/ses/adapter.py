"""Amazon SES over its SMTP endpoint: `outbox.ports.Sender` as for any server, but that the id it answers is kept.

What later comes of a message SES tells by that id, since it puts a Message-ID of its own in place of ours.
"""

import re
from collections.abc import Sequence

from bursar.integrations.smtp.adapter import SmtpSender
from bursar.outbox.ports import Letter, Outcome, Result

HOST = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com")
OLDEST = "us-east-1"  # whose ids end otherwise than those of all other regions


class SesSender(SmtpSender):
    """`Ok 0102018f…` names the message for bounces, complaints and deliveries."""

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        domain = domain_of(self._settings.host)
        return [_named(outcome, domain) for outcome in await super().deliver(letters)]


def domain_of(host: str) -> str:
    """What follows the @ in the Message-IDs that SES gives (unverified: as mails of SES show it)."""
    found = HOST.fullmatch(host)
    return f"{found[1]}.amazonses.com" if found and found[1] != OLDEST else "email.amazonses.com"


def _named(outcome: Outcome, domain: str) -> Outcome:
    if outcome.result is not Result.ACCEPTED or not outcome.provider_id:
        return outcome
    return outcome._replace(message_id=f"<{outcome.provider_id}@{domain}>")
