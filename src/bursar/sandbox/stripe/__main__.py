"""`python -m bursar.sandbox.stripe`: Stripe as a process of its own, with its checkout pages and a control door.

The first line it prints is JSON: `url` (api.stripe.com), `pages_url` (checkout.stripe.com; its `/` shows all payments
with buttons), `control_url`, `accounts` (each with `id`, `name`, `test_key`, `live_key`) and `settings`, what Bursar's
environment has to say.

WHAT IT IS. Accounts, checkout sessions (create, list, retrieve, line items, expire), payment intents, charges,
refunds, disputes, customers, products, prices and events of API 2026-10-28.endive. What a request has and the
contract has not is refused. A payment intent exists from the first try on. Time-outs happen by its clock.

CARDS, by number on the page or by name at the control door: 4242424242424242 `paid`, 4000000000000002 `declined`,
4000000000009995 `insufficient_funds`, 4000000000000069 `expired_card`, 4000000000000119 `processing_error`,
4000002500003155 `authentication` (then a page of the bank), 4000000000000259 `disputed` (paid, then disputed);
`later` is the bank debit: complete and unpaid until it is settled. The page is a form: POST {url of the session} with
`number` or `card`, `email`, `name`, `method` (card, sepa_debit); its answer redirects to the success page, back to
itself (declined), or to `…/confirmation` (POST `decision`: agree, refuse).

THE CONTROL DOOR speaks JSON. 404: no such thing; 409: that cannot happen any more; 422: not understood.
  Accounts
    GET, POST /accounts {"name", "country"?, "currency"?, "key"?}   all of them, with their keys
    POST, DELETE /accounts/{id}/revocation      its keys are answered 401 `api_key_expired`, or good again
  Payments
    GET /sessions?reference=&status=&email=     session, account, url, items, payer, intent, charge,
        refunds and disputes of each
    GET /sessions/{id}   PATCH {"amount_total": 1}: from now on Stripe says this of it
    POST /sessions/{id}/attempts {"card"?, "email"?, "name"?}       somebody tries to pay, without the page
    POST /sessions/{id}/confirmation {"agreed"?}   /settlement {"came"?} (of `later`)   /expiry
    POST /payments/{payment intent}/refunds {"amount"?, "reason"?, "status"?: "pending"}     by the firm, at Stripe
    POST /refunds/{id}/outcome {"status": succeeded, failed or canceled}
    POST /payments/{payment intent}/disputes {"reason"?}   POST /disputes/{id}/outcome {"status": won or lost}
    GET /objects/{id}                           any object as it is now
  Webhooks
    GET, POST /endpoints {"url", "secret"?, "events"?, "of"?: account, "live"?}   DELETE /endpoints/{id}
    POST /endpoints/{id}/rotation {"secret"?}: a second one signs too; DELETE: only the newest does
    POST /endpoints/{id}/parcels                any bytes, signed and brought there
    GET /events?type=&object=&object=   (also of the money of a payment intent)
    POST /events {"type", "object": id or object, "instead"?: {"livemode": true…}, "of"?, "live"?}
    POST /events/{id}/resend {"times"?, "as_new"?}   the same event again, or the same change under another id
    GET /deliveries?event=&type=&object=        with the status of every attempt (null: no answer)
    GET, PUT /behaviour {"duplicates", "twins" (further event ids for one change), "hold", "delay_s", "jitter_s"
        (shuffles), "attempts" (4), "retry_s" (0.2, doubled each time), "skew_s", "forge" (signature, body, unsigned),
        "seed"}
    POST /flush {"order"?: as_is, backwards, shuffled}   what was held, one after the other
    GET /idle?seconds=                          until nothing is on its way
  Manners
    GET, PUT, POST /troubles [{"answer", "operation"?, "mailbox"? (account), "skip"?, "times"?, "accepted"?,
        "retry_after"?, "seconds"?, "message"?}]: lost, late, stall, twice, nonsense, or a name of GET /errors
        (rate_limit, api_error, unavailable, lock_timeout, api_key_expired…); operations are named as in `calls`
    GET /calls?since=                           what came: operation, params, key, status, replay_of, trouble
    GET /stalled?count=&wait=   POST /release
    GET, PUT /settings {"test_requests_per_second": 25, "live_requests_per_second": 100}; null: no limit
    GET, PUT /clock {"now"} or {"ahead_s"}      what runs out by that expires at once
    POST /reset                                 everything but the accounts and their keys
"""

import argparse
import sys

import uvloop

from bursar.sandbox import serving
from bursar.sandbox.stripe.control import accounts, control
from bursar.sandbox.stripe.desk import Desk, vendor
from bursar.sandbox.stripe.pages import pages
from bursar.sandbox.stripe.settings import settings

PORTS = {"port": "its interface", "pages_port": "its pages", "control_port": "the control door"}


def parsed(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bursar.sandbox.stripe",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--host", default="127.0.0.1")
    for name, words in PORTS.items():
        option(f"--{name.replace('_', '-')}", type=int, default=0, help=f"{words}; 0: any free one")
    option(
        "--account", action="append", default=[], metavar="NAME", help="a firm that has one; none: one firm"
    )
    option("--key", default="", help="the first account's in test mode; none: a new one")
    return parser.parse_args(given)


async def run(options: argparse.Namespace) -> None:
    """Until a signal ends it."""
    opened = serving.listening(options.host, {name: getattr(options, name) for name in PORTS})
    ports = {name: serving.port_of(one) for name, one in opened.items()}
    at = {name: f"http://{options.host}:{port}" for name, port in ports.items()}
    desk = Desk()
    desk.world.pages_url = at["pages_port"]
    for place, name in enumerate(options.account or ["A firm"]):
        desk.world.open_account(name, key="" if place else options.key)
    doors = {"port": vendor(desk), "pages_port": pages(desk.world), "control_port": control(desk)}
    told = {
        **ports,
        "host": options.host,
        "url": at["port"],
        "pages_url": at["pages_port"],
        "control_url": at["control_port"],
        "accounts": accounts(desk),
        "settings": settings(at["port"], at["pages_port"]),
    }
    await serving.serve(opened, doors, told)


if __name__ == "__main__":
    uvloop.run(run(parsed(sys.argv[1:])))
