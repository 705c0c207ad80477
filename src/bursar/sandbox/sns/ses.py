"""SES as its SMTP endpoint shows it: it names each message in its answer, and the topic tells what became of it."""

from dataclasses import dataclass, field, replace

from bursar.sandbox.smtp.store import Kept, MemoryStore, Store
from bursar.sandbox.sns.events import fate_of, ses_id, told
from bursar.sandbox.sns.topic import Topic


@dataclass
class Ses:
    """A store for the SMTP server that tells the topic of what it keeps. `world`: where it goes from here."""

    topic: Topic
    world: Store | None = None
    store: Store = field(default_factory=MemoryStore)

    @property
    def kept(self) -> list[Kept]:
        return self.store.kept

    @staticmethod
    def id_of(number: int) -> str:
        return ses_id(number)

    @staticmethod
    def accepted(number: int) -> str:
        """The words after 250."""
        return f"Ok {ses_id(number)}"

    async def keep(self, message: Kept, raw: bytes) -> None:
        await self.store.keep(message, raw)
        if self.world is not None:
            await self.world.keep(message, raw)
        if not self.topic.behaviour.automatic:
            return
        for recipient in message.recipients:  # SES may tell of several at once, or as here of each by itself
            fate = fate_of(recipient)
            one = replace(message, recipients=[recipient])
            form = self.topic.behaviour.form
            if fate.kind == "Complaint":  # it arrived first
                self.topic.publish(told(one, raw, replace(fate, kind="Delivery"), form))
            self.topic.publish(told(one, raw, fate, form))

    def raw(self, number: int) -> bytes:
        return self.store.raw(number)

    def close(self) -> None:
        self.store.close()
