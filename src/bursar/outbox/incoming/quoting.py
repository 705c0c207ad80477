"""Where in an answer the history below it begins, so that a person sees what is new."""

import re

from bursar.outbox.incoming.decoding import QUOTE_MARK

_INTRODUCED = re.compile(
    r"""^(?:
        On\b.{5,200}\bwrote:
      | Am\b.{5,200}\bschrieb\b.{0,120}:
      | Le\b.{5,200}\ba\ écrit\s?:
      | El\b.{5,200}\bescribió:
      | .{0,200}\bwrote:
      | .{0,20}בתאריך.{5,200}
      | .{0,300}\bכתב/?ה?:?\W?
      | .{0,20}في\ .{5,200}كتب.{0,80}:
      | -{2,}\s?(?:Original\ Message|Ursprüngliche\ Nachricht|Message\ d'origine|
            Message\ original|Forwarded\ message|הודעה\ מקורית|الرسالة\ الأصلية|رسالة\ أصلية)\s?-{2,}
      | _{10,}
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_HEAD_LINE = re.compile(
    r"^\W{0,3}(?:From|Von|De|מאת|من|Da)\s?:\W{0,3}\s?\S.{0,200}$",
    re.IGNORECASE,
)
_NEXT_HEAD_LINE = re.compile(
    r"^\W{0,3}(?:Sent|Date|To|Gesendet|Datum|An|Envoyé|À|נשלח|תאריך|אל|تاريخ(?: \S+)?|"
    r"الإرسال|التاريخ|إلى|Inviato|A)\s?:",
    re.IGNORECASE,
)


def cut_at(text: str) -> int | None:
    """The position at which quoted history begins; None if there is none, or nothing stands above it.

    People answer below or between the lines too: quoted lines count only where nothing but such follow.
    """
    lines = text.split("\n")
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    for nth, line in enumerate(lines):
        if _begins(lines, nth, line.strip()):
            return starts[nth] if text[: starts[nth]].strip() else None
    return None


def _begins(lines: list[str], nth: int, line: str) -> bool:
    if line == QUOTE_MARK:
        return True
    if len(line) > 420:
        return False
    if _INTRODUCED.match(line):
        return _rest_is_history(lines, nth + 1)
    two = f"{line} {lines[nth + 1].strip()}" if nth + 1 < len(lines) else ""
    if (
        two
        and len(two) < 300
        and two.endswith(":")
        and re.match(r"(?:On|Am|Le|El)\b", line)
        and _INTRODUCED.match(two)
    ):
        return _rest_is_history(lines, nth + 2)
    if _HEAD_LINE.match(line):
        return any(_NEXT_HEAD_LINE.match(one.strip()) for one in lines[nth + 1 : nth + 4])
    return line.startswith(">") and all(one.startswith(">") or not one.strip() for one in lines[nth:])


def _rest_is_history(lines: list[str], after: int) -> bool:
    """After "… wrote:" either every line is marked, or none is: then all of it is the other's."""
    rest = [one for one in lines[after:] if one.strip() and one.strip() != QUOTE_MARK]
    marked = [one.lstrip().startswith(">") for one in rest]
    return all(marked) or not any(marked)
