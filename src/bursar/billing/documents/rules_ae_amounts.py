"""PINT-AE's rules about lines, tax and sums. Amounts are compared as decimals, never as floats."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from bursar.billing.documents.rules_ae_reading import Found, all_of, number, one, text

_CENT = Decimal("0.01")
_EXACT = Context(prec=80)
_SLACK = Decimal("0.02")
_BY_CATEGORY = {
    "S": ("aligned-ibrp-s-01", "aligned-ibrp-s-08", "aligned-ibrp-s-09"),
    "Z": ("aligned-ibrp-z-01", "aligned-ibrp-z-08", "aligned-ibrp-z-09"),
    "E": ("aligned-ibrp-e-01", "aligned-ibrp-e-08", "aligned-ibrp-e-09"),
    "O": ("aligned-ibrp-o-01", "aligned-ibrp-o-08", "aligned-ibrp-o-09"),
    "AE": ("aligned-ibrp-ae-01-ae", "aligned-ibrp-ae-08-ae", "aligned-ibrp-ae-09-ae"),
    "N": ("ibr-105-ae", "ibr-102-ae", "ibr-108-ae"),
}
"""Of each category: that it has a breakdown, what is taxable in it, what its tax is."""
_STANDARD_RATE = Decimal(5)
_TOTAL = "cac:LegalMonetaryTotal"
_TOTALS = ("LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PayableAmount")


def _lines(root: Any) -> Iterator[Found]:
    lines = lines_of(root)
    if not lines:
        yield Found("ibr-16")
    for line in lines:
        where = f"line {text(line, 'cbc:ID')}"
        for check in (_item, _classification, _category, _price, _line_sum, _in_dirhams):
            for rule in check(line):
                yield Found(rule, where)


def _item(line: Any) -> Iterator[str]:
    if not text(line, "cac:Item/cbc:Name"):
        yield "ibr-25"
    if not text(line, "cac:Item/cbc:Description"):
        yield "ibr-125-ae"
    counted = one(line, "cbc:InvoicedQuantity")
    counted = one(line, "cbc:CreditedQuantity") if counted is None else counted
    if counted is None:
        yield "ibr-22"
    elif not counted.get("unitCode"):
        yield "ibr-23"


def _classification(line: Any) -> Iterator[str]:
    kind = text(line, "cac:Item/cac:CommodityClassification/cbc:CommodityCode")
    goods = one(line, "cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode")
    services = one(line, "cac:Item/cac:AdditionalItemIdentification/cbc:ID")
    if kind not in {"G", "S", "B"}:
        yield "R30"
    if kind == "G" and goods is None:
        yield "ibr-184-ae"
    if kind == "S" and services is None:
        yield "ibr-185-ae"
    if kind == "B" and (goods is None or services is None):
        yield "ibr-186-ae"
    if goods is not None and goods.get("listID") != "HS":
        yield "ibr-188-ae"
    if services is not None and services.get("schemeID") != "SAC":
        yield "ibr-189-ae"


def _category(line: Any) -> Iterator[str]:
    category = one(line, "cac:Item/cac:ClassifiedTaxCategory")
    code = "" if category is None else text(category, "cbc:ID")
    if code not in _BY_CATEGORY or category is None:
        yield "ibr-145-ae"
        return
    rate = number(category, "cbc:Percent")
    # The text speaks of lines, the test of the breakdown: both are held to it (R36).
    if code == "S" and rate != _STANDARD_RATE:
        yield "ibr-190-ae"
    if code == "N" and rate <= 0:
        yield "ibr-111-ae"
    if code in {"Z", "E", "AE"} and rate != 0:
        yield f"aligned-ibrp-{code.lower()}-05"
    if code == "O" and one(category, "cbc:Percent") is not None:
        yield "aligned-ibrp-o-05"
    if code == "AE" and not text(line, "cac:Item/cac:CommodityClassification/cbc:NatureCode").startswith(
        "DL8.48."
    ):
        yield "ibr-166-ae"
    if code == "E" and not text(category, "cbc:TaxExemptionReasonCode"):
        yield "ibr-167-ae"


def _price(line: Any) -> Iterator[str]:
    price = one(line, "cac:Price")
    base = None if price is None else one(price, "cac:AllowanceCharge/cbc:BaseAmount")
    if price is None or one(price, "cbc:BaseQuantity") is None or base is None:
        yield "ibr-126-ae"
    if price is None:
        return
    amount = number(price, "cbc:PriceAmount")
    if amount < 0:
        yield "ibr-27"
    if base is not None:
        taken = number(price, "cac:AllowanceCharge/cbc:Amount")
        if amount != Decimal((base.text or "").strip()) - taken:
            yield "aligned-ibrp-004"


def _line_sum(line: Any) -> Iterator[str]:
    """Quantity times price, by what the price is for, more what is charged and less what is allowed."""
    per = number(line, "cac:Price/cbc:BaseQuantity")
    counted = number(line, "cbc:InvoicedQuantity") + number(line, "cbc:CreditedQuantity")
    if per == 0:
        yield "ibr-147-ae"
        return
    total = counted * number(line, "cac:Price/cbc:PriceAmount") / per
    for each in all_of(line, "cac:AllowanceCharge"):
        sign = 1 if text(each, "cbc:ChargeIndicator") == "true" else -1
        total += sign * number(each, "cbc:Amount")
        if not (text(each, "cbc:AllowanceChargeReason") or text(each, "cbc:AllowanceChargeReasonCode")):
            yield "ibr-42"
    if rounded(total) != rounded(number(line, "cbc:LineExtensionAmount")):
        yield "ibr-147-ae"


def _in_dirhams(line: Any) -> Iterator[str]:
    amount = one(line, "cac:ItemPriceExtension/cbc:Amount")
    tax = one(line, "cac:ItemPriceExtension/cac:TaxTotal/cbc:TaxAmount")
    if amount is None:
        yield "ibr-194-ae"
    if amount is None or tax is None or {amount.get("currencyID"), tax.get("currencyID")} != {"AED"}:
        yield "ibr-104-ae"


def _breakdown(root: Any) -> Iterator[Found]:
    """Each category's taxable amount is that of its lines, and its tax what the rate makes of it."""
    nets: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in lines_of(root):
        category = one(line, "cac:Item/cac:ClassifiedTaxCategory")
        if category is not None:
            key = text(category, "cbc:ID"), number(category, "cbc:Percent")
            nets[key] += number(line, "cbc:LineExtensionAmount")
    seen = set()
    for part in all_of(root, "cac:TaxTotal/cac:TaxSubtotal"):
        key = text(part, "cac:TaxCategory/cbc:ID"), number(part, "cac:TaxCategory/cbc:Percent")
        seen.add(key)
        for rule in _part(part, *key, nets.get(key, Decimal(0))):
            yield Found(rule, f"tax {key[0]}")
    for code, _ in nets.keys() - seen:
        if code in _BY_CATEGORY:
            yield Found(_BY_CATEGORY[code][0], f"tax {code}")
    if any(code == "N" for code, _ in seen) and len(seen) > 1:
        yield Found("ibr-105-ae")


