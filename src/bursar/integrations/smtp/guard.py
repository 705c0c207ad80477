"""Where a host named by a tenant may lead (R136, R137): looked up once, each address judged before it is dialled.

What comes back are addresses, not names: whoever connects to them cannot be led elsewhere by a
second answer of the name server. The name itself still goes into SNI and the certificate check.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from bursar.core.errors import N_, Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Purpose = Literal["smtp", "https", "imap"]
Lookup = Callable[[str, int], Sequence[str]]

PORTS: dict[Purpose, frozenset[int]] = {
    "smtp": frozenset({25, 465, 587, 2525}),
    "https": frozenset({443}),
    "imap": frozenset({143, 993}),
}

# The only block of IPv6 that IANA has opened for global unicast; all else is closed until it does.
OPENED_IPV6 = ipaddress.ip_network("2000::/3")

# IANA special-purpose registries: what is not globally reachable, or leads to an IPv4 address inside.
# Written out although `is_global` knows most of it: that list differs between releases of Python.
CLOSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # between carriers and their customers
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and where clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.IGNORECASE)
NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


def system_lookup(host: str, port: int) -> list[str]:
    """Every A and AAAA this machine's resolver gives, blocking. Raises `OSError` if there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def resolve(
    host: str,
    port: int,
    allowed_networks: Iterable[str | Network] = (),
    purpose: Purpose = "smtp",
    lookup: Lookup = system_lookup,
) -> list[str]:
    """The addresses that may be dialled for `host`, in the resolver's order.

    One bad address among good ones refuses them all: the resolver may rotate them.
    Inside `allowed_networks` (BURSAR_PRIVATE_HOSTS) every port is open. Raises `Invalid`.
    """
    name = plain_name(host)
    networks = [ipaddress.ip_network(network) for network in allowed_networks]
    try:
        answers = await asyncio.to_thread(lookup, name, port)
    except (OSError, UnicodeError):
        answers = []
    if not answers:
        raise Invalid(
            N_("This host name leads nowhere. Check its spelling."), code="host_not_found", field="host"
        )
    addresses = [unwrapped(answer) for answer in answers]
    for address in addresses:
        _judge(address, port, networks, purpose)
    return [str(address) for address in addresses]


def plain_name(host: str) -> str:
    """`host` without its root dot, as ASCII. Raises `Invalid` for what only looks like a name.

    Old notations of addresses (2130706433, 0x7f.1, 0177.0.0.1) are refused before any resolver
    reads them its own way: as in URLs, a name whose last label is a number is an IPv4 address.
    """
    bare = host.removesuffix(".")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        name = bare.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if len(name) > 253 or not NAME.fullmatch(name) or NUMERIC_LABEL.fullmatch(name.rpartition(".")[2]):
        raise Invalid(
            N_("This is not a host name. Write it like smtp.example.com."),
            code="host_not_valid",
            field="host",
        )
    return name


def unwrapped(answer: str) -> Address:
    """The address meant by `answer`: an IPv4 address inside IPv6 (::ffff:127.0.0.1) is that IPv4 address."""
    address = ipaddress.ip_address(answer)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet's, by IANA's registries and not by what is usual."""
    if address.is_multicast or not address.is_global or any(address in network for network in CLOSED):
        return False
    return address.version == 4 or address in OPENED_IPV6


def is_inside(answer: str, networks: Iterable[str | Network]) -> bool:
    """Whether an address that may be dialled is one of our own network, where nobody else listens."""
    return any(unwrapped(answer) in ipaddress.ip_network(network) for network in networks)


def _judge(address: Address, port: int, networks: Sequence[Network], purpose: Purpose) -> None:
    if any(address in network for network in networks):
        return
    if not is_public(address):
        raise Invalid(
            N_("This host is inside a private network. Use one that the internet can reach."),
            code="host_not_public",
            field="host",
        )
    if port not in PORTS[purpose]:
        raise Invalid(
            N_("Port %(port)s is not open for this. Use one of: %(ports)s."),
            code="port_not_allowed",
            field="port",
            port=port,
            ports=", ".join(map(str, sorted(PORTS[purpose]))),
        )
