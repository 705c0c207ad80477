"""Lifecycles of a customer (1) and of an import run, and the closed lists of tenancy."""

from enum import StrEnum

from bursar.core.states import Move


class CustomerState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class SuspendedReason(StrEnum):
    UNPAID = "unpaid"
    ADMIN = "admin"
    REFUND = "refund"
    CHARGEBACK = "chargeback"


class CustomerKind(StrEnum):
    PERSON = "person"
    FIRM = "firm"


class CustomerSource(StrEnum):
    INVOICE = "invoice"
    IMPORT = "import"
    MANUAL = "manual"
    API = "api"
    PAYMENT_LINK = "payment_link"


class ImportState(StrEnum):
    READING = "reading"
    READY = "ready"
    APPLIED = "applied"
    REFUSED = "refused"


class ImportKind(StrEnum):
    CUSTOMERS = "customers"
    CONTACTS = "contacts"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    PRODUCTS = "products"
    PRICES = "prices"
    UNITS = "units"
    BANK_LINES = "bank_lines"
    TEMPLATES = "templates"
    SUPPRESSIONS = "suppressions"
    PAYMENT_LINKS = "payment_links"


class RowOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class ConsentPurpose(StrEnum):
    MARKETING = "marketing"
    REVIEW = "review"
    TRACKING = "tracking"


class ConsentState(StrEnum):
    """No row is the third answer, unknown; unknown is no (R51)."""

    GRANTED = "granted"
    DENIED = "denied"


C, I = CustomerState, ImportState  # noqa: E741  two letters keep the table of moves readable
# fmt: off
#                       table          noun         event          from                               to
ADMIN_SUSPEND    = Move("customers",   "customer",  "admin_suspend", frozenset({C.ACTIVE}),             C.SUSPENDED)
REINSTATE        = Move("customers",   "customer",  "reinstate",   frozenset({C.SUSPENDED}),            C.ACTIVE)
CONFIRM_PAYMENT  = Move("customers",   "customer",  "payment_confirmed", frozenset({C.PENDING, C.SUSPENDED}), C.ACTIVE)
PAYMENT_FAILED   = Move("customers",   "customer",  "payment_failed", frozenset({C.PENDING}),           C.SUSPENDED)
MONEY_LOST       = Move("customers",   "customer",  "money_lost",  frozenset({C.ACTIVE}),               C.SUSPENDED)
IMPORT_READ      = Move("import_runs", "import_run", "read",       frozenset({I.READING}),              I.READY)
IMPORT_APPLY     = Move("import_runs", "import_run", "apply",      frozenset({I.READY}),                I.APPLIED)
IMPORT_REFUSE    = Move("import_runs", "import_run", "refuse",     frozenset({I.READING, I.READY}),     I.REFUSED)
# fmt: on
