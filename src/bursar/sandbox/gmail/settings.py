"""What a program has to be told to speak with this Google instead of the real one."""

from bursar.sandbox.cloud.tokens import Client


def settings(url: str, client: Client) -> dict[str, str]:
    """Environment variables of Bursar; `url` is where the sandbox answers."""
    return {
        "BURSAR_GMAIL_CLIENT_ID": client.id,
        "BURSAR_GMAIL_CLIENT_SECRET": client.secret,
        "BURSAR_GOOGLE_ACCOUNTS_URL": url,
        "BURSAR_GOOGLE_TOKEN_URL": url,
        "BURSAR_GMAIL_URL": url,
    }
