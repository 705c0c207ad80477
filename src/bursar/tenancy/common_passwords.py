"""Which passwords anybody would try first (R135): words, the decorations people put on them, and patterns.

The published lists of thousands are mostly these words with digits, signs, capitals or a letter
turned into a digit. So the words are kept once and the decoration is taken off what was typed.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

_WORD_LIST = """
abcdef access account action adidas admin administrator alexander amanda amazon america amour andrew
angel angela animal anthony apple arsenal asdf ashley august austin azerty baby babygirl bailey banana
barbara barcelona baseball basketball batman beautiful beauty beirut bella benjamin biteme blackberry
blessed blink bonjour booboo boston brandon brasil brother buddy bursar butterfly camille canada carlos
caroline catherine changeit changeme charlie charlotte cheese chelsea chicago chicken chocolate chouchou
christ christian claire coffee computer consumer cookie corvette cowboy daniel danielle database debug
default defender diamond doctor dolphin donald dragon dubai eagle eastern elephant elizabeth emirates
emmanuel engineer england fabrice falcon family father february ferrari firebird flower football forever
france freedom friday friend friends gabriel garfield general genesis george ginger google guest guitar
hammer hannah happy harley heather hello helpme herewego hockey hottie hunter iloveyou india internet
invoice iphone isabelle israel jackson jacob january jasmine jennifer jeremy jerusalem jessica jesus
johnson jonathan jordan joseph joshua julien justin kevin killer king kitty knight lakers laptop laura
lebanon letmein liberty linkedin liverpool london lovely loveme lover loveyou lucky madison maison
manager manchester margaret marseille martin master matrix matthew maverick melissa mercedes merlin
mexico michael michelle microsoft midnight mohamed mohammed monday money monkey monster morgan
motdepasse mother mustang mynoob nathalie nathan nicholas nicole nintendo nothing november october
oliver operator orange paris parola pass passcode passe passphrase passw passwd password patricia
patrick peanut pepper phoenix photoshop pikachu player please pokemon porsche power prince princess
private purple qwer qwert qwerty rabbit rachel raiders rainbow ranger real realmadrid rebecca richard
robert root samantha samsung sandra saturday scooter sebastian secret secure security server shadow
shalom sharjah sister slipknot snoopy soccer soleil sophie spider spiderman startrek starwars steelers
stella stephanie summer sunday sunshine superman superstar support sweetheart system taylor teacher
telaviv temp temporary test tester testing thomas thunder thursday tiger tigger tinkerbell toto trustno
tuesday tweety unknown user valentina vanessa victoria victory vincent volcom wednesday welcome whatever
william winner winter wizard world yankees yellow zaq zaqwsx zidane
"""
_WORDS = frozenset(_WORD_LIST.split())
_SWAPPED = str.maketrans("013457@$!", "oieastasi")
_KEYBOARD = (
    "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()_+",
    "qazwsxedcrfvtgbyhnujmikolp",
    "zaqxswcdevfrbgtnhymjukilop",
)
_NOT_LETTERS_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_SHORTEST_DIGITS_THAT_MAY_PASS = 12  # shorter ones are dates and telephone numbers
_MOST_DECORATION = 8  # a date behind a word; more than that is a password of its own


def is_common(password: str, about: Iterable[str] = ()) -> bool:
    """True if it is easily guessed; `about` are words that stand near: the person's name, address, firm."""
    text = password.casefold()
    cores = {_NOT_LETTERS_AROUND.sub("", form) for form in (text, text.translate(_SWAPPED))}
    cores |= {_NOT_LETTERS_AROUND.sub("", text).translate(_SWAPPED)}
    near = {word for each in about for word in re.split(r"[\W\d_]+", each.casefold()) if len(word) > 2}
    known = _WORDS | near
    cores = {core for core in cores if len(text) - len(core) <= _MOST_DECORATION}
    return _is_pattern(text) or any(_is_walk(core) or _is_made_of(core, known) for core in cores)


def _is_made_of(core: str, words: Iterable[str]) -> bool:
    """One word, or two in a row ("passpass", "helloworld")."""
    letters = re.sub(r"[\W\d_]+", "", core)
    if len(core) - len(letters) > _MOST_DECORATION:
        return False
    if letters in words:
        return True
    return any(letters[:cut] in words and letters[cut:] in words for cut in range(3, len(letters) - 2))


def _is_pattern(text: str) -> bool:
    if text.isdigit() and len(text) < _SHORTEST_DIGITS_THAT_MAY_PASS:
        return True
    if len(set(text)) < 4:
        return True
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    if steps in ({1}, {-1}):
        return True
    half = len(text) // 2
    if any(text == (text[:unit] * len(text))[: len(text)] for unit in range(1, min(half, 4) + 1)):
        return True
    return _is_walk(text)


def _is_walk(text: str) -> bool:
    """Neighbours on the keyboard, there or back."""
    return len(text) > 3 and any(text in row or text in row[::-1] for row in _KEYBOARD)
