"""Third part: people read, click, answer, opt out and pay; machines look too; and the neighbours see nothing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bursar.demo.doors import Pages
from bursar.demo.preparing import OURS, THEIRS, pay
from bursar.demo.stage import Stage
from bursar.demo.working_title import PRICE_OF_SILENCE

READERS, CLICKERS, PAYERS = 14, 6, 3


def live_on(stage: Stage) -> None:
    stage.teller.chapter("The customers' side")
    earliest = _mails(stage)
    readers, (scanned, leaving, answering) = earliest[:READERS], earliest[READERS:]
    _read(stage, readers)
    _others(stage, scanned, leaving, answering)
    _pay_after(stage, readers[:PAYERS])
    stage.teller.chapter("What the firm sees")
    _ask(stage)
    _ask_of_others(stage)
    _tomorrow(stage)
    _wall(stage)


def _mails(stage: Stage) -> list[dict[str, Any]]:
    """The campaign's, the earliest first: those have lain there longest, as when people come to read them."""
    boxes = stage.mailboxes.numbers()
    numbers = sorted(mails[-1] for address, mails in boxes.items() if address != OURS.mailbox)
    return [stage.mailboxes.mail(number) for number in numbers[: READERS + 3]]


def _read(stage: Stage, readers: list[dict[str, Any]]) -> None:
    with stage.teller.step("People open their mail, some follow its link") as found:
        for mail in readers:
            stage.mailboxes.press(mail["number"], "openings")
        for mail in readers[:CLICKERS]:
            # The first link of this template is the one that says how to pay.
            done = stage.mailboxes.press(mail["number"], "clicks", position=mail["links"][0]["position"])
            stage.outcome.led_to.add(done["fetched"][0]["leads_to"])
        found += [f"{len(readers)} open it", f"{CLICKERS} click", *sorted(stage.outcome.led_to)]


def _others(
    stage: Stage, scanned: dict[str, Any], leaving: dict[str, Any], answering: dict[str, Any]
) -> None:
    with stage.teller.step("A scanner opens and follows everything at once") as found:
        done = stage.mailboxes.press(scanned["number"], "scans")
        stage.outcome.scanned = scanned["to_address"]
        found.append(f"{len(done['fetched'])} requests")
    with stage.teller.step("Somebody wants no more reminders") as found:
        stage.mailboxes.press(leaving["number"], "unsubscription")
        stage.outcome.unsubscribed = leaving["to_address"]
        found.append(leaving["to_name"])
    with stage.teller.step("Somebody answers, by SMTP") as found:
        stage.mailboxes.press(answering["number"], "replies")
        stage.outcome.replied = len(stage.mailboxes.numbers().get(OURS.mailbox, ()))
        found.append(answering["to_name"])


def _pay_after(stage: Stage, payers: list[dict[str, Any]]) -> None:
    api = stage.api(OURS.slug)
    with stage.teller.step(f"{PAYERS} of those who clicked pay") as found:
        about = {one["to_address"]: one for one in api.each(_of(stage, "previews"), limit=50)}
        for mail in payers:
            invoices = about[mail["to_address"]]["invoices"]
            found.append(pay(stage, invoices))
            stage.outcome.paid_after.append(found[-1])


def _ask(stage: Stage) -> None:
    """Three commands at a time: each is a process of its own."""
    outcome, mine = stage.outcome, ("--tenant", OURS.slug)
    with (
        stage.teller.step("bursar campaign show, why customer, audit verify") as found,
        ThreadPoolExecutor(3) as pool,
    ):
        shown = pool.submit(stage.line, "campaign", "show", stage.campaign_id, *mine)
        why = pool.submit(stage.line, "why", "customer", outcome.unsubscribed, *mine)
        outcome.journal = pool.submit(stage.line, "audit", "verify", *mine).result()
        outcome.unsubscribed_because = tuple(why.result()["stopped_by"])
        found += [shown.result()["state"], *outcome.unsubscribed_because]
        found.append(f"the journal is {'whole' if outcome.journal['ok'] else 'broken'}")
    results = stage.api(OURS.slug).get(_of(stage, "results"))
    outcome.opened, outcome.clicked = results["opened"], results["clicked"]
    outcome.machine_opened = results["machine_opened"]
    outcome.collected = [f"{one['currency']} {float(one['amount']):,.2f}" for one in results["collected"]]


def _ask_of_others(stage: Stage) -> None:
    api = stage.api(OURS.slug)
    with stage.teller.step("Why, over the API, of two others") as found:
        ids = {one["email"]: one["id"] for one in api.each("/customers", limit=100) if one["email"]}
        for address in (PRICE_OF_SILENCE, stage.outcome.scanned):
            stopped = api.get(f"/customers/{ids[address]}/why")["stopped_by"]
            stage.outcome.stopped[address] = tuple(stopped)
            found.append(f"{address}: {', '.join(stopped) or 'nothing stops it'}")


def _tomorrow(stage: Stage) -> None:
    """A sequence takes over: what it will say is there a day before, and so is who will hear nothing."""
    mine = ("--tenant", OURS.slug)
    with stage.teller.step("bursar sequence create, activate, stage: tomorrow's list") as found:
        made = stage.line("sequence", "create", *mine, "--name", "Reminders")
        stage.line("sequence", "activate", made["id"], *mine)
        [day] = stage.line("sequence", "stage", *mine)["lists"]
        stage.outcome.tomorrow, stage.outcome.not_tomorrow = sum(day["counts"].values()), day["left_out"]
        found += [f"{stage.outcome.tomorrow} messages for {day['on_date']}, {day['state']}"]
        found += [f"{many} {reason}" for reason, many in sorted(day["left_out"].items())]


def _wall(stage: Stage) -> None:
    """Ids of the first firm, asked for by the second over every door it has."""
    ours, theirs = stage.api(OURS.slug), stage.api(THEIRS.slug)
    ids = {
        noun: ours.get(f"/{noun}", limit=1)["items"][0]["id"]
        for noun in ("invoices", "customers", "campaigns", "sends", "payments")
    }
    with stage.teller.step("Nile Tiles asks for what is not theirs") as found:
        answers = Counter(theirs.status(f"/{noun}/{id_}") for noun, id_ in ids.items())
        neighbour = Pages(stage.base_url, THEIRS.owner_email, THEIRS.password)
        answers[neighbour.status(f"/customers/{ids['customers']}")] += 1
        neighbour.close()
        owner = Pages(stage.base_url, OURS.owner_email, OURS.password)
        stage.outcome.own = Counter([owner.status("/"), owner.status(f"/customers/{ids['customers']}")])
        owner.close()
        stage.outcome.foreign = answers
        found += [f"{many} x {status}" for status, many in answers.items()]
    stage.outcome.neighbours = len(list(theirs.each("/customers")))


def _of(stage: Stage, what: str) -> str:
    return f"/campaigns/{stage.campaign_id}/{what}"
