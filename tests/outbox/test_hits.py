from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.outbox.hits import Agent, Class, Hit, classify, read_agent, truncated
from bursar.outbox.states import EngagementKind

pytestmark = pytest.mark.pure

OPEN, CLICK = EngagementKind.OPEN, EngagementKind.CLICK
HUMAN, PROXY, PREFETCH, BOT, UNKNOWN = "human_likely", "proxy", "prefetch", "bot", "unknown"
SENT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
LATER = SENT + timedelta(minutes=40)

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
EDGE = WINDOWS + " Edg/142.0.0.0"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.2"
OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; Microsoft Outlook 16.0.5134; ms-office; MSOffice 16)"
PIXEL = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
TAB = "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
IPAD = "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"


@pytest.mark.parametrize(
    ("user_agent", "verdict", "client", "device"),
    [
        (GMAIL, PROXY, "Gmail", None),
        (YAHOO, PROXY, "Yahoo Mail", None),
        ("Mozilla/5.0", PREFETCH, "Apple Mail", None),
        ("WhatsApp/2.25.12 A", PREFETCH, None, None),
        ("facebookexternalhit/1.1", PREFETCH, None, None),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", PREFETCH, None, None),
        ("Microsoft Office Existence Discovery", PREFETCH, None, None),
        (WINDOWS + " BingPreview/1.0b", PREFETCH, None, None),
        ("", BOT, None, None),
        ("   ", BOT, None, None),
        ("curl/8.9.1", BOT, None, None),
        ("Wget/1.24", BOT, None, None),
        ("python-requests/2.32", BOT, None, None),
        ("Go-http-client/2.0", BOT, None, None),
        ("Java/17.0.9", BOT, None, None),
        (WINDOWS.replace("Chrome", "HeadlessChrome"), BOT, None, None),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", BOT, None, None),
        ("Barracuda Sentinel (EE)", BOT, None, None),
        (WINDOWS + " Proofpoint", BOT, None, None),
        ("Mimecast URL Protect", BOT, None, None),
        (WINDOWS + " SafeLinks", BOT, None, None),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", BOT, None, None),
        (OUTLOOK, HUMAN, "Outlook", "desktop"),
        (THUNDERBIRD, HUMAN, "Thunderbird", "desktop"),
        (IPHONE, HUMAN, "Apple Mail", "mobile"),
        (MAC, HUMAN, "Safari", "desktop"),
        (WINDOWS, HUMAN, "Chrome", "desktop"),
        (EDGE, HUMAN, "Edge", "desktop"),
        (FIREFOX, HUMAN, "Firefox", "desktop"),
        (PIXEL, HUMAN, "Chrome", "mobile"),
        (TAB, HUMAN, "Chrome", "tablet"),
        (IPAD, HUMAN, "Chrome", "tablet"),
        ("Mystery/1.0", UNKNOWN, None, None),
    ],
)
def test_a_user_agent_gives_away_who_it_is(user_agent, verdict, client, device):
    agent = read_agent(user_agent)
    assert (agent.verdict.value, agent.client, agent.device) == (verdict, client, device)
    assert classify(Hit(OPEN, LATER, user_agent), sent_at=SENT).value == verdict


@pytest.mark.parametrize(
    ("ip", "kind", "expected"),
    [
        ("17.58.101.9", OPEN, PREFETCH),  # Apple's privacy proxy
        ("17.58.101.9", CLICK, HUMAN),
        ("40.94.20.1", OPEN, HUMAN),
        ("52.101.8.4", OPEN, HUMAN),  # Microsoft: opens are people's ...
        ("52.101.8.4", CLICK, BOT),  # ... links are checked from there
        ("64.235.150.7", CLICK, BOT),
        ("67.231.149.1", OPEN, BOT),
        ("205.139.111.1", CLICK, BOT),
        ("185.93.1.77", CLICK, HUMAN),
        ("2001:db8::1", CLICK, HUMAN),
    ],
)
def test_a_network_of_scanners_gives_it_away(ip, kind, expected):
    assert classify(Hit(kind, LATER, MAC, ip_address(ip)), sent_at=SENT).value == expected


