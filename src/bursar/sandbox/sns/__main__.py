"""`python -m bursar.sandbox.sns`: SES over SMTP and its topic of SNS. Its first line says where, as JSON."""

import argparse
import sys

import uvloop

from bursar.sandbox.serving import beside, listening, port_of
from bursar.sandbox.serving import serve as serve_doors
from bursar.sandbox.smtp.control import control as smtp_control
from bursar.sandbox.smtp.dialogue import SinkSettings
from bursar.sandbox.smtp.sink import Sink
from bursar.sandbox.sns.app import control, vendor
from bursar.sandbox.sns.ses import Ses
from bursar.sandbox.sns.topic import Topic


def parsed(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bursar.sandbox.sns", description=__doc__)
    option = parser.add_argument
    option("--host", default="127.0.0.1")
    option("--port", type=int, default=0, help="SNS over HTTP; 0: any free one")
    option("--smtp-port", type=int, default=0, help="SES over SMTP; 0: any free one")
    option("--control-port", type=int, default=0, help="HTTP; 0: any free one")
    option("--username", default="AKIASANDBOX")
    option("--password", help="demand AUTH with it")
    option("--topic", default="ses-events")
    return parser.parse_args(given)


async def serve(options: argparse.Namespace) -> None:
    """Until a signal ends it."""
    opened = listening(options.host, {"port": options.port, "control_port": options.control_port})
    at = f"{options.host}:{port_of(opened['port'])}"
    topic = Topic(options.topic, f"http://{at}")
    ses = Ses(topic)
    smtp = SinkSettings(
        host=options.host,
        port=options.smtp_port,
        username=options.username,
        password=options.password,
        accepted=ses.accepted,
    )
    async with Sink(smtp, ses) as sink:
        line = {name: port_of(one) for name, one in opened.items()}
        line |= {"smtp_port": sink.port}
        told = {"host": options.host, "url": topic.url, "topic": topic.arn}
        settings = {"BURSAR_SNS_CERT_HOSTS": at}
        doors = {"port": vendor(topic), "control_port": beside(control(ses), smtp=smtp_control(sink))}
        await serve_doors(opened, doors, {**line, **told, "settings": settings})


if __name__ == "__main__":
    uvloop.run(serve(parsed(sys.argv[1:])))
