"""The notices that billing writes by itself: what each is called, and what it may cost its reader."""

from enum import StrEnum

from bursar.outbox.states import MailStream
from bursar.outbox.tags import Category


class NoticeKind(StrEnum):
    """Its value stands in touch keys (lifecycle 10) and settings: it does not change."""

    ISSUED = "issued"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    RECEIPT = "receipt"


CATEGORY = {
    NoticeKind.ISSUED: Category.INVOICE_ISSUED,
    NoticeKind.REMINDER: Category.INVOICE_REMINDER,
    NoticeKind.OVERDUE: Category.OVERDUE_NOTICE,
    NoticeKind.RECEIPT: Category.RECEIPT,
}
"""Whose default template says it."""

STREAM = {
    NoticeKind.ISSUED: MailStream.TRANSACTIONAL,
    NoticeKind.REMINDER: MailStream.REMINDER,
    NoticeKind.OVERDUE: MailStream.REMINDER,
    NoticeKind.RECEIPT: MailStream.TRANSACTIONAL,
}
"""The two that remind are nudges: at most one a day to a person, in sending hours, and an opt-out ends them."""
