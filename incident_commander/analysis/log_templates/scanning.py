"""A log line as tokens, what varies by its very shape among them replaced by `<*>`.

Shapes are those of logs in general: numbers, identifiers, addresses, paths, times, amounts. Nothing is known of any one
program's format; what varies without showing it (names of people, hosts, files without a slash) is found by `varying`.
"""

import re

VARIABLE = "<*>"
MOST_CHARACTERS = 2000
"""Of a line that are read; the rest is one variable."""
MOST_TOKENS = 128
JOINTS = frozenset(":,=|@#;")
"""Marks that join variables to one: host and port, a list of numbers."""
Form = tuple[str, ...]
"""Tokens of a line."""
_MOST_REMEMBERED = 100_000


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


_DELIMITERS = r"\s\"'<>\[\](){},;:=|@\#!"
_WORD_OR_MARK = rf"""
    (?P<word> (?: [^{_DELIMITERS}.] | (?<=\w)'(?=\w) | \.(?!\.|$) )+ )
    |(?P<mark> \.+ | [{_DELIMITERS}] )
    """
_REST = r"[^\s\"'<>\[\](){},;|]"
_SHAPE = rf"""
    (?P<variable>
        <\*>
      | [A-Za-z][\w+.-]*://{_REST}+                                        # address of a resource
      | (?<!.)[<>~]=?\d[\w.]*%?(?=[,;.)]*$)                               # less than so much
      | (?<![\w.:])(?:[0-9A-Fa-f]{{1,4}}:){{3,7}}[0-9A-Fa-f]{{1,4}}(?![\w:])  # hardware address, IPv6
      | (?<![\w.:])(?=[0-9A-Fa-f:]*\d)[0-9A-Fa-f:]*::[0-9A-Fa-f:.]*(?:%\w+)?(?![\w:])
      | (?<=<)[^\s<>@]+@[^\s<>@]+(?=>)                                    # mail address
      | [\w.+-]+@(?:[A-Za-z][\w-]*(?:\.[\w-]+)+)?(?![\w@])
      | (?:[A-Za-z][\w-]*\.)+[A-Za-z][\w-]*:\d+(?![\w:])               # host and port, file and line
      | (?:[a-z0-9-]+\.)+(?:com|net|org|edu|gov|io|local|localdomain|internal|lan)(?![\w.-])
      | (?<![\w.])[A-Za-z]:\\{_REST}*                                    # paths
      | (?<![\w.])\\{_REST}+
      | (?<![^{_DELIMITERS}])/(?:{_REST}+|(?![^\s\"']))
    )
    |"""
_TOKEN = re.compile(_SHAPE + _WORD_OR_MARK, re.VERBOSE)
_PLAIN_TOKEN = re.compile(_WORD_OR_MARK, re.VERBOSE)
_SHAPED = re.compile(r"[/\\@:<>~.]")
"""What every shape has some of; a piece without is split the quick way."""
_DIGIT = re.compile(r"\d")
_NAME_AND_NUMBER = re.compile(r"([A-Za-z]{2,}[-_.]?)-?\d+")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{6,}")
_VALUES = words("null nil none None NULL true false True False TRUE FALSE NaN nan")
_BEFORE_VALUES = frozenset("=:(")
_NUMBERS = re.compile(r"/?-?\d(?:[\d.:-]*\d)?")
_DATE_WORDS = words(
    "Mon Tue Wed Thu Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday Jan Feb Mar Apr May "
    "Jun Jul Aug Sep Oct Nov Dec January February March April June July August September October November "
    "December"
)
_UNITS = words(
    "B KB MB GB TB PB kB kb mb gb KiB MiB GiB TiB byte bytes Bytes ns us µs ms msec msecs s sec secs second "
    "seconds m min mins minute minutes h hr hrs hour hours d day days nanoseconds microseconds millis "
    "millisecond milliseconds % AM PM am pm UTC GMT"
)
"""What varies with the number before it: 900 ms, 1.2 s."""
_SPECIAL = frozenset((VARIABLE, ")")) | _VALUES | _DATE_WORDS | _UNITS
"""Tokens that what stands before them may change."""


class Scanner:
    """Reads lines into tokens; remembers the pieces of lines it has read, up to a limit.

    Args:
        constants: Words that are never a variable, whatever they look like.
    """

    def __init__(self, constants: frozenset[str] = frozenset()) -> None:
        self._constants = constants
        self._plain: dict[str, Form] = {}
        self._special: dict[str, Form] = {}

    def tokens(self, line: str) -> Form:
        """The line's tokens: words, single marks, and `<*>` for each run of what varies; white space is lost."""
        cut = len(line) > MOST_CHARACTERS
        tokens: list[str] = []
        amounts: list[int] = []
        plain, special = self._plain, self._special
        for piece in (line[:MOST_CHARACTERS] if cut else line).split():
            known = plain.get(piece)
            if known is not None:
                tokens += known
                continue
            known = special.get(piece)
            if known is None:
                known = self._remember(piece)
            for token in known:
                if token in _VALUES and tokens and tokens[-1] in _BEFORE_VALUES:
                    token = VARIABLE
                last = tokens[-1] if tokens else ""
                if not last.endswith(VARIABLE):
                    if token == VARIABLE:
                        while tokens and tokens[-1] in _DATE_WORDS:
                            tokens.pop()
                        if tokens and tokens[-1].endswith(VARIABLE):
                            continue
                        if len(tokens) > 1 and tokens[-2] == VARIABLE and tokens[-1] in JOINTS:
                            tokens.pop()
                            continue
                elif token in _UNITS:
                    amounts.append(len(tokens))
                    continue
                elif token == VARIABLE or token in _DATE_WORDS:
                    continue
                elif token == ")" and last == VARIABLE and amounts[-2:] == [len(tokens) - 2, len(tokens)]:
                    del tokens[-2:]  # 1293 bytes (1.26 KB): the same amount again
                    continue
                tokens.append(token)
        if cut or len(tokens) > MOST_TOKENS:
            del tokens[MOST_TOKENS:]
            if not tokens[-1].endswith(VARIABLE):
                tokens.append(VARIABLE)
        return tuple(tokens)

    def _remember(self, piece: str) -> Form:
        tokens = self._pieces(piece)
        into = self._plain if _SPECIAL.isdisjoint(tokens) else self._special
        if len(into) >= _MOST_REMEMBERED:
            into.clear()
        into[piece] = tokens
        return tokens

    def _pieces(self, piece: str) -> Form:
        if _NUMBERS.fullmatch(piece) and piece not in self._constants:
            return (VARIABLE,)
        tokens: list[str] = []
        for match in (_TOKEN if _SHAPED.search(piece) else _PLAIN_TOKEN).finditer(piece):
            text = match.group()
            if match.lastgroup == "variable" and text not in self._constants:
                tokens.append(VARIABLE)
            elif match.lastgroup == "word":
                tokens.append(self._word(text))
            else:
                tokens.append(text)
        return tuple(tokens)

    def _word(self, word: str) -> str:
        if word in self._constants:
            return word
        if _DIGIT.search(word):
            numbered = _NAME_AND_NUMBER.fullmatch(word)
            return numbered[1] + VARIABLE if numbered and not _HEXADECIMAL.fullmatch(word) else VARIABLE
        if word.count("/") >= 2 or word.count("\\") >= 2:
            return VARIABLE
        return word


def is_mark(token: str) -> bool:
    """Whether a token is punctuation."""
    if token.isalnum() or token == VARIABLE:
        return False
    return not any(character.isalnum() for character in token)
