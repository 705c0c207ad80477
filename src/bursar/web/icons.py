"""Our icons: strokes on a 24 by 24 grid, drawn in the colour of the text around them."""

from markupsafe import Markup

_STROKES = {
    "home": "M4 11 12 4l8 7 M6 9.5V20h12V9.5 M10 20v-6h4v6",
    "users": "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7 M2.5 20c0-3.6 2.9-5.5 6.5-5.5s6.5 1.9 6.5 5.5"
    " M16 4.4a3.5 3.5 0 0 1 0 6.4 M18 14.9c2.2.7 3.5 2.4 3.5 5.1",
    "user": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8 M4.5 20.5c0-3.8 3.2-6 7.5-6s7.5 2.2 7.5 6",
    "invoice": "M6 3h12v18l-3-2-3 2-3-2-3 2z M9.5 8h5 M9.5 12h5",
    "send": "M20.5 3.5 3 10.2l7 3.3 3.3 7z M10 13.5l4-4",
    "upload": "M12 15.5V4.5 M7.5 9 12 4.5 16.5 9 M4.5 15v4.5h15V15",
    "download": "M12 4.5v11 M7.5 11l4.5 4.5 4.5-4.5 M4.5 15v4.5h15V15",
    "mail": "M3.5 5.5h17v13h-17z M4 6.5l8 6.5 8-6.5",
    "template": "M4 4h16v5H4z M4 13h7v7H4z M15 13h5 M15 16.5h5 M15 20h5",
    "journal": "M6 3.5h13v17H6a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2z M9 3.5v17 M12.5 8.5H16 M12.5 12H16",
    "task": "M4 4h16v16H4z M8 12l3 3 5.5-6",
    "bell": "M6.5 10a5.5 5.5 0 0 1 11 0c0 5 2 6.5 2 6.5h-15s2-1.5 2-6.5z M10 19.5a2.2 2.2 0 0 0 4 0",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13 M15.5 15.5 20.5 20.5",
    "settings": "M4 7h9 M17 7h3 M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4 M4 17h3 M11 17h9"
    " M9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4",
    "language": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18 M3.5 9.5h17 M3.5 14.5h17"
    " M12 3c-5 5.5-5 12.5 0 18 M12 3c5 5.5 5 12.5 0 18",
    "moon": "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
    "keyboard": "M2.5 6h19v12h-19z M6.5 10h.01 M10 10h.01 M14 10h.01 M17.5 10h.01 M8 14.2h8",
    "sign-out": "M14 8V4.5H4.5v15H14V16 M9.5 12h11 M17 8.5l3.5 3.5-3.5 3.5",
    "menu": "M4 6.5h16 M4 12h16 M4 17.5h16",
    "more": "M4.3 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0 M11.3 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0"
    " M18.3 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0",
    "close": "M6 6l12 12 M18 6 6 18",
    "check": "M5 12.5l4.5 4.5L19 7",
    "plus": "M12 5v14 M5 12h14",
    "next": "M9.5 6l6 6-6 6",
    "previous": "M14.5 6l-6 6 6 6",
    "down": "M6 9.5l6 6 6-6",
    "up": "M6 14.5l6-6 6 6",
    "alert": "M12 4 2.8 20h18.4z M12 10v4.5 M12 17.3h.01",
    "info": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18 M12 11v5.5 M12 7.8h.01",
    "clock": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18 M12 7v5.3l3.5 2",
    "pause": "M8 5v14 M16 5v14",
    "play": "M7 4.5v15L19.5 12z",
    "stop": "M6 6h12v12H6z",
    "refresh": "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9 M19.5 4v5h-5",
    "edit": "M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5z M13.5 7l3.5 3.5",
    "copy": "M8.5 8.5h11v11h-11z M15.5 8.5v-4h-11v11h4",
    "trash": "M4.5 6.5h15 M9 6.5v-3h6v3 M6.5 6.5l1 14h9l1-14 M10.2 10.5v6 M13.8 10.5v6",
    "filter": "M3.5 5h17l-6.5 8v6.5l-4-2V13z",
    "eye": "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"
    " M12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6",
    "link": "M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7L12.5 5.8"
    " M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1.1-1.1",
    "money": "M2.5 6h19v12h-19z M12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6 M6 9.5v5 M18 9.5v5",
    "file": "M6 3h8l4.5 4.5V21H6z M14 3v5h4.5",
    "lock": "M5.5 11h13v9.5h-13z M8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
    "flag": "M5.5 21V4 M5.5 4.5h13l-2.5 4 2.5 4h-13",
    "chart": "M4 20h16 M6.5 16.5v-5 M12 16.5V5 M17.5 16.5V9",
    "calendar": "M4 5.5h16v15H4z M4 10h16 M8.5 3v4.5 M15.5 3v4.5",
}

_ALONG_THE_LINE = frozenset({"next", "previous", "sign-out", "send", "journal"})
"""Those that point along the line of text, so they are mirrored where it runs from the right."""

NAMES = frozenset(_STROKES)


def icon(name: str, label: str | None = None) -> Markup:
    """An icon beside words is decoration; one that stands alone needs its `label`. `KeyError` for no such."""
    mirrored = " icon-mirrored" if name in _ALONG_THE_LINE else ""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon{}" viewBox="0 0 24 24" {}><path d="{}"/></svg>').format(
        mirrored, said, _STROKES[name]
    )
