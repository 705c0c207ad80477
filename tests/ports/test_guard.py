import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.integrations.smtp.guard import is_public, resolve

pytestmark = [pytest.mark.anyio, pytest.mark.pure]

GOOD = ["8.8.8.8", "1.1.1.1", "192.0.1.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::2004"]
BAD = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
]


def answering(*addresses):
    """A resolver that knows these for every name."""
    return lambda _host, _port: list(addresses)


@pytest.mark.parametrize("address", GOOD)
async def test_an_address_of_the_internet_is_open(address):
    assert await resolve("mail.example.com", 587, lookup=answering(address)) == [address]


@pytest.mark.parametrize("address", BAD)
async def test_an_address_that_is_not_of_the_internet_is_refused(address):
    with pytest.raises(Invalid) as refusal:
        await resolve("mail.example.com", 587, lookup=answering(address))

    assert (refusal.value.code, refusal.value.field) == ("host_not_public", "host")


@pytest.mark.parametrize("address", BAD)
async def test_one_bad_answer_among_good_ones_refuses_the_host(address):
    for answers in (("8.8.8.8", address), (address, "8.8.8.8")):
        with pytest.raises(Invalid, match="private network"):
            await resolve("mail.example.com", 587, lookup=answering(*answers))


async def test_an_ipv4_address_inside_ipv6_is_unwrapped_before_it_is_dialled():
    assert await resolve("mail.example.com", 587, lookup=answering("::ffff:8.8.8.8")) == ["8.8.8.8"]


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "0x7f.0.0.1", "127.1", "0177.0.0.1", "127.0.0.0x1", "1.2.3", "1.2.3.4.5", "example.123",
        "", ".", "..", "a..b", "-a.example", "a-.example", "mail example.com", "mail.example.com\r\nX", "mail.example.com\0",
        "user@mail.example.com", "http://mail.example.com", "mail.example.com/x", "mail.example.com:25", "[::1]",
        "a" * 64 + ".example", ".".join(["a" * 60] * 5), "127。0。0。1",
    ],
)  # fmt: skip
async def test_what_only_looks_like_a_host_is_refused_before_anybody_is_asked(host):
    asked = []

    def lookup(name, _port):
        asked.append(name)
        return ["8.8.8.8"]

    with pytest.raises(Invalid) as refusal:
        await resolve(host, 587, lookup=lookup)

    assert (refusal.value.field, asked) == ("host", [])


@pytest.mark.parametrize(
    "host", ["localhost", "localhost.", "LOCALHOST", "127.0.0.1", "127.0.0.1.", "::1", "0.0.0.0"]
)
async def test_this_machine_is_refused_by_every_name_it_has(host):
    with pytest.raises(Invalid, match="private network"):
        await resolve(host, 587)


async def test_a_root_dot_is_dropped_before_the_name_is_asked_for():
    asked = []

    def lookup(name, _port):
        asked.append(name)
        return ["8.8.8.8"]

    await resolve("mail.example.com.", 587, lookup=lookup)

    assert asked == ["mail.example.com"]


async def test_a_name_in_arabic_is_asked_for_as_it_stands_in_the_dns():
    asked = []

    def lookup(name, _port):
        asked.append(name)
        return ["8.8.8.8"]

    await resolve("مثال.إختبار", 587, lookup=lookup)

    assert asked == ["xn--mgbh0fb.xn--kgbechtv"]


@pytest.mark.parametrize(
    ("purpose", "good", "bad"),
    [("smtp", (25, 465, 587, 2525), (22, 80, 443, 5432, 6379)), ("https", (443,), (25, 80, 8443))],
)
async def test_only_the_ports_of_the_purpose_are_open(purpose, good, bad):
    for port in good:
        await resolve("example.com", port, purpose=purpose, lookup=answering("8.8.8.8"))
    for port in bad:
        with pytest.raises(Invalid) as refusal:
            await resolve("example.com", port, purpose=purpose, lookup=answering("8.8.8.8"))
        assert (refusal.value.code, refusal.value.field) == ("port_not_allowed", "port")


async def test_an_allowed_network_is_open_at_every_port_and_its_neighbour_is_not():
    assert await resolve(
        "relay", 10025, ["10.1.0.0/16", "fd00::/8"], lookup=answering("10.1.2.3", "fd00::5")
    ) == ["10.1.2.3", "fd00::5"]
    with pytest.raises(Invalid, match="private network"):
        await resolve("relay", 25, ["10.1.0.0/16"], lookup=answering("10.2.0.1"))


async def test_an_allowed_network_opens_no_port_of_the_internet():
    with pytest.raises(Invalid) as refusal:
        await resolve("relay", 10025, ["10.1.0.0/16"], lookup=answering("10.1.2.3", "8.8.8.8"))

    assert refusal.value.code == "port_not_allowed"


async def test_a_name_nobody_knows_is_told_apart_from_a_forbidden_one():
    def unknown(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    for lookup in (unknown, answering()):
        with pytest.raises(Invalid) as refusal:
            await resolve("mail.example.com", 587, lookup=lookup)
        assert refusal.value.code == "host_not_found"


async def test_a_second_answer_of_the_name_server_changes_nothing():
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])

    assert await resolve("rebind.example", 587, lookup=lambda *_: next(answers)) == ["8.8.8.8"]
    with pytest.raises(Invalid):
        await resolve("rebind.example", 587, lookup=lambda *_: next(answers))


@given(st.ip_addresses())
def test_nothing_is_open_that_python_calls_private_or_multicast(address):
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_private
        assert isinstance(address, ipaddress.IPv4Address) or address.sixtofour is None
