"""The templates of a log, mined from its lines, and the one that a further line belongs to."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from .condensing import condensed
from .covering import Cover
from .scanning import VARIABLE, Form, Scanner
from .varying import unify


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What lines of one kind have in common. Compared by identity: one mining makes one of each kind.

    Attributes:
        text: A line of it with its variable parts as `<*>`. Text from outside.
        form: Its tokens.
    """

    text: str
    form: Form

    def matches(self, line: str) -> bool:
        """Whether the line is the text with something, or nothing, for each `<*>`; white space does not count."""
        first, *others = _bare(self.text).split(VARIABLE)
        bare = _bare(line)
        if not others:
            return bare == first
        if not bare.startswith(first) or not bare.endswith(others[-1]):
            return False
        at, end = len(first), len(bare) - len(others[-1])
        for part in others[:-1]:
            found = bare.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return at <= end


class Templates:
    """Mined templates. Give a line, get its template, in time that hardly grows with the number of templates."""

    def __init__(self, scanner: Scanner, known: dict[Form, Template], constants: frozenset[str]) -> None:
        self._scanner = scanner
        self._known = known
        self._by_form = {template.form: template for template in known.values()}
        self._cover = Cover(self._by_form, constants)

    def __len__(self) -> int:
        return len(self._by_form)

    def of(self, line: str) -> Template | None:
        """The template of a line, also of one that was not mined; None where it is like none of them."""
        tokens = self._scanner.tokens(line)
        known = self._known.get(tokens)
        if known is not None:
            return known
        general = self._cover.of(condensed(tokens))
        return None if general is None else self._by_form[general]


@dataclass(frozen=True, slots=True)
class Mined:
    """The templates of a log, and that of each of its lines, in their order."""

    templates: Templates
    of_lines: tuple[Template, ...]


def mine_templates(lines: Iterable[str], constants: frozenset[str] = frozenset(), most_forms: int = 10_000) -> Mined:
    """Find the templates of a log. The same lines in any order give the same groups, up to `most_forms`.

    Args:
        lines: Messages without the time, level and source that a log puts before them.
        constants: Words that are never variables, such as the names of services.
        most_forms: Distinct lines, numbers and the like aside, that are compared with each other. Those that come
            later get a template found among these, or one of their own; it bounds the time that odd logs take.
    """
    scanner = Scanner(constants)
    forms: list[Form] = []
    of_line: dict[str, Form] = {}
    examples: dict[Form, str] = {}
    for line in lines:
        form = of_line.get(line)
        if form is None:
            form = of_line[line] = scanner.tokens(line)
            examples.setdefault(form, line)
        forms.append(form)
    templates: dict[Form, Template] = {}
    known: dict[Form, Template] = {}
    general = unify(itertools.islice(examples, most_forms), constants)
    cover = Cover(general.values(), constants)
    for form, line in examples.items():
        now = general.get(form)
        if now is None:
            own = condensed(form)
            now = cover.of(own) or own
        if now not in templates:
            templates[now] = Template(_spelled(now, line), now)
        known[form] = templates[now]
    return Mined(Templates(scanner, known, constants), tuple(known[form] for form in forms))


def _bare(text: str) -> str:
    return "".join(text.split())


def _spelled(form: Form, line: str) -> str:
    """The form with white space where an example of it has some."""
    text = ""
    at = 0
    for token in " ".join(form).split(" "):
        if token == VARIABLE:
            text += (" " if line[at : at + 1].isspace() else "") + token
            continue
        word = token.removesuffix(VARIABLE)
        start = _find(word, line, at)
        spaced = text and (line[start - 1].isspace() if start > 0 else not text.endswith(VARIABLE))
        text += (" " if spaced else "") + token
        at = max(at, start + len(word))
    return text


def _find(word: str, line: str, at: int) -> int:
    """Where a word next begins, not inside another; -1 where it does not."""
    start = line.find(word, at)
    while start > 0 and word[:1].isalnum() and (line[start - 1].isalnum() or line[start - 1] == "_"):
        start = line.find(word, start + 1)
    return start
