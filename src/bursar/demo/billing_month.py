"""Fourth part: a hosting firm moves in with a year of history, and bills a month of 50 customers by the machine."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from bursar.demo import hashrate, hashrate_sheets
from bursar.demo.doors import Api
from bursar.demo.hashrate import FIRM, TANKS, Miner, month_before
from bursar.demo.preparing import counted, found_firm, make_key, upload
from bursar.demo.stage import Stage

KINDS = {
    "users.csv": "customers",
    "products.csv": "products",
    "miner_rate_history.csv": "prices",
    "miners.csv": "units",
    "cost_payments.csv": "invoices",
}
"""Its sheets in the order in which one needs the other."""
CREDIT = "150.00"
MINE = ("--tenant", FIRM.slug)


def bill_a_month(stage: Stage) -> None:
    stage.teller.chapter("Hashrate Hosting moves in with a year of history")
    miners = hashrate.miners()
    _move_in(stage)
    _bring_history(stage, miners)
    stage.teller.chapter("A month is billed")
    _agree(stage, miners)
    _raise_prices(stage)
    _run(stage, miners)
    _bank(stage)
    _give_back(stage)
    _add_up(stage)


def _move_in(stage: Stage) -> None:
    with stage.teller.step("bursar tenant create and edit, api-key create") as found:
        found_firm(stage, FIRM)
        address = ("--address-line", "Dubai Silicon Oasis, Hall 4", "--city", "Dubai", "--subdivision", "DXB")
        named = ("--legal-name", "Hashrate Hosting FZCO", "--tax-number", "100876543200003")
        with ThreadPoolExecutor(2) as pool:
            edited = pool.submit(stage.line, "tenant", "edit", FIRM.slug, *named, *address)
            stage.open_api(FIRM.slug, make_key(stage, FIRM)["key"])
            found.append(edited.result()["legal_name"])
    with stage.teller.step("How it numbers and is paid, and the dollar's rate, over the API") as found:
        api = stage.api(FIRM.slug)
        numbers = {"strategy": "yearly", "prefix": "HH-", "due_days": hashrate.TERMS.days, "auto_issue": True}
        bank = {
            "account_name": "Hashrate Hosting FZCO",
            "iban": "AE070331234567890123456",
            "bank": "Emirates NBD",
        }
        api.patch("/billing-settings", {**numbers, **bank})
        rate = {"currency": "USD", "rate": str(hashrate.DOLLAR), "source": "CBUAE"}
        api.post("/exchange-rates", {**rate, "on_date": stage.today.isoformat()})
        found += [f"due in {hashrate.TERMS.days} days", f"1 USD = {hashrate.DOLLAR.normalize()} AED"]


def _bring_history(stage: Stage, miners: list[Miner]) -> None:
    """In its order: a price needs its customer, an invoice its customer too."""
    folder = stage.sheet("hashrate")
    folder.mkdir()
    history = hashrate.past(miners, stage.today)
    rates, machines = hashrate.rates(miners, stage.today), hashrate.machines(miners, stage.today)
    hashrate_sheets.write_all(folder, miners, rates, machines, history)
    created, refused = {}, {}
    for name, kind in KINDS.items():
        with stage.teller.step(f"{name} as {kind}, uploaded over the API") as found:
            told = upload(stage, FIRM.slug, kind, f"hashrate/{name}")["counts"]
            created[kind], refused[kind] = told["created"], told["refused"]
            found.append(counted(told))
    stage.billed.imported, stage.billed.refused = created, refused


def _agree(stage: Stage, miners: list[Miner]) -> None:
    """Counted on the first of each month, from this one on."""
    api = stage.api(FIRM.slug)
    with stage.teller.step(
        "50 recurring invoices over the API: the machines of the first, each month"
    ) as found:
        customers = {one["external_code"]: one["id"] for one in api.each("/customers", limit=100)}
        products = {one["code"]: one["id"] for one in api.each("/products", limit=100)}
        plan = {
            "day_of_month": 1,
            "start_date": stage.today.replace(day=1).isoformat(),
            "quantity_source": "units",
        }
        for miner in miners:
            who = {"customer_id": customers[miner.code], "product_id": products[miner.product]}
            api.post("/recurring-invoices", {**plan, **who})
        found.append(f"{len(miners)} agreed")


def _raise_prices(stage: Stage) -> None:
    """Whom it is about, and every invoice to come that it changes."""
    following = month_before(stage.today, -1).isoformat()
    change = ("--product", hashrate.HERE, "--from", following, "--percent", "4", "--tag", "small")
    with stage.teller.step(
        "bursar price change --apply: 4 % more for small customers of the Emirates"
    ) as found:
        told = stage.line("price", "change", *MINE, *change, "--apply")
        stage.billed.raised = sum(one["outcome"] == "changed" for one in told["customers"])
        stage.billed.previewed = len(told["invoices"])
        found.append(f"{stage.billed.raised} customers from {following}")
        found.append(f"{stage.billed.previewed} invoices of the next months become others")


def _run(stage: Stage, miners: list[Miner]) -> None:
    without = next(miner for miner in miners if miner.product == TANKS)
    with stage.teller.step("bursar recurring run") as found:
        told = stage.line("recurring", "run", *MINE)
        stage.billed.first_run = {name: told[name] for name in ("due", "issued", "refused")}
        found.append(f"{told['issued']} issued, {told['refused']} without a price is not billed at zero")
    with stage.teller.step("It gets a price over the API, and bursar recurring run again") as found:
        _price(stage, without)
        told = stage.line("recurring", "run", *MINE)
        stage.billed.second_run = {name: told[name] for name in ("due", "issued", "refused")}
        found.append(f"{told['issued']} issued: {without.company}")
    bills = _ours(stage)
    stage.billed.numbers = sorted(one["number"] for one in bills)
    stage.teller.say(f"numbered {stage.billed.numbers[0]} to {stage.billed.numbers[-1]}")


def _price(stage: Stage, miner: Miner) -> None:
    api = stage.api(FIRM.slug)
    [customer] = [
        one["id"] for one in api.each("/customers", limit=100) if one["external_code"] == miner.code
    ]
    [product] = [one["id"] for one in api.each("/products", limit=100) if one["code"] == TANKS]
    price = {"unit_price": {"amount": "71.50", "currency": "USD"}, "backdated": True}
    first = stage.today.replace(day=1).isoformat()
    api.post("/prices", {"customer_id": customer, "product_id": product, "effective_from": first, **price})


def _bank(stage: Stage) -> None:
    api, sheet = stage.api(FIRM.slug), stage.sheet("hashrate") / "bank.csv"
    bills = [
        (one["number"], one["total"]["currency"], Decimal(one["total"]["amount"])) for one in _ours(stage)
    ]
    with stage.teller.step("The bank's sheet, uploaded over the API") as found:
        hashrate_sheets.write_bank(sheet, stage.today, hashrate.transfers(bills))
        told = upload(stage, FIRM.slug, "bank_lines", "hashrate/bank.csv")["counts"]
        stage.billed.lines = told["created"]
        found.append(counted(told))
    with stage.teller.step("What is beyond doubt is matched at once, the rest waits for a person") as found:
        ids = [one["id"] for one in api.each("/bank-lines", limit=100)]
        matched = api.post("/bank-lines/acceptances", {"ids": ids})["ids"]
        stage.billed.matched = len(matched)
        waiting = list(api.each("/bank-lines", limit=100))
        interest = next(one for one in waiting if "interest" in (one["reference"] or ""))
        api.post(f"/bank-lines/{interest['id']}/set-aside", {"reason": "Interest"})
        stage.billed.left = [one["payer"] or "" for one in api.each("/bank-lines", limit=100)]
        found += [f"{len(matched)} matched", "1 set aside", f"waits: {', '.join(stage.billed.left)}"]


def _give_back(stage: Stage) -> None:
    """A credit note on what is still open, and a paid month given back with its own."""
    bills = sorted(_ours(stage), key=lambda one: one["number"])
    unpaid = next(one for one in bills if one["state"] == "issued")
    paid = next(one for one in bills if one["state"] == "paid")
    with (
        stage.teller.step("bursar credit-note create, and refund create") as found,
        ThreadPoolExecutor(2) as pool,
    ):
        credit = (
            "--invoice",
            unpaid["number"],
            "--amount",
            CREDIT,
            "--because",
            "Three days without cooling",
        )
        note = pool.submit(stage.line, "credit-note", "create", *MINE, *credit)
        back = ("--invoice", paid["number"], "--because", "The hall closes for them")
        pool.submit(stage.line, "refund", "create", *MINE, *back).result()
        stage.billed.credited = note.result()["number"]
        stage.billed.refunded = stage.api(FIRM.slug).get(f"/invoices/{paid['id']}")["state"]
        found += [
            f"{stage.billed.credited} on {unpaid['number']}",
            f"{paid['number']} {stage.billed.refunded}",
        ]


def _add_up(stage: Stage) -> None:
    """The same money from three sides: the invoices, ageing, and every customer's statement."""
    api, told = stage.api(FIRM.slug), stage.billed
    with stage.teller.step("Ageing, statements, figures and PDF, over the API") as found:
        every = list(api.each("/invoices", limit=200))
        told.states = Counter(one["status"] for one in every)
        told.owed = _open(every)
        ageing = api.get("/reports/ageing", limit=100)
        told.aged = _plain(
            {code: Decimal(aged["total"]["amount"]) for code, aged in ageing["totals"].items()}
        )
        told.closing = _closing(stage, api)
        told.months = len(api.get("/reports/figures", months=13)["currencies"]["AED"]["months"])
        ours = _ours(stage)
        told.printed = sum(api.status(f"/invoices/{one['id']}/pdf") == 200 for one in ours)
        found += [f"{code} {amount} open" for code, amount in told.aged.items()]
        found.append(f"{told.printed} PDF")


def _open(invoices: list[dict[str, Any]]) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for one in invoices:
        if one["state"] == "issued":
            sums[one["balance"]["currency"]] += Decimal(one["balance"]["amount"])
    return _plain(sums)


def _plain(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: f"{amount:,.2f}" for code, amount in sorted(sums.items()) if amount}


def _closing(stage: Stage, api: Api) -> dict[str, str]:
    """What all statements over the year close at. Nobody has credit here."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    period = {"start": month_before(stage.today, hashrate.MONTHS).isoformat(), "end": stage.today.isoformat()}
    for customer in api.each("/customers", limit=100):
        accounts = api.get("/reports/statement", customer_id=customer["id"], **period)["accounts"]
        for code, account in accounts.items():
            sums[code] += Decimal(account["closing"]["amount"])
    return _plain(sums)


def _ours(stage: Stage) -> list[dict[str, Any]]:
    """What this month billed, in the order of numbers: those of the older program begin otherwise."""
    found = stage.api(FIRM.slug).each("/invoices", number="HH-", limit=100)
    return sorted(found, key=lambda one: one["number"])
