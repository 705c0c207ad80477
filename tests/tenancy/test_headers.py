"""Headers as firms write them, in three languages, and mappings that people make."""

import pytest

from bursar.core.errors import Invalid
from bursar.tenancy.columns import FIELDS, REQUIRED, Kind
from bursar.tenancy.folding import fold
from bursar.tenancy.headers import check_mapping, guess_mapping, known_names

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("kind", "header", "fields"),
    [
        (
            "invoices",
            "Invoice No. | Customer | E-mail | INVOICE DATE | Due_Date | Amount (AED) | Balance Due | PO # | TRN",
            "number customer_name email issue_date due_date total balance purchase_order tax_number",
        ),
        (
            "invoices",
            "رقم الفاتورة | اسم العميل | البريد الالكتروني | تاريخ الإستحقاق | المبلغ | العمــلة | المتبقّي",
            "number customer_name email due_date total currency balance",
        ),
        (
            "invoices",
            "N° de facture | Nom du client | Adresse e-mail | Date d’échéance | MONTANT TTC (EUR) | Reste a payer",
            "number customer_name email due_date total balance",
        ),
        (
            "customers",
            "Code | Full name | Company name | Mobile | Language | Tax ID | City | Country | Tags | Customer type",
            "external_code full_name company_name phone locale tax_number city country tags kind",
        ),
        ("customers", "userId | companyName | name | address | email | trn",
         "external_code company_name full_name address email tax_number"),
        ("prices", "userId | productCode | hostingRate | effectiveFrom | effectiveTo",
         "customer product price effective_from effective_to"),
        ("units", "userId | productCode | serialNumber | activeFrom | activeTo",
         "customer product label active_from active_to"),
        ("invoices", "invoiceNumber | name | email | totalAmount | status | issuedDate | dueDate | paidDate",
         "number customer_name email total status issue_date due_date paid_on"),
        ("invoices", "رقم الفاتورة | العميل | تاريخ الاستحقاق | المبلغ | المدفوع | تاريخ السداد | حالة الفاتورة",
         "number customer_name due_date total paid paid_on status"),
        ("invoices", "Facture | Client | Échéance | Montant | Montant payé | Payée le | Statut",
         "number customer_name due_date total paid paid_on status"),
        ("customers", "الاسم | الشركه | الجوال | الدولة", "full_name company_name phone country"),
        ("customers", "Raison sociale | Téléphone portable | Ville | Pays", "company_name phone city country"),
        ("contacts", "Customer | Name | Email | Role", "customer name email role"),
        ("contacts", "العميل | الاسم | البريد | الوظيفة", "customer name email role"),
        ("payments", "Invoice | Amount | Date | Method | Ref | Transaction ID",
         "invoice_number amount received_on method reference external_id"),
        ("payments", "رقم الفاتورة | المبلغ | تاريخ الدفع | طريقة الدفع", "invoice_number amount received_on method"),
        ("payments", "Facture | Montant reçu | Date de règlement", "invoice_number amount received_on"),
    ],
)  # fmt: skip
def test_headers_of_real_sheets_are_understood(kind, header, fields):
    guess = guess_mapping(header.split(" | "), kind)

    assert guess.mapping == dict(enumerate(fields.split()))
    assert guess.unclear == ()
    assert check_mapping(kind, guess.mapping) == guess.mapping


def test_an_exact_name_beats_a_longer_one_that_holds_it():
    guess = guess_mapping(["Amount", "Amount before discount", "Total"], "payments")

    assert guess.mapping == {}  # "Amount" and "Total" are as good as each other, and a person must choose
    assert guess.unclear == (0, 2)
    assert guess_mapping(["Amount before discount", "Amount"], "payments").mapping == {1: "amount"}


def test_two_columns_of_one_name_are_left_open():
    guess = guess_mapping(["Number", "E-mail", "E-mail"], "invoices")

    assert guess.mapping == {0: "number"}
    assert guess.unclear == (1, 2)


def test_a_name_that_fits_two_fields_equally_is_left_open():
    guess = guess_mapping(["Issued / due on"], "invoices")

    assert (guess.mapping, guess.unclear) == ({}, (0,))


@pytest.mark.parametrize(
    "name", ["VAT amount (AED)", "Net amount", "Montant HT", "Payment terms", "مبلغ الضريبة"]
)
def test_names_of_what_we_do_not_read_are_not_taken_for_their_neighbours(name):
    guess = guess_mapping([name], "invoices")

    assert (guess.mapping, guess.unclear) == ({}, ())


def test_what_means_nothing_is_neither_mapped_nor_unclear():
    guess = guess_mapping(["", "favourite colour", "Nothing"], "customers")

    assert (guess.mapping, guess.unclear) == ({}, ())


@pytest.mark.parametrize("kind", list(Kind))
def test_every_name_in_the_table_finds_its_own_field(kind):
    for field in FIELDS[kind]:
        for name in field.called:
            assert guess_mapping([name.upper()], kind).mapping == {0: field.name}, name


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_required_are_fields_of_the_kind(kind):
    names = {field.name for field in FIELDS[kind]}

    assert all(names.issuperset(group) for group in REQUIRED[kind])


@pytest.mark.parametrize(
    ("mapping", "code", "about"),
    [
        ({0: "number", 1: "colour"}, "mapping_unknown_field", "colour"),
        ({0: "number", 1: "number"}, "mapping_doubled_field", "Invoice number"),
        ({0: "email", 1: "due_date", 2: "total"}, "mapping_missing_field", "Invoice number"),
        ({0: "number", 1: "email", 2: "due_date"}, "mapping_missing_field", "Total / Open amount"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(mapping, code, about):
    with pytest.raises(Invalid) as refused:
        check_mapping("invoices", mapping)

    assert (refused.value.code, refused.value.field, refused.value.params["name"]) == (code, "mapping", about)


def test_names_are_known_in_any_language_and_values_are_not():
    assert known_names(["Invoice No", "العميل", "Échéance", "INV-7", "Noor Trading", "", "x" * 4000]) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("الإستحقاق", "استحقاق"), ("الشركة", "شركه"), ("العمـــلة", "عملة"), ("مُتَبَقٍّ", "متبق"), ("Échéance", "echeance"),
     ("E-Mail", "e mail"), ("  Due__date ", "due DATE"), ("٢٠٢٦", "2026"), ("على", "علي"), ("آذار", "اذار")],
)  # fmt: skip
def test_spellings_of_one_word_fold_to_one(one, other):
    assert fold(one) == fold(other)
