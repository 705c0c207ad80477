"""A topic of SNS: it asks its subscriber to confirm, signs what happened, and tries again until it is answered."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from uuid import uuid4

import httpx2

from bursar.sandbox.sns.events import OWNER, REGION, moment
from bursar.sandbox.sns.signing import Signatory

PATIENCE_S = 15.0


@dataclass
class Behaviour:
    """How it delivers. `duplicates`: so many times more than once. `hold`: until somebody flushes.

    `forge`: "signature" (by another key), "certificate" (its address is elsewhere), "topic" (of another topic).
    """

    form: str = "event"
    signature_version: str = "2"
    duplicates: int = 0
    hold: bool = False
    forge: str | None = None
    attempts: int = 10
    retry_s: float = 0.2
    automatic: bool = True


@dataclass
class Delivery:
    """A message on its way. `statuses`: of every attempt; None: no answer."""

    message: dict[str, str]
    endpoint: str
    statuses: list[int | None] = field(default_factory=list)


@dataclass
class Subscription:
    endpoint: str
    token: str
    confirmed: bool = False


@dataclass
class Topic:
    name: str = "ses-events"
    url: str = ""
    signatory: Signatory = field(default_factory=Signatory)
    stranger: Signatory = field(default_factory=Signatory)
    behaviour: Behaviour = field(default_factory=Behaviour)
    subscriptions: list[Subscription] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    held: list[Delivery] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def arn(self) -> str:
        return f"arn:aws:sns:{REGION}:{OWNER}:{self.name}"

    def subscribe(self, endpoint: str) -> Subscription:
        """The endpoint is asked whether it wants to (Type SubscriptionConfirmation)."""
        subscription = Subscription(endpoint, token_hex(32))
        self.subscriptions.append(subscription)
        self.ask(subscription, "SubscriptionConfirmation")
        return subscription

    def ask(self, subscription: Subscription, kind: str) -> None:
        visit = f"{self.url}/?Action=ConfirmSubscription&TopicArn={self.arn}&Token={subscription.token}"
        words = "You have chosen to subscribe to the topic. To confirm, visit the SubscribeURL."
        told = {"Message": words, "SubscribeURL": visit, "Token": subscription.token}
        self._hand_over(Delivery(self._signed(kind, told), subscription.endpoint))

    def confirm(self, token: str) -> bool:
        """Whether there was such a token."""
        mine = [one for one in self.subscriptions if one.token == token]
        for one in mine:
            one.confirmed = True
        return bool(mine)

    def publish(self, event: Mapping[str, Any]) -> None:
        """To everybody who confirmed."""
        told = {"Subject": "Amazon SES Email Event Notification", "Message": json.dumps(event)}
        for subscription in self.subscriptions:
            if subscription.confirmed:
                message = self._signed("Notification", told)
                for _ in range(1 + self.behaviour.duplicates):
                    self._hand_over(Delivery(message, subscription.endpoint))

    def flush(self, *, backwards: bool) -> int:
        """What was held goes now, one after the other; how many."""
        held, self.held = self.held, []
        self._start(self._one_by_one(held[::-1] if backwards else held))
        return len(held)

    async def idle(self) -> None:
        """Until nothing is on its way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def forget(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.behaviour = Behaviour()
        self.subscriptions, self.deliveries, self.held = [], [], []

    def _signed(self, kind: str, told: Mapping[str, str]) -> dict[str, str]:
        behaviour = self.behaviour
        arn = f"{self.arn}-of-somebody" if behaviour.forge == "topic" else self.arn
        at = moment(time.time())
        message = {"Type": kind, "MessageId": str(uuid4()), "TopicArn": arn, "Timestamp": at, **told}
        by = self.stranger if behaviour.forge in {"signature", "certificate"} else self.signatory
        place = "/stranger.pem" if behaviour.forge == "certificate" else "/SimpleNotificationService.pem"
        host = self.url.replace("127.0.0.1", "localhost") if behaviour.forge == "certificate" else self.url
        message |= {"SignatureVersion": behaviour.signature_version, "SigningCertURL": f"{host}{place}"}
        return message | {"Signature": by.signature(message, behaviour.signature_version)}

    def _hand_over(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        if self.behaviour.hold:
            self.held.append(delivery)
        else:
            self._start(self._one_by_one([delivery]))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one_by_one(self, deliveries: list[Delivery]) -> None:
        async with httpx2.AsyncClient(timeout=PATIENCE_S, trust_env=False) as client:
            for delivery in deliveries:
                await self._deliver(client, delivery)

    async def _deliver(self, client: httpx2.AsyncClient, delivery: Delivery) -> None:
        """Again after 429, 5xx and silence; any other answer is final."""
        for attempt in range(self.behaviour.attempts):
            if attempt:
                await asyncio.sleep(self.behaviour.retry_s)
            status = await self._attempt(client, delivery)
            delivery.statuses.append(status)
            if status is not None and status != 429 and status < 500:
                return

    async def _attempt(self, client: httpx2.AsyncClient, delivery: Delivery) -> int | None:
        message = delivery.message
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
            "x-amz-sns-message-type": message["Type"],
            "x-amz-sns-message-id": message["MessageId"],
            "x-amz-sns-topic-arn": message["TopicArn"],
        }
        try:
            answer = await client.post(delivery.endpoint, content=json.dumps(message), headers=headers)
        except httpx2.HTTPError:
            return None
        return answer.status_code
