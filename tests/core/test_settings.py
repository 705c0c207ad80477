"""What an operator may say of providers of payment: keys travel encrypted, and pages lead to hosts and nothing else."""

import pytest

from bursar.core.settings import BadSettings, load_settings

pytestmark = pytest.mark.pure


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BURSAR_STRIPE_URL", "BURSAR_CHECKOUT_HOSTS", "BURSAR_PRIVATE_HOSTS"):
        monkeypatch.delenv(name, raising=False)


def test_payments_are_stripes_where_nothing_else_is_said() -> None:
    settings = load_settings()

    assert (settings.stripe_url, settings.checkout_hosts) == (
        "https://api.stripe.com",
        ("checkout.stripe.com",),
    )


def test_a_sandbox_on_this_machine_needs_no_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_STRIPE_URL", "http://127.0.0.1:4242/")
    monkeypatch.setenv("BURSAR_CHECKOUT_HOSTS", "127.0.0.1:4243, Pay.Firm.example")
    settings = load_settings()

    assert settings.stripe_url == "http://127.0.0.1:4242"
    assert settings.checkout_hosts == ("127.0.0.1:4243", "pay.firm.example")


@pytest.mark.parametrize(
    "url", ["http://api.stripe.com", "http://10.1.2.3", "http://localhost:1", "ftp://x", "api.stripe.com"]
)
def test_a_key_never_travels_unencrypted(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("BURSAR_STRIPE_URL", url)

    with pytest.raises(BadSettings, match="BURSAR_STRIPE_URL"):
        load_settings()


@pytest.mark.parametrize(
    "hosts",
    [
        "https://checkout.stripe.com",
        "x.example/pay",
        "*",
        "'unsafe-inline'",
        "a.example; script-src *",
        "a b",
    ],
)
def test_what_is_no_host_gets_into_no_header(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("BURSAR_CHECKOUT_HOSTS", hosts)

    with pytest.raises(BadSettings, match="BURSAR_CHECKOUT_HOSTS"):
        load_settings()
