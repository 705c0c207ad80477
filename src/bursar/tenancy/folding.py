"""Text as people mean it: one spelling for comparing, Latin digits, no invisible marks.

Names of columns, months, languages and currencies are compared in this form and never shown in it.
"""

import re
import unicodedata

# Marks of direction and width that spreadsheets and chat programs leave in a cell: they draw nothing.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u061c\u2060\ufeff\u00ad"))
# Arabic-Indic (U+0660), Persian (U+06F0) and full-width (U+FF10) digits.
_DIGITS = {start + digit: str(digit) for start in (0x0660, 0x06F0, 0xFF10) for digit in range(10)}
# Spellings of one letter that Arabic writers do not tell apart: alef with hamza or madda, alef maqsura
# and Persian yeh, teh marbuta, Persian kaf; tatweel only stretches a word.
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ـ": None}
)
_WORD = re.compile(r"[^\W_]+")
_ARTICLE = re.compile(r"^ال(?=\w{2})")


def without_marks(text: str) -> str:
    """`text` less the characters that are invisible and carry nothing; overrides of direction stay."""
    return text if text.isascii() else text.translate(_INVISIBLE)


def latin_digits(text: str) -> str:
    return text if text.isascii() else text.translate(_DIGITS)


def fold(text: str) -> str:
    """Words in lower case, one space between, without accents, vowel signs, punctuation, Arabic articles."""
    decomposed = unicodedata.normalize("NFKD", without_marks(text).translate(_ARABIC))
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = _WORD.findall(latin_digits(letters.translate(_ARABIC).casefold()))
    return " ".join(_ARTICLE.sub("", word) for word in words)
