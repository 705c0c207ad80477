"""Every type of event that the journal holds, and the sentence a reader sees for it.

A type is `<noun>.<event>` of a move or of `work.record`, or `<noun>.<state>` for a new row. `kind` is the word
by which subscriptions and outgoing webhooks choose; most events are nobody's business outside and have none.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bursar.core.errors import N_
from bursar.core.event_types import EventType
from bursar.core.order_events import ORDER_EVENTS

Say = Callable[[str, Mapping[str, Any]], str]
"""Translates a message into the reader's language and fills its places."""

_PLACE = re.compile(r"%\((\w+)\)s")


_E = EventType
_OTHERS: Mapping[str, EventType] = {
    "agent.change_role": _E(N_("Role changed"), N_("Role changed to %(role)s")),
    "agent.deactivate": _E(N_("Agent deactivated")),
    "agent.disable_second_factor": _E(N_("Second factor switched off")),
    "agent.edit": _E(N_("Agent edited")),
    "agent.enable_second_factor": _E(N_("Second factor switched on")),
    "agent.invite": _E(N_("Agent invited"), N_("Agent invited as %(role)s")),
    "agent.set_password": _E(N_("New password set")),
    "agent.sign_in": _E(N_("Signed in")),
    "agent.sign_out": _E(N_("Signed out")),
    "api_key.create": _E(N_("API key made")),
    "api_key.revoke": _E(N_("API key revoked")),
    "bank_line.match": _E(N_("Bank line matched")),
    "bank_line.set_aside": _E(N_("Bank line set aside"), N_("Bank line set aside: %(because)s")),
    "bank_line.take_up": _E(N_("Bank line taken up again")),
    "bank_line.unmatch": _E(
        N_("Match of the bank line undone"), N_("Match of the bank line undone: %(because)s")
    ),
    "bank_line.unmatched": _E(N_("Bank line taken in")),
    "billable_unit.add": _E(N_("Unit put into service"), N_("Unit put into service: %(label)s")),
    "billable_unit.remove": _E(N_("Unit taken out as a mistake")),
    "billable_unit.retire": _E(N_("Unit retired")),
    "campaign.all_failed": _E(N_("Campaign failed: no message could be sent")),
    "campaign.all_final": _E(N_("Campaign completed")),
    "campaign.cancel": _E(N_("Campaign cancelled")),
    "campaign.draft": _E(N_("Campaign drafted")),
    "campaign.due": _E(N_("Campaign started at its time")),
    "campaign.edit": _E(N_("Campaign edited"), N_("Campaign edited: %(name)s")),
    "campaign.leave_out": _E(
        N_("Left out of the campaign by hand"), N_("Left out of the campaign by hand: %(invoices)s invoices")
    ),
    "campaign.pause": _E(N_("Campaign paused")),
    "campaign.provider_error": _E(N_("Campaign paused: the mail server had trouble")),
    "campaign.resume": _E(N_("Campaign resumed")),
    "campaign.retry_failed": _E(N_("Failed messages are tried again")),
    "campaign.schedule": _E(N_("Campaign scheduled")),
    "campaign.send_now": _E(N_("Campaign released")),
    "campaign.unschedule": _E(N_("Campaign taken off the schedule")),
    "chase.nothing_open": _E(N_("Chase over: nothing is open any more")),
    "chase.pause": _E(N_("Chase paused"), N_("Chase paused: %(because)s")),
    "chase.resume": _E(N_("Chase resumed")),
    "chase.running": _E(N_("Chase begun")),
    "chase.start": _E(N_("Chase begun again")),
    "chase.stop": _E(N_("Chase stopped"), N_("Chase stopped: %(because)s")),
    "chase.touch": _E(
        N_("Put on the day's list of a sequence"), N_("Put on the list of %(on_date)s of a sequence")
    ),
    "checkout_session.call_off": _E(
        N_("Payment page is to be closed"), N_("Payment page is to be closed: %(because)s")
    ),
    "checkout_session.complete": _E(N_("Payment page gone through")),
    "checkout_session.declined": _E(N_("Payment declined; another try is possible")),
    "checkout_session.expire": _E(N_("Payment page ran out")),
    "checkout_session.failed": _E(N_("Money under way did not come")),
    "checkout_session.mismatch": _E(N_("Money came that is not what was asked for: nothing was applied")),
    "checkout_session.open": _E(N_("Payment page opened")),
    "checkout_session.paid": _E(N_("Paid at the till")),
    "checkout_session.processing": _E(N_("Money is under way")),
    "consent.record": _E(N_("Consent recorded")),
    "credit_note.issue": _E(N_("Credit note issued"), N_("Credit note %(number)s issued")),
    "customer.active": _E(N_("Customer added")),
    "customer.admin_suspend": _E(N_("Customer suspended"), N_("Customer suspended: %(because)s")),
    "customer.ask_sign_in": _E(N_("Customer asked for a link to sign in")),
    "customer.edit": _E(N_("Customer edited")),
    "customer.money_lost": _E(N_("Customer suspended: what they paid went back")),
    "customer.payment_confirmed": _E(N_("Customer active: their payment arrived")),
    "customer.payment_failed": _E(N_("Customer suspended: nothing was paid")),
    "customer.pending": _E(N_("Customer registered")),
    "customer.reinstate": _E(N_("Customer reinstated"), N_("Customer reinstated: %(because)s")),
    "customer.revoke_links": _E(N_("Links sent to the customer so far revoked")),
    "customer.sign_in": _E(N_("Customer signed in")),
    "customer.sign_out": _E(N_("Customer signed out")),
    "customer_contact.add": _E(N_("Contact added"), N_("Contact added: %(name)s")),
    "customer_contact.edit": _E(N_("Contact edited"), N_("Contact edited: %(name)s")),
    "customer_contact.remove": _E(N_("Contact removed"), N_("Contact removed: %(name)s")),
    "customer_price.add": _E(N_("Price agreed")),
    "customer_price.edit": _E(N_("Price corrected")),
    "customer_price.end": _E(N_("End of a price changed")),
    "customer_price.remove": _E(N_("Price taken back")),
    "dispute.accept": _E(N_("Dispute accepted")),
    "dispute.comment": _E(N_("Note added to the dispute")),
    "dispute.invoice_settled": _E(N_("Dispute closed: the invoice was settled")),
    "dispute.open": _E(N_("Dispute opened")),
    "dispute.reject": _E(N_("Dispute rejected")),
    "dispute.withdraw": _E(N_("Dispute withdrawn")),
    "einvoice_document.accept": _E(N_("E-invoice accepted")),
    "einvoice_document.queued": _E(N_("E-invoice written")),
    "einvoice_document.reject": _E(N_("E-invoice rejected"), N_("E-invoice rejected: %(because)s")),
    "einvoice_document.send": _E(N_("E-invoice handed over")),
    "einvoice_obligation.set": _E(N_("Duty to send e-invoices set")),
    "exchange_rate.add": _E(N_("Exchange rate added"), N_("Exchange rate added: %(currency)s %(rate)s")),
    "exchange_rate.remove": _E(
        N_("Exchange rate removed"), N_("Exchange rate removed: %(currency)s %(rate)s")
    ),
    "exclusion.exclude": _E(N_("Not to be written about"), N_("Not to be written about: %(reason)s")),
    "exclusion.lift": _E(N_("May be written about again")),
    "file.clean": _E(N_("File kept")),
    "file.condemn": _E(N_("The virus scanner refused the file")),
    "file.pass": _E(N_("The virus scanner let the file pass")),
    "file.quarantined": _E(N_("File kept until the virus scanner has looked")),
    "file.unscanned": _E(N_("A file has waited for the virus scanner for an hour")),
    "import_run.apply": _E(N_("Import applied")),
    "import_run.read": _E(N_("Import read, ready to look at")),
    "import_run.reading": _E(N_("Import started")),
    "import_run.refuse": _E(N_("Import refused")),
    "inbound.replay": _E(N_("What a provider told is applied again")),
    "incoming_message.answer": _E(N_("An agent answered")),
    "incoming_message.complaint": _E(N_("A reader called a message unwanted")),
    "incoming_message.handle": _E(N_("A reply was dealt with")),
    "incoming_message.policy": _E(N_("A mail server refuses our messages")),
    "incoming_message.received": _E(N_("The customer answered")),
    "incoming_message.reclassify": _E(N_("A reply was told apart by hand")),
    "incoming_message.recorded": _E(N_("A delivery report or an automatic reply came")),
    "incoming_message.unclear": _E(N_("A delivery report came that needs a reader")),
    "invoice.allocate": _E(N_("Payment put towards the invoice")),
    "invoice.became_overdue": _E(N_("Invoice became overdue")),
    "invoice.cancel": _E(N_("Invoice cancelled"), N_("Invoice cancelled: %(because)s")),
    "invoice.credit_note": _E(N_("Credit note made")),
    "invoice.delete": _E(N_("Draft deleted")),
    "invoice.draft": _E(N_("Invoice drafted")),
    "invoice.edit": _E(N_("Invoice edited")),
    "invoice.issue": _E(N_("Invoice issued")),
    "invoice.issued": _E(N_("Invoice imported")),
    "invoice.paid": _E(N_("Paid invoice imported")),
    "invoice.payment_arrives": _E(N_("Payment arrived for an invoice that was closed")),
    "invoice.refund": _E(N_("Invoice refunded")),
    "invoice.reverse_allocation": _E(N_("Payment taken back from the invoice")),
    "invoice.send": _E(N_("Invoice to be sent by e-mail")),
    "invoice.settle": _E(N_("Invoice paid in full")),
    "journal_check.broken": _E(N_("The journal's seals do not hold: it was touched")),
    "journal_check.start": _E(N_("Verifying the journal's seals")),
    "journal_check.whole": _E(N_("The journal's seals hold")),
    "payment_link.active": _E(N_("Payment link made")),
    "payment_link.ask_again": _E(N_("Somebody asks again for an offer that ran out")),
    "payment_link.expire": _E(N_("Payment link ran out")),
    "payment_link.extend": _E(N_("Payment link extended"), N_("Payment link extended to %(until)s")),
    "payment_link.mail": _E(N_("Payment link to be sent by e-mail")),
    "payment_link.payment_confirmed": _E(N_("Payment link used: its order was paid")),
    "payment_link.register": _E(N_("Somebody registered with the payment link")),
    "payment_link.reissue": _E(N_("Payment link made valid again, under a new address")),
    "payment_link.revoke": _E(N_("Payment link taken back"), N_("Payment link taken back: %(because)s")),
    "payment.chargeback_lost": _E(
        N_("Chargeback lost: the money is gone"), N_("Chargeback lost: the money is gone (%(because)s)")
    ),
    "payment.chargeback_opened": _E(
        N_("The payer's bank contests the payment"), N_("The payer's bank contests the payment: %(because)s")
    ),
    "payment.chargeback_won": _E(N_("Chargeback won: the money stays")),
    "payment.received": _E(N_("Payment received"), kind="payment.received"),
    "payment.reversed": _E(N_("Payment reversed")),
    "product.archive": _E(N_("Product archived")),
    "product.create": _E(N_("Product added"), N_("Product added: %(code)s")),
    "product.edit": _E(N_("Product edited")),
    "product.restore": _E(N_("Product sold again")),
    "promise.active": _E(N_("Promise to pay made")),
    "promise.allocation_reversed": _E(N_("Promise open again: a payment was taken back")),
    "promise.date_passed": _E(N_("Promise broken: its date passed")),
    "promise.move": _E(N_("Promise moved to another date")),
    "promise.paid_enough": _E(N_("Promise kept")),
    "promise.withdraw": _E(N_("Promise withdrawn")),
    "recurring_invoice.active": _E(N_("Recurring invoice set up")),
    "recurring_invoice.edit": _E(N_("Recurring invoice edited")),
    "recurring_invoice.end": _E(N_("Recurring invoice ended"), N_("Recurring invoice ended: %(because)s")),
    "recurring_invoice.pause": _E(N_("Recurring invoice paused")),
    "recurring_invoice.resume": _E(N_("Recurring invoice resumed")),
    "recurring_invoice.run": _E(N_("Invoice made"), N_("Invoice made for %(period)s")),
    "recurring_invoice.run_refused": _E(
        N_("A month could not be billed"), N_("%(period)s could not be billed: %(reason)s")
    ),
    "recurring_invoice.run_without_price": _E(
        N_("A month could not be billed: there is no price"),
        N_("%(period)s could not be billed: there is no price"),
    ),
    "recurring_invoice.run_without_units": _E(
        N_("Nothing to bill: no unit was counted"), N_("Nothing to bill for %(period)s: no unit was counted")
    ),
    "recurring_run.start": _E(N_("Monthly run begun"), N_("Monthly run begun: up to %(as_of)s")),
    "refund.came_back": _E(
        N_("A refund came back: it did not reach the customer"),
        N_("A refund came back: it did not reach the customer (%(because)s)"),
    ),
    "refund.fail": _E(N_("Refund failed"), N_("Refund failed: %(because)s")),
    "refund.pending": _E(N_("Refund on its way")),
    "refund.succeed": _E(N_("Refund paid out")),
    "run.close": _E(N_("Sending ended"), N_("Sending ended: %(because)s")),
    "run.finish": _E(N_("Sending finished")),
    "run.held": _E(N_("Messages prepared, held until release")),
    "run.open": _E(N_("Sending resumed")),
    "run.pause": _E(N_("Sending paused"), N_("Sending paused: %(because)s")),
    "run.release": _E(N_("Sending released")),
    "run.reopen": _E(N_("Sending taken up again")),
    "send.approve": _E(N_("A changed message was approved")),
    "send.cancel": _E(N_("A message was called off")),
    "send.edit": _E(N_("A message was rewritten by hand")),
    "send.found": _E(N_("A message in doubt was found in the mailbox: it was sent")),
    "send.proved_absent": _E(N_("A message in doubt is not in the mailbox: it is sent again")),
    "send.resolve": _E(
        N_("An agent said what became of a message"), N_("An agent said of a message: %(became)s")
    ),
    "sending_account.abandoned": _E(N_("Connecting the sending account was given up")),
    "sending_account.auth_failed": _E(N_("The mail server refused the sign-in")),
    "sending_account.begin_connect": _E(N_("Sending account being connected again")),
    "sending_account.capped": _E(N_("The mail server asked to slow down")),
    "sending_account.connected": _E(N_("Sending account connected")),
    "sending_account.connecting": _E(N_("Sending account added")),
    "sending_account.delete": _E(N_("Sending account removed")),
    "sending_account.disable": _E(N_("Sending account disabled")),
    "sending_account.edit": _E(N_("Sending account edited")),
    "sending_account.make_primary": _E(N_("Sending account made the first choice")),
    "sending_account.read": _E(N_("Replies to the sending account are read from now on")),
    "sending_account.reconnect": _E(N_("Sending account reconnected")),
    "sending_account.stop_reading": _E(N_("Replies to the sending account are read no more")),
    "sending_account.unread": _E(N_("The mailbox cannot be read: replies in it may go unseen")),
    "sending_account.until_passed": _E(N_("Sending account at its normal pace again")),
    "sequence.activate": _E(N_("Sequence switched on")),
    "sequence.announce": _E(N_("Time of a day's list set"), N_("Time of the list of %(on_date)s set")),
    "sequence.archive": _E(N_("Sequence archived")),
    "sequence.cancel": _E(N_("A day's list called off"), N_("List of %(on_date)s called off")),
    "sequence.create": _E(N_("Sequence made"), N_("Sequence made: %(name)s")),
    "sequence.deactivate": _E(N_("Sequence switched off")),
    "sequence.edit": _E(N_("Sequence edited"), N_("Sequence edited: %(name)s")),
    "sequence.release": _E(N_("A day's list released"), N_("List of %(on_date)s released")),
    "sequence.reorder": _E(N_("Order of the sequences changed")),
    "suppression.complaint": _E(N_("A reader complained: nothing is sent to the address")),
    "suppression.erasure": _E(N_("Address never to be written to again")),
    "suppression.hard_bounce": _E(N_("The address does not exist: nothing is sent to it")),
    "suppression.lift": _E(N_("Address may be written to again")),
    "suppression.manual": _E(N_("Address not to be written to")),
    "suppression.unsubscribe": _E(N_("A reader unsubscribed")),
    "task.finish": _E(N_("Task done")),
    "template.create": _E(N_("Template made"), N_("Template made: %(code)s")),
    "template.edit": _E(N_("Template edited")),
    "template.publish": _E(
        N_("Template published"), N_("Template published: version %(version)s, %(locale)s")
    ),
    "tenant.confirm_holidays": _E(N_("Holidays confirmed")),
    "tenant.create": _E(N_("Firm set up")),
    "tenant.edit": _E(N_("Firm edited")),
    "tenant.edit_settings": _E(N_("Settings changed")),
    "tenant.propose_holidays": _E(N_("Holidays proposed")),
    "tenant.remove_holiday": _E(N_("Holiday removed")),
    "tenant.set_holiday": _E(N_("Holiday set")),
    "till.auth_failed": _E(N_("Provider no longer takes the till's key")),
    "till.begin_connect": _E(N_("Till is being connected again")),
    "till.connected": _E(N_("Till connected")),
    "till.connecting": _E(N_("Till is being connected")),
    "till.disable": _E(N_("Till switched off")),
    "till.make_primary": _E(N_("Till takes the payments")),
    "till.mismatch": _E(N_("The provider tells this till of other money than its own")),
    "till.replace_key": _E(N_("Key of the till replaced")),
    "till.replace_webhook_secret": _E(N_("Webhook secret of the till replaced")),
}
REGISTRY: Mapping[str, EventType] = dict(sorted({**_OTHERS, **ORDER_EVENTS}.items()))


def describe(event_type: str, facts: Mapping[str, Any], say: Say) -> str:
    """The sentence for one event. An unknown type, from a newer or older version, is shown by its name."""
    known = REGISTRY.get(event_type)
    if known is None:
        return event_type
    if known.detailed is not None:
        places = _PLACE.findall(known.detailed)
        if all(facts.get(place) is not None for place in places):
            return say(known.detailed, {place: str(facts[place]) for place in places})
    return say(known.sentence, {})


def types_of(noun: str) -> tuple[str, ...]:
    """Every type of event that happens to this kind of thing."""
    return tuple(name for name in REGISTRY if name.partition(".")[0] == noun)
