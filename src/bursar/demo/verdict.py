"""Did the story come true? The table of what happened, and what was promised of it."""

from collections import Counter
from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from bursar.demo import billing_verdict, selling_verdict
from bursar.demo.aftermath import CLICKERS, PAYERS, READERS
from bursar.demo.season import BILLS, TRANSFERS
from bursar.demo.sheets import REPEATED, TWICE
from bursar.demo.stage import Billed, Outcome, Sold
from bursar.demo.words import HOW_TO_PAY
from bursar.demo.working_title import PRICE_OF_SILENCE

ONE_MAIL_EACH = 58
"""60 customers, two of them without an address."""
RESOLVED = {"sent": "had arrived", "queued": "had not, and left again"}


def promises(told: Outcome) -> Iterator[tuple[str, bool]]:
    """Each with whether it was kept."""
    counts = told.counts
    yield f"the sheet of {BILLS} invoices became {BILLS} invoices", told.imported == BILLS
    yield "rows that stand there twice were found", told.refused_rows == len(REPEATED)
    yield "customers typed twice are one customer", told.merged_rows == len(TWICE)
    yield "the bank's transfers were recorded", told.transfers == TRANSFERS
    yield "everybody with an address gets one mail", told.planned == ONE_MAIL_EACH
    reasons = {"paid", "promise", "dispute", "no_address", "not_due"}
    yield "who is left out, and why, was said before", set(told.excluded) == reasons
    yield "in their own language", set(told.languages) == {"en", "ar"}
    yield "the worker was killed half way", 0 < told.at_the_kill < told.planned and bool(told.killed)
    yield "what nobody could know became uncertain, and was looked into", told.uncertain >= 1
    yield "nobody was written to twice", told.most_to_one == 1
    yield "nobody was forgotten", sum(counts.values()) == told.planned
    yield "who paid in time got no mail", told.paid_in_time_got == 0 and told.paid_in_time_reason == "paid"
    yield "the campaign was completed", told.campaign_state == "completed"
    yield "all others were sent", counts.get("sent", 0) == told.planned - 2
    yield "a refusal at the door is known", told.stopped.get(PRICE_OF_SILENCE) == ("hard_bounce",)
    yield "opens by people were counted", told.opened == READERS
    yield "clicks by people were counted", told.clicked == CLICKERS and told.led_to == {HOW_TO_PAY}
    yield "the scanner changed nothing", told.stopped.get(told.scanned) == ()
    yield "who wants no reminders gets none", "unsubscribed" in told.unsubscribed_because
    yield "an answer arrived", told.replied == 1
    yield "money that came since is counted", len(told.paid_after) == PAYERS and bool(told.collected)
    contested = told.not_tomorrow.get("dispute") == 1 and told.not_tomorrow.get("promise") == 1
    yield "tomorrow's list is there today, without who promised or contests", told.tomorrow > 0 and contested
    yield "the neighbours see nothing", set(told.foreign) == {404} and told.neighbours == 6
    yield "the owner sees it all", set(told.own) == {200}
    yield "the journal is whole", told.journal["ok"] is True


def table(told: Outcome, billed: Billed, sold: Sold) -> Table:
    shown = Table(title="What happened", title_justify="left", title_style="bold", show_header=False)
    shown.add_column()
    shown.add_column(justify="right")
    shown.add_column(style="dim")
    for name, value, note in (*_rows(told), *billing_verdict.rows(billed), *selling_verdict.rows(sold)):
        shown.add_row(escape(name), escape(str(value)), escape(note))
    return shown


def _rows(told: Outcome) -> Iterator[tuple[str, object, str]]:
    left_out = ", ".join(f"{many} {reason}" for reason, many in sorted(told.excluded.items()))
    yield "invoices imported", told.imported, f"{told.refused_rows} rows stood there twice"
    yield "payments before the campaign", told.transfers, "bank transfers"
    yield "left out of the campaign", sum(told.excluded.values()), left_out
    tongues = ", ".join(f"{many} {name}" for name, many in sorted(told.languages.items()))
    yield "mails planned", told.planned, tongues
    yield "sent", told.counts.get("sent", 0), f"to nobody more than {told.most_to_one}"
    for reason, many in sorted(told.not_sent.items()):
        state, _, why = reason.partition(": ")
        yield state, many, why
    yield "kills survived", len(told.killed), f"{told.at_the_kill} of {told.planned} had left"
    became = ", ".join(
        f"{many} {'had arrived' if one == 'sent' else 'sent again'}"
        for one, many in Counter(told.resolved).items()
    )
    yield "uncertain after the kill", told.uncertain, became
    yield "opened by people", told.opened, f"and {told.machine_opened} by a machine"
    yield "clicked by people", told.clicked, ""
    yield "answers", told.replied, ""
    yield "unsubscribed", 1, told.unsubscribed
    yield "money collected since", " + ".join(told.collected), f"{len(told.paid_after) + 1} payments"
    out = ", ".join(f"{many} {reason}" for reason, many in sorted(told.not_tomorrow.items()))
    yield "messages of tomorrow's list", told.tomorrow, f"without {out}"
    asked = sum(told.foreign.values())
    yield "asked for across the wall", asked, f"{told.foreign.get(404, 0)} answered 404"
