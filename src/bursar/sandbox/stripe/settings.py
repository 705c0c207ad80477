"""What a program has to be told to speak with this Stripe instead of the real one."""

from collections.abc import Mapping


def settings(url: str, pages_url: str) -> Mapping[str, str]:
    """Environment variables of Bursar; `url` is where the interface answers, `pages_url` where people pay."""
    return {
        "BURSAR_STRIPE_URL": url,
        "BURSAR_CHECKOUT_HOSTS": pages_url.partition("://")[2],
    }
