"""Second part: the mails leave, the worker is killed at the worst moment, somebody pays meanwhile, another goes on."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bursar.demo.preparing import OURS, pay
from bursar.demo.stage import Stage
from bursar.demo.telling import Bar
from bursar.demo.working_title import PRICE_OF_SILENCE

LOOK_EVERY_S = 0.15
SETTLING_S = 0.7
"""What the others of a batch need to be written down, before the worker is killed."""
EARLIER = 3
"""In the midst of a batch: some of it has arrived and some has not, and the worker knows neither."""

LONGEST_S = 75
UNDER_WAY = ("queued", "sending")


class TooSlow(RuntimeError):
    """Something that should have happened by now did not."""


def send(stage: Stage) -> None:
    stage.teller.chapter("The mails leave, and the worker is killed half way")
    stage.mailboxes.go_silent(after=stage.outcome.planned // 2 - EARLIER)
    stage.children.start("worker", "bursar", "worker")
    with stage.teller.step("bursar campaign release --any-hour"):
        stage.line("campaign", "release", stage.campaign_id, "--tenant", OURS.slug, "--any-hour")
    _until_killed(stage)
    _pay_in_time(stage)
    _go_on(stage)
    _look_into_uncertain(stage)
    _count(stage)


def _until_killed(stage: Stage) -> None:
    with stage.teller.step(
        "A worker sends until the mail server falls silent in the middle of a mail"
    ) as found:
        with stage.teller.bar(stage.outcome.planned) as bar:
            _wait(stage, stage.mailboxes.is_silent, bar)
        time.sleep(SETTLING_S)  # what was on the wire arrives before it is counted
        stage.outcome.at_the_kill = stage.mailboxes.count()
        found.append(f"{stage.outcome.at_the_kill} mails lie in mailboxes")
    pid = stage.children.kill("worker")
    stage.outcome.killed.append(pid)
    stage.teller.say(f"kill -9 {pid}: the server took one mail, and the worker never heard of it", "red")


def _pay_in_time(stage: Stage) -> None:
    api = stage.api(OURS.slug)
    waiting = [
        one
        for one in api.each(f"/campaigns/{stage.campaign_id}/previews", limit=50)
        if one["state"] == "queued" and one["to_address"] != PRICE_OF_SILENCE
    ]
    chosen = min(waiting, key=lambda one: (len(one["invoices"]), one["to_address"]))
    with stage.teller.step("While nobody sends, a customer pays all they owe") as found:
        found += [chosen["to_name"], pay(stage, [one for one in chosen["invoices"] if not one["dropped"]])]
    stage.outcome.paid_in_time = chosen["to_address"]


def _go_on(stage: Stage) -> None:
    stage.mailboxes.speak_again()
    with stage.teller.step("Another worker takes over") as found:
        stage.children.start("worker", "bursar", "worker")
        with stage.teller.bar(stage.outcome.planned) as bar:
            _wait(stage, lambda: not _under_way(_counts(stage)), bar)
        found.append(_told(_counts(stage)))


def _look_into_uncertain(stage: Stage) -> None:
    """Nobody guesses: somebody looks into the mailbox, and says what they saw."""
    api, boxes = stage.api(OURS.slug), stage.mailboxes.numbers()
    unknown = list(api.each("/sends", state="uncertain"))
    stage.outcome.uncertain = len(unknown)
    with stage.teller.step("What is uncertain is never sent again by itself: a person looks") as found:
        for one in unknown:
            arrived = one["to_address"] in boxes
            became = "sent" if arrived else "queued"
            reason = "It lies in the mailbox." if arrived else "It is not in the mailbox."
            api.post(f"/sends/{one['id']}/resolution", {"became": became, "reason": reason})
            stage.outcome.resolved.append(became)
            found.append(f"{one['to_name']}: {'it had arrived' if arrived else 'to be sent again'}")
        _wait(stage, lambda: _state(stage) == "completed")


def _count(stage: Stage) -> None:
    """Our own mailbox is not a customer's."""
    api, boxes = stage.api(OURS.slug), stage.mailboxes.numbers()
    stage.outcome.counts = _counts(stage)
    stage.outcome.campaign_state = _state(stage)
    stage.outcome.most_to_one = max(len(mails) for address, mails in boxes.items() if address != OURS.mailbox)
    sends = list(api.each("/sends", purpose="campaign", limit=200))
    stage.outcome.not_sent = Counter(
        f"{one['state']}: {one['reason'] or one['provider_response']}"
        for one in sends
        if one["state"] != "sent"
    )
    paid = next(one for one in sends if one["to_address"] == stage.outcome.paid_in_time)
    stage.outcome.paid_in_time_got = len(boxes.get(stage.outcome.paid_in_time, ()))
    stage.outcome.paid_in_time_reason = paid["reason"]


def _counts(stage: Stage) -> Mapping[str, int]:
    return stage.api(OURS.slug).get(f"/campaigns/{stage.campaign_id}")["counts"]


def _state(stage: Stage) -> str:
    return stage.api(OURS.slug).get(f"/campaigns/{stage.campaign_id}")["state"]


def _under_way(counts: Mapping[str, int]) -> int:
    return sum(counts.get(state, 0) for state in UNDER_WAY)


def _told(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{many} {state}" for state, many in sorted(counts.items()))


def _wait(stage: Stage, done: Callable[[], bool], bar: Bar | None = None) -> None:
    """Raises `TooSlow`, or `Died` if a process ended meanwhile."""
    until = time.monotonic() + LONGEST_S
    while not done():
        if time.monotonic() > until:
            raise TooSlow(f"Nothing more happened in {LONGEST_S} s: {_told(_counts(stage))}")
        if bar is not None:
            bar.at(stage.mailboxes.count())
        stage.children.look_after()
        time.sleep(LOOK_EVERY_S)  # between two looks at other processes' work