def _part(part: Any, code: str, rate: Decimal, of_lines: Decimal) -> Iterator[str]:
    if code not in _BY_CATEGORY:
        yield "aligned-ibrp-047"
        return
    _, of_net, of_tax = _BY_CATEGORY[code]
    net, tax = number(part, "cbc:TaxableAmount"), number(part, "cbc:TaxAmount")
    if (code == "O") == (one(part, "cac:TaxCategory/cbc:Percent") is not None):
        yield "ibr-119-ae"
    if code == "S" and rate != _STANDARD_RATE:
        yield "ibr-190-ae"
    if abs(net - of_lines) > _SLACK:
        yield of_net
    slack, wanted = (_SLACK, rounded(net * rate / 100)) if code == "S" else (0, Decimal(0))
    if abs(tax - wanted) > slack:
        yield of_tax


def _totals(root: Any) -> Iterator[Found]:
    total = one(root, "cac:LegalMonetaryTotal")
    for name in _TOTALS:
        if total is None or not text(total, f"cbc:{name}"):
            yield Found("ibr-15", name)
    ours = text(root, "cbc:DocumentCurrencyCode")
    for each in () if total is None else total:
        if each.get("currencyID") != ours:
            yield Found("ibr-051")
        if Decimal((each.text or "0").strip()) != rounded(Decimal((each.text or "0").strip())):
            yield Found("ibr-091")


def _sums(root: Any) -> Iterator[Found]:
    lines, without, with_tax, payable = (number(root, f"{_TOTAL}/cbc:{name}") for name in _TOTALS)
    taxes = [each for each in all_of(root, "cac:TaxTotal") if all_of(each, "cac:TaxSubtotal")]
    tax = number(taxes[0], "cbc:TaxAmount") if taxes else Decimal(0)
    if lines != _sum(lines_of(root), "cbc:LineExtensionAmount"):
        yield Found("ibr-co-10")
    allowed, charged = (number(root, f"{_TOTAL}/cbc:{name}TotalAmount") for name in ("Allowance", "Charge"))
    if without != lines - allowed + charged:
        yield Found("ibr-co-13")
    if not taxes or tax != _sum(all_of(root, "cac:TaxTotal/cac:TaxSubtotal"), "cbc:TaxAmount"):
        yield Found("ibr-co-14")
    if with_tax != without + tax:
        yield Found("ibr-co-15")
    prepaid, rounding = (
        number(root, f"{_TOTAL}/cbc:{name}Amount") for name in ("Prepaid", "PayableRounding")
    )
    if payable != with_tax - prepaid + rounding:
        yield Found("ibr-co-16")


def _sum(elements: list[Any], path: str) -> Decimal:
    return sum((number(each, path) for each in elements), Decimal(0))


def lines_of(root: Any) -> list[Any]:
    return [*all_of(root, "cac:InvoiceLine"), *all_of(root, "cac:CreditNoteLine")]


def rounded(amount: Decimal) -> Decimal:
    """To two decimals, half of the last away from zero (R17)."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP, context=_EXACT)


CHECKS: tuple[Callable[[Any], Iterator[Found]], ...] = (_lines, _breakdown, _totals, _sums)
