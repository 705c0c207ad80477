"""First part: two firms, their sheets, what was paid, promised and disputed, and a campaign that is looked at."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bursar.demo import nile_tiles, season, sheets, words, working_title
from bursar.demo.stage import Stage
from bursar.demo.stories import Firm

OURS, THEIRS = working_title.FIRM, nile_tiles.FIRM
BATCH, PAUSE_S = 5, 1.2
"""58 mails in a little over ten batches: slow enough to be watched and to be killed half way."""
MAILBOX_PASSWORD = "sandbox"
"""Everybody's, at the sandbox's servers."""


def prepare(stage: Stage) -> None:
    stage.teller.chapter("Two firms move in")
    _found_firms(stage)
    _open_doors(stage)
    stage.teller.chapter("A season's sheets")
    _write_sheets(stage)
    _try_imports(stage)
    _import_sheets(stage)
    _upload_sheets(stage)
    stage.teller.chapter("Before anybody is written to")
    _promise_and_dispute(stage)
    _write_template(stage)
    _plan_campaign(stage)


def _found_firms(stage: Stage) -> None:
    with stage.teller.step("bursar tenant create, twice") as found, ThreadPoolExecutor(2) as pool:
        found += [made["slug"] for made in pool.map(lambda firm: found_firm(stage, firm), (OURS, THEIRS))]


def _open_doors(stage: Stage) -> None:
    """Two keys and a mailbox at a time: each command is a process of its own."""
    with (
        stage.teller.step("bursar api-key create, twice, sending-account add smtp, inbox read") as found,
        ThreadPoolExecutor(3) as pool,
    ):
        mailbox = pool.submit(_connect_mailbox, stage)
        for firm, made in zip(
            (OURS, THEIRS), pool.map(lambda firm: make_key(stage, firm), (OURS, THEIRS)), strict=True
        ):
            stage.open_api(firm.slug, made["key"])
        found += [mailbox.result()["address"], f"{BATCH} mails every {PAUSE_S:g} s"]


def found_firm(stage: Stage, firm: Firm) -> dict[str, Any]:
    options = {
        "--name": firm.name,
        "--country": firm.country,
        "--currency": firm.currency,
        "--time-zone": firm.time_zone,
        "--locale": firm.locale,
        "--owner-email": firm.owner_email,
        "--owner-name": firm.owner_name,
        "--password-env": "OWNERS_PASSWORD",
    }
    given = [word for pair in options.items() for word in pair]
    return stage.line("tenant", "create", firm.slug, *given, OWNERS_PASSWORD=firm.password)


def make_key(stage: Stage, firm: Firm) -> dict[str, Any]:
    owner = ("--name", "The demo", "--agent", firm.owner_email)
    return stage.line("api-key", "create", "--tenant", firm.slug, *owner)


def _connect_mailbox(stage: Stage) -> dict[str, Any]:
    server = ("--host", "127.0.0.1", "--port", str(stage.smtp_port), "--no-tls")
    pace = ("--batch-size", str(BATCH), "--batch-interval", str(PAUSE_S))
    whose = ("--tenant", OURS.slug, "--address", OURS.mailbox)
    name = ("--display-name", OURS.name, "--username", OURS.mailbox, "--password-env", "MAILBOX_PASSWORD")
    words = ("sending-account", "add", "smtp", *whose, *name, *server, *pace)
    made = stage.line(*words, MAILBOX_PASSWORD=MAILBOX_PASSWORD)
    inbox = ("--host", "127.0.0.1", "--port", str(stage.imap_port), "--tls", "none")
    stage.line("inbox", "read", *whose, *inbox)
    return made


def _write_sheets(stage: Stage) -> None:
    stage.sheet("").mkdir()
    with stage.teller.step("The firms' sheets as they have them") as found:
        customers = sheets.write_customers(stage.sheet("customers.csv"), stage.buyers)
        invoices = sheets.write_invoices(stage.sheet("season.xlsx"), stage.bills)
        tiles = sheets.write_tiles(stage.sheet("tiles.csv"), nile_tiles.bills(stage.today))
        yesterday = stage.today - timedelta(days=1)
        sheets.write_transfers(stage.sheet("transfers.csv"), season.transfers(stage.bills), yesterday)
        sheets.write_numbers(stage.sheet("season.txt"), stage.bills)
        found += [f"{customers} rows of customers", f"{invoices} of invoices", f"{tiles} of Nile Tiles"]


def _import(stage: Stage, kind: str, name: str, *, apply: bool) -> dict[str, Any]:
    words = ("import", kind, str(stage.sheet(name)), "--tenant", OURS.slug)
    return stage.line(*words, *(("--apply",) if apply else ()))


def _try_imports(stage: Stage) -> None:
    """What would become of each row; nothing is written yet."""
    with (
        stage.teller.step("bursar import customers and invoices, dry runs") as found,
        ThreadPoolExecutor(2) as pool,
    ):
        customers = pool.submit(_import, stage, "customers", "customers.csv", apply=False)
        invoices = pool.submit(_import, stage, "invoices", "season.xlsx", apply=False).result()
        found += [counted(customers.result()), counted(invoices)]
    refused = [row for row in invoices["rows"] if row["outcome"] == "refused"]
    stage.teller.say(f"refused: {refused[0]['reason']}")


def _import_sheets(stage: Stage) -> None:
    with stage.teller.step("bursar import customers --apply (Arabic headings)") as found:
        told = _import(stage, "customers", "customers.csv", apply=True)
        stage.outcome.merged_rows = told["unchanged"]
        found.append(counted(told))
    with stage.teller.step("bursar import invoices --apply (XLSX)") as found:
        told = _import(stage, "invoices", "season.xlsx", apply=True)
        stage.outcome.imported, stage.outcome.refused_rows = told["created"], told["refused"]
        found.append(counted(told))


def _upload_sheets(stage: Stage) -> None:
    with stage.teller.step("Bank transfers in Arabic-Indic digits, uploaded over the API") as found:
        run = upload(stage, OURS.slug, "payments", "transfers.csv")
        stage.outcome.transfers = run["counts"]["created"]
        found.append(f"{run['counts']['created']} created")
    with stage.teller.step("Nile Tiles uploads its own sheet (cp1256, semicolons)") as found:
        run = upload(stage, THEIRS.slug, "invoices", "tiles.csv")
        found.append(f"{run['counts']['created']} created")


def upload(stage: Stage, slug: str, kind: str, name: str) -> dict[str, Any]:
    api = stage.api(slug)
    run = api.upload("/imports/files", stage.sheet(name), kind=kind)
    return api.post(f"/imports/{run['id']}/application")


def counted(told: dict[str, Any]) -> str:
    names = ("created", "updated", "unchanged", "refused")
    return ", ".join(f"{told[name]} {name}" for name in names if told[name]) or "nothing"


def _promise_and_dispute(stage: Stage) -> None:
    """Two invoices of which nobody is to be reminded for now."""
    api = stage.api(OURS.slug)
    silent = {buyer.company for buyer in stage.buyers if not buyer.email}
    late = [
        one
        for one in api.each("/invoices", status="overdue", limit=100)
        if one["days_late"] < 20 and one["customer_name"] not in silent
    ]
    promised, disputed = sorted(late, key=lambda one: one["number"])[:2]
    with stage.teller.step("A promise and a dispute over the API") as found:
        day = stage.today + timedelta(days=9)
        api.post("/promises", {"invoice_id": promised["id"], "promised_for": day.isoformat()})
        statement = "Eleven of the dresses came in the wrong size; we sent them back."
        api.post("/disputes", {"invoice_id": disputed["id"], "reason": "quality", "statement": statement})
        found += [f"{promised['number']} by {day:%d %B}", f"{disputed['number']} contested"]


def pay(stage: Stage, invoices: Sequence[dict[str, Any]]) -> str:
    """What is open of these, which are one customer's, in one payment over the API; the amount."""
    amount = sum((Decimal(one["balance"]["amount"]) for one in invoices), Decimal(0))
    money = {"amount": str(amount), "currency": invoices[0]["balance"]["currency"]}
    shares = [{"invoice_id": one["id"]} for one in invoices]
    payment = {"amount": money, "received_on": stage.today.isoformat(), "method": "bank_transfer"}
    stage.api(OURS.slug).post("/payments", {**payment, "allocate_to": shares})
    return f"{money['currency']} {amount:,}"


