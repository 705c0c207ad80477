"""On this event, call that verb: the one table of effects that cross rooms, in the same transaction.

A verb that itself knows the other room (because it stands above it) calls it directly and is not here.
"""

from collections.abc import Mapping, Sequence

from bursar.billing.documents import jobs as printing
from bursar.billing.documents import obligations
from bursar.billing.notices import ordering
from bursar.billing.tills import inbound_jobs as inbounds
from bursar.billing.tills import jobs as tills
from bursar.chasing import following
from bursar.chasing.sequences import following as chasing
from bursar.core.work import Reaction
from bursar.notifications import reacting
from bursar.onboarding import following as orders
from bursar.outbox import jobs as mailboxes
from bursar.outbox import sends, sign_in_mail, template_library

REACTIONS: Mapping[str, Sequence[Reaction]] = {
    "tenant.create": (template_library.tenant_created, obligations.tenant_created),
    "customer.ask_sign_in": (sign_in_mail.asked,),
    "customer.admin_suspend": (sends.customer_suspended,),
    "incoming_message.received": (chasing.replied, reacting.reply_received),
    "incoming_message.handle": (chasing.reply_handled, reacting.reply_handled),
    "incoming_message.policy": (reacting.report_to_read,),
    "incoming_message.unclear": (reacting.report_to_read,),
    "incoming_message.complaint": (reacting.report_to_read,),
    "sending_account.unread": (reacting.mailbox_unread,),
    "run.pause": (following.follow_pause,),
    "run.open": (following.follow_open,),
    "run.finish": (following.follow_finish,),
    "send.uncertain": (reacting.sends_uncertain,),
    "send.resolve": (reacting.send_resolved,),
    "send.found": (reacting.send_resolved,),
    "send.proved_absent": (reacting.send_resolved,),
    "sending_account.auth_failed": (reacting.account_stopped,),
    "sending_account.capped": (reacting.tell_everybody,),
    "sending_account.reconnect": (reacting.account_back,),
    "sending_account.connected": (reacting.account_back,),
    "inbound.kept": (mailboxes.inbound_kept,),
    "inbound.replay": (inbounds.inbound_replayed,),
    "sending_account.disable": (reacting.account_back, mailboxes.account_disabled),
    "campaign.provider_error": (reacting.tell_everybody,),
    "campaign.all_final": (reacting.tell_everybody,),
    "campaign.all_failed": (reacting.tell_everybody,),
    "import_run.apply": (reacting.tell_everybody,),
    "invoice.issue": (orders.invoices_issued, reacting.invoice_issued, printing.issued, ordering.issued),
    "credit_note.issue": (printing.issued,),
    "file.unscanned": (reacting.tell_everybody,),
    "suppression.unsubscribe": (reacting.reader_left,),
    "suppression.complaint": (reacting.reader_left,),
    "payment_link.ask_again": (reacting.tell_everybody,),
    "payment_link.expire": (reacting.tell_everybody,),
    "checkout_session.paid": (orders.checkouts_paid,),
    "checkout_session.processing": (orders.checkouts_processing,),
    "checkout_session.failed": (orders.checkouts_failed,),
    "checkout_session.declined": (orders.checkouts_declined,),
    "checkout_session.expire": (orders.checkouts_expired,),
    "checkout_session.mismatch": (orders.checkouts_mismatched,),
    "refund.ordered": (inbounds.refund_ordered,),
    "refund.succeed": (orders.refunds_succeeded,),
    "refund.fail": (reacting.refund_failed,),
    "refund.came_back": (reacting.refund_failed,),
    "payment.chargeback_opened": (orders.chargebacks_opened, reacting.chargeback_opened),
    "payment.chargeback_won": (orders.chargebacks_won, reacting.chargeback_over),
    "payment.chargeback_lost": (orders.chargebacks_lost, reacting.chargeback_over),
    "order.amount_mismatch": (reacting.order_to_decide,),
    "order.paid_after_cancel": (reacting.order_to_decide,),
    "order.second_payment": (reacting.order_to_decide,),
    "order.chargeback_opened": (reacting.tell_everybody,),
    "order.chargeback_lost": (reacting.tell_everybody,),
    "order.not_invoiced": (reacting.order_not_invoiced,),
    "order.give_back": (reacting.order_decided,),
    "order.resolve": (reacting.order_decided,),
    "payment.received": (ordering.received,),
    "invoice.payment_arrives": (reacting.money_came_late,),
    "invoice.settle": (reacting.invoice_settled, chasing.invoices_settled, tills.invoices_settled),
    "invoice.cancel": (reacting.invoice_settled, chasing.invoices_settled, tills.invoices_settled),
    "checkout_session.call_off": (tills.checkouts_called_off,),
    "till.auth_failed": (reacting.till_stopped,),
    "till.connected": (reacting.till_back,),
    "till.disable": (tills.till_disabled, reacting.till_back),
    "till.mismatch": (reacting.till_mismatch,),
    "promise.date_passed": (reacting.promise_broken,),
    "recurring_invoice.run": (reacting.months_billed,),
    "recurring_invoice.run_without_units": (reacting.months_billed,),
    "recurring_invoice.run_without_price": (reacting.months_not_billed,),
    "recurring_invoice.run_refused": (reacting.months_not_billed,),
    "recurring_invoice.pause": (reacting.months_billed,),
    "recurring_invoice.end": (reacting.months_billed,),
    "dispute.open": (reacting.dispute_opened,),
    "dispute.accept": (reacting.dispute_decided,),
    "dispute.reject": (reacting.dispute_decided,),
    "dispute.withdraw": (reacting.dispute_decided,),
    "dispute.invoice_settled": (reacting.dispute_decided,),
}
