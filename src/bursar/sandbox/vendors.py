"""`python -m bursar.sandbox.vendors`: all who carry mail, in one process and over one post.

SMTP with IMAP, Gmail, Outlook, and SES with its topic; the pages show every mailbox. What one sends arrives at the
other. The first line says where each listens, as JSON, and what Bursar's environment has to say.
"""

import argparse
import sys

import uvloop
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from bursar.sandbox.cloud.control import control as cloud_control
from bursar.sandbox.cloud.post import Post
from bursar.sandbox.cloud.tokens import Client
from bursar.sandbox.gmail import app as gmail
from bursar.sandbox.gmail.settings import settings as gmail_settings
from bursar.sandbox.graph import app as graph
from bursar.sandbox.graph.settings import settings as graph_settings
from bursar.sandbox.imap import control as imap
from bursar.sandbox.imap.boxes import Boxes
from bursar.sandbox.imap.desk import Desk as ImapDesk
from bursar.sandbox.imap.desk import ImapSettings
from bursar.sandbox.imap.server import ImapServer
from bursar.sandbox.mailboxes.app import pages
from bursar.sandbox.mailboxes.box import Box
from bursar.sandbox.serving import listening, port_of, serve
from bursar.sandbox.smtp.control import control as smtp_control
from bursar.sandbox.smtp.dialogue import SinkSettings
from bursar.sandbox.smtp.sink import Sink
from bursar.sandbox.sns import app as sns
from bursar.sandbox.sns.ses import Ses
from bursar.sandbox.sns.topic import Topic

PORTS = {
    "smtp_port": "SMTP",
    "imap_port": "IMAP of the same mailboxes",
    "ses_port": "SES over SMTP",
    "gmail_port": "Google over HTTP",
    "graph_port": "Microsoft over HTTP",
    "sns_port": "SNS over HTTP",
    "pages_port": "HTTP pages that show every mailbox",
    "control_port": "HTTP: /smtp, /imap, /gmail, /graph and /sns",
}


def parsed(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bursar.sandbox.vendors", description=__doc__)
    option = parser.add_argument
    option("--host", default="127.0.0.1")
    option(
        "--mailbox", action="append", default=[], metavar="ADDRESS", help="has one at Google and at Microsoft"
    )
    option("--password", default="sandbox", help="everybody's, at SMTP and IMAP")
    for name, words in PORTS.items():
        option(f"--{name.replace('_', '-')}", type=int, default=0, help=f"{words}; 0: any free one")
    return parser.parse_args(given)


async def run(options: argparse.Namespace) -> None:
    """Until a signal ends it."""
    host: str = options.host
    web = ("gmail_port", "graph_port", "sns_port", "pages_port", "control_port")
    opened = listening(host, {name: getattr(options, name) for name in web})
    at = {name: f"http://{host}:{port_of(one)}" for name, one in opened.items()}
    post = Post()
    google, microsoft = Client("bursar-gmail", "secret-of-gmail"), Client("bursar-graph", "secret-of-graph")
    gmail_desk, graph_desk = gmail.new_desk(post, google), graph.new_desk(post, microsoft)
    for address in options.mailbox:
        gmail_desk.accounts.open(address)
        graph_desk.accounts.open(address)
    ses = Ses(Topic(url=at["sns_port"]), post)
    imap_desk = ImapDesk(ImapSettings(host, options.imap_port, options.password), Boxes(post))
    async with (
        Sink(SinkSettings(host, options.smtp_port, username=None, password=options.password), post) as sink,
        Sink(SinkSettings(host, options.ses_port, accepted=ses.accepted), ses) as ses_sink,
        ImapServer(imap_desk) as imap_server,
    ):
        controls: dict[str, ASGIApp] = {
            "smtp": smtp_control(sink),
            "imap": imap.control(imap_desk),
            "gmail": cloud_control(gmail_desk),
            "graph": cloud_control(graph_desk),
            "sns": sns.control(ses),
        }
        doors: dict[str, ASGIApp] = {
            "gmail_port": gmail.vendor(gmail_desk),
            "graph_port": graph.vendor(graph_desk),
            "sns_port": sns.vendor(ses.topic),
            "pages_port": pages(Box(post, post)),
            "control_port": Starlette(routes=[Mount(f"/{name}", one) for name, one in controls.items()]),
        }
        settings = {
            **gmail_settings(at["gmail_port"], google),
            **graph_settings(at["graph_port"], microsoft),
            "BURSAR_SNS_CERT_HOSTS": at["sns_port"].removeprefix("http://"),
        }
        told = {name: port_of(one) for name, one in opened.items()}
        told |= {"smtp_port": sink.port, "ses_port": ses_sink.port, "imap_port": imap_server.port}
        await serve(opened, doors, {**told, "host": host, "settings": settings})


if __name__ == "__main__":
    uvloop.run(run(parsed(sys.argv[1:])))
