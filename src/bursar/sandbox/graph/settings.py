"""What a program has to be told to speak with this Microsoft instead of the real one."""

from bursar.sandbox.cloud.tokens import Client


def settings(url: str, client: Client) -> dict[str, str]:
    """Environment variables of Bursar; `url` is where the sandbox answers."""
    return {
        "BURSAR_MICROSOFT_CLIENT_ID": client.id,
        "BURSAR_MICROSOFT_CLIENT_SECRET": client.secret,
        "BURSAR_MICROSOFT_LOGIN_URL": url,
        "BURSAR_GRAPH_URL": f"{url}/v1.0",
    }
