"""What Working Title writes this season: its own template, in the two languages of its customers."""

from importlib import resources

CODE = "season_reminder"
NAME = "Season reminder"
HOW_TO_PAY = "https://working-title.example.com/how-to-pay"
"""Where the button in it leads."""


def written(locale: str) -> dict[str, str]:
    """As the API takes them. A file begins with its subject; the body follows a line of three dashes."""
    text = (resources.files("bursar.demo") / "data" / f"{CODE}.{locale}.html").read_text("utf-8")
    subject, _, body = text.partition("\n---\n")
    return {"locale": locale, "subject": subject, "body": body.strip()}