def _write_template(stage: Stage) -> None:
    api = stage.api(OURS.slug)
    with stage.teller.step("Its own template, in English and Arabic, published") as found:
        first = words.written("en")
        made = api.post(
            "/templates",
            {"code": words.CODE, "name": words.NAME, "category": "overdue_notice", "first": first},
        )
        path = f"/templates/{made['id']}"
        draft = api.post(f"{path}/drafts", words.written("ar"))["id"]
        for version in (made["versions"][0]["id"], draft):
            made = api.post(f"{path}/versions/{version}/publication")
        found.extend(made["published"])


def _plan_campaign(stage: Stage) -> None:
    numbers = str(stage.sheet("season.txt"))
    with stage.teller.step("bursar campaign create, over all 420 numbers") as found:
        made = stage.line(
            *("campaign", "create", "--tenant", OURS.slug, "--name", "End of season"),
            *("--kind", "overdue_notice", "--invoices", numbers, "--template", words.CODE),
        )
        stage.campaign_id = made["id"]
        stage.outcome.planned, stage.outcome.excluded = made["total"], made["excluded"]
        found.append(f"{made['total']} mails")
    left_out = ", ".join(f"{many} {reason}" for reason, many in sorted(made["excluded"].items()))
    stage.teller.say(f"left out: {left_out}")
    with stage.teller.step("bursar campaign preview: every mail as it would go") as found:
        shown = stage.line("campaign", "preview", stage.campaign_id, "--tenant", OURS.slug)
        tongues = Counter(one["locale"] for one in shown["messages"])
        stage.outcome.languages = tongues
        problems = [one["problem"] for one in shown["messages"] if one["problem"]]
        found += [f"{many} in {name}" for name, many in sorted(tongues.items())]
        found.append(f"{len(problems)} with a problem")
    example = next(one for one in shown["messages"] if one["locale"] == "en")
    stage.teller.say(f"for example to {example['to_name']}: {example['subject']}")
