"""An answer to a mail, written as mail programs write it and carried by SMTP to the server it came from."""

import smtplib
import ssl
from asyncio import to_thread
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Protocol

from bursar.sandbox.mailboxes.mail import Mail

PATIENCE_S = 15.0
USUAL_WORDS = {
    "ar": "شكرًا على التذكير. سنسدد المبلغ يوم الخميس القادم.\n",
    "en": "Thank you for the reminder. We will pay next Thursday.\n",
}


class Postman(Protocol):
    """Brings an answer to whom it is addressed."""

    async def carry(self, raw: bytes, *, sender: str, to: str) -> None:
        """`sender` is empty for what a machine writes."""
        ...


@dataclass(frozen=True, slots=True)
class Carrier:
    """How the readers' own server takes mail. `context` is given where it speaks TLS."""

    host: str
    port: int
    username: str = ""
    password: str | None = None
    context: ssl.SSLContext | None = None
    implicit_tls: bool = False

    async def carry(self, raw: bytes, *, sender: str, to: str) -> None:
        """Raises `smtplib.SMTPException` or `OSError`."""
        await to_thread(self._carry, raw, sender, to)

    def _carry(self, raw: bytes, sender: str, to: str) -> None:
        with self._connected() as client:
            if self.context is not None and not self.implicit_tls:
                client.starttls(context=self.context)
            if self.password is not None:
                client.login(self.username, self.password)
            client.sendmail(sender, [to], raw)

    def _connected(self) -> smtplib.SMTP:
        if self.implicit_tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE_S, context=self.context)
        return smtplib.SMTP(self.host, self.port, timeout=PATIENCE_S)


def usual_words(mail: Mail) -> str:
    """What people answer to reminders, in the language of the mail."""
    return USUAL_WORDS.get(mail.language, USUAL_WORDS["en"])


def answer_to(mail: Mail, words: str) -> EmailMessage:
    """To where the sender asked for answers, threaded, with what it answers quoted below."""
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # for servers without 8BITMIME, too
    message["From"] = Address(mail.to_name, addr_spec=mail.to_address)
    message["To"] = mail.reply_to
    message["Subject"] = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=mail.to_address.rpartition("@")[2])
    if mail.message_id:
        message["In-Reply-To"] = mail.message_id
        message["References"] = f"{mail.references} {mail.message_id}".strip()
    quoted = "".join(f"> {line}\n" for line in mail.text.strip().splitlines())
    message.set_content(f"{words.strip()}\n\n{quoted}")
    if mail.language:
        message["Content-Language"] = mail.language
    return message
