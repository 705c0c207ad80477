"""The command line, put together: one file a noun."""

from importlib.metadata import version
from typing import Annotated

import typer

from bursar.cli import (
    agents,
    analytics,
    api_keys,
    audit,
    bank,
    campaigns,
    chases,
    credit_notes,
    doctor,
    documents,
    exclusions,
    imports,
    inbounds,
    incoming,
    invoice_sending,
    invoices,
    operating,
    orders,
    payment_links,
    payments,
    price_changes,
    products,
    recurring,
    refunds,
    reports,
    secrets,
    sending_accounts,
    sequence_lists,
    sequences,
    serving,
    suppressions,
    template_trying,
    templates,
    tenants,
    tills,
    units,
    why,
)
from bursar.cli.building import Building

invoices.app.command("pdf")(documents.invoice_pdf)
invoices.app.command("send")(invoice_sending.send)
invoices.app.command("xml")(documents.invoice_xml)
credit_notes.app.command("pdf")(documents.credit_note_pdf)
credit_notes.app.command("xml")(documents.credit_note_xml)
templates.app.command("preview")(template_trying.show_preview)
templates.app.command("test")(template_trying.send_test)
sequences.app.command("stage")(sequence_lists.stage)
sequences.app.command("lists")(sequence_lists.lists_)
sequences.app.command("messages")(sequence_lists.messages)
sequences.app.command("release")(sequence_lists.release)
sequences.app.command("call-off")(sequence_lists.call_off)
sequences.app.command("left-out")(sequence_lists.left_out)
sequences.app.command("pause")(sequence_lists.pause)
sequences.app.command("resume")(sequence_lists.resume)


NOUNS = (
    ("tenant", tenants.app),
    ("agent", agents.app),
    ("sending-account", sending_accounts.app),
    ("campaign", campaigns.app),
    ("template", templates.app),
    ("exclusion", exclusions.app),
    ("inbox", incoming.app),
    ("inbound", inbounds.app),
    ("sequence", sequences.app),
    ("chase", chases.app),
    ("invoice", invoices.app),
    ("credit-note", credit_notes.app),
    ("payment", payments.app),
    ("refund", refunds.app),
    ("till", tills.app),
    ("bank", bank.app),
    ("report", reports.app),
    ("product", products.app),
    ("payment-link", payment_links.app),
    ("order", orders.app),
    ("price", price_changes.app),
    ("unit", units.app),
    ("recurring", recurring.app),
    ("suppression", suppressions.app),
    ("audit", audit.app),
    ("secrets", secrets.app),
    ("api-key", api_keys.app),
)
"""The groups of commands, as `bursar --help` lists them."""


def make_cli(building: Building | None = None) -> typer.Typer:
    """The commands over what `building` builds. Without one they can be described, not run."""
    cli = typer.Typer(
        name="bursar",
        help="The back office of a service firm: invoices, calm chasing, payments, one timeline per customer.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @cli.callback()
    def bursar(
        ctx: typer.Context,
        _asked: Annotated[
            bool,
            typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is."),
        ] = False,
    ) -> None:
        ctx.obj = building

    for command in (
        operating.migrate,
        serving.serve,
        operating.worker,
        operating.stop,
        doctor.doctor,
        why.why,
        analytics.results,
    ):
        cli.command()(command)
    cli.command("import")(imports.import_)
    for name, noun in NOUNS:
        cli.add_typer(noun, name=name)
    return cli


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"bursar {version('bursar')}")
        raise typer.Exit