@pytest.mark.parametrize(
    ("kind", "seconds", "expected"),
    [
        (CLICK, 4.9, BOT),
        (CLICK, 5, HUMAN),
        (CLICK, -3, BOT),
        (OPEN, 1.9, PREFETCH),
        (OPEN, 2, HUMAN),
        (OPEN, 86400, HUMAN),
    ],
)
def test_nobody_reads_before_the_mail_can_have_arrived(kind, seconds, expected):
    assert classify(Hit(kind, SENT + timedelta(seconds=seconds), MAC), sent_at=SENT).value == expected


def test_a_providers_proxy_stays_one_however_quick():
    assert classify(Hit(OPEN, SENT, GMAIL), sent_at=SENT) is Class.PROXY


def test_without_a_known_hand_over_haste_is_not_judged():
    assert classify(Hit(CLICK, SENT, MAC)) is Class.HUMAN_LIKELY


def clicks(*seconds_and_positions, user_agent=MAC):
    return [
        Hit(CLICK, LATER - timedelta(seconds=ago), user_agent, position=at)
        for ago, at in seconds_and_positions
    ]


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([], HUMAN),
        ([(1, 0)], HUMAN),  # a second link soon after the first
        ([(1, 0), (2, 1)], BOT),  # the third within ten seconds
        ([(9, 0), (10, 1)], BOT),
        ([(9, 0), (11, 1)], HUMAN),
        ([(1, 2), (2, 2), (3, 2)], HUMAN),  # the same link again and again is impatience
    ],
)
def test_many_links_in_a_breath_are_a_scanners(earlier, expected):
    assert (
        classify(Hit(CLICK, LATER, MAC, position=2), sent_at=SENT, earlier=clicks(*earlier)).value == expected
    )


def test_an_open_and_a_click_together_are_a_person():
    opened = Hit(OPEN, LATER - timedelta(milliseconds=200), MAC)
    assert classify(Hit(CLICK, LATER, MAC, position=0), sent_at=SENT, earlier=[opened]) is Class.HUMAN_LIKELY


def test_whoever_follows_the_hidden_link_is_a_machine_and_so_is_its_next_click():
    trapped = Hit(CLICK, LATER, MAC, position=9, honeypot=True)
    assert classify(trapped, sent_at=SENT) is Class.BOT

    def after(seconds):
        click = Hit(CLICK, LATER + timedelta(seconds=seconds), MAC, position=0)
        return classify(click, sent_at=SENT, earlier=[trapped])

    assert after(3) is Class.BOT
    assert after(300) is Class.HUMAN_LIKELY  # the person comes after the scanner


@pytest.mark.parametrize(
    ("seconds", "before", "expected"),
    [(12, WINDOWS, UNKNOWN), (13, WINDOWS, HUMAN), (3, MAC, HUMAN), (3, GMAIL, HUMAN), (3, "", HUMAN)],
)
def test_two_systems_within_seconds_leave_doubt(seconds, before, expected):
    earlier = [Hit(OPEN, LATER - timedelta(seconds=seconds), before)]
    assert classify(Hit(CLICK, LATER, MAC, position=0), sent_at=SENT, earlier=earlier).value == expected


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "Preview"])
def test_a_browser_that_says_it_only_looks_ahead_is_believed(purpose):
    assert classify(Hit(CLICK, LATER, MAC, purpose=purpose), sent_at=SENT) is Class.PREFETCH


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("not an address", None),
        ("", None),
        (None, None),
    ],
)
def test_only_the_neighbourhood_of_an_address_is_kept(ip, kept):
    network = truncated(ip)
    assert (network and str(network)) == kept


@given(st.text(max_size=2000), st.ip_addresses(), st.sampled_from([OPEN, CLICK]))
def test_any_stranger_gets_a_class_and_never_a_crash(user_agent, ip, kind):
    assert classify(Hit(kind, LATER, user_agent, ip), sent_at=SENT) in Class
    assert isinstance(read_agent(user_agent), Agent)
    assert ip in truncated(ip) or getattr(ip, "ipv4_mapped", None)
