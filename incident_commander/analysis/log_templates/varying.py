"""Which words vary: forms of lines that are alike but for words that take many values are one form.

Forms are compared within one length and punctuation, as in Brain (Yu et al., IEEE TSC 2023), but counted by distinct
forms rather than by lines, so that one value's being frequent hides nothing. A word varies where the same surroundings
are seen with many values of it, or with one value that varies by its shape. Few values that alternate (states, verbs,
methods) are different messages.
"""

import re
from collections.abc import Iterable

from .condensing import condensed
from .covering import Cover
from .scanning import VARIABLE, Form, is_mark, words

_MANY = 4
"""Values from which a word is a variable: fewer are alternatives, as in ok, warning, critical."""
_VERY_MANY = 10
_LITTLE_CONTEXT = 8
_MOST_ROUNDS = 6
_CAPITALS = re.compile(r"[A-Z][A-Z_]+(?: .*)?")
_INFLECTED = re.compile(r"[A-Za-z]+(?:ed|ing)")
_EMPTY_WORDS = words(
    "a an the of to for from in on at by as is are was were be been has have had with and or not no it its "
    "this that set"
)


def unify(forms: Iterable[Form], constants: frozenset[str] = frozenset()) -> dict[Form, Form]:
    """Each form with the more general one that it belongs to, `<*>` where a word that is no constant varies."""
    general = {form: condensed(form) for form in forms}
    for _ in range(_MOST_ROUNDS):
        found: dict[Form, Form] = {}
        for alike in _alike(set(general.values()), constants):
            found |= _unified(alike)
        found |= _joined_elsewhere({found.get(now, now) for now in general.values()}, constants)
        if not found:
            break
        general = {form: condensed(_last(now, found)) if now in found else now for form, now in general.items()}
    return general


def _last(form: Form, found: dict[Form, Form]) -> Form:
    while form in found:
        form = found[form]
    return form


def _alike(forms: set[Form], constants: frozenset[str]) -> list[list[Form]]:
    """Forms by length, punctuation and constants, those that stand alone left out, in an order of their own."""
    classes: dict[Form, list[Form]] = {}
    for form in forms:
        shape = tuple(token if token in constants or is_mark(token) else "" for token in form)
        classes.setdefault(shape, []).append(form)
    return [sorted(members) for members in classes.values() if len(members) > 1]


def _unified(forms: list[Form]) -> dict[Form, Form]:
    """Those of forms that are alike which unite, each with what it becomes."""
    now = {form: form for form in forms}
    for _ in range(_MOST_ROUNDS):
        left = sorted(set(now.values()))
        found = _by_one_word(left) or _by_anchors(left)
        if not found:
            break
        made = Cover(found.values())
        for form in left:
            general = found.get(form) or made.of(form)
            if general is not None:
                found[form] = general
        now = {form: found.get(current, current) for form, current in now.items()}
    return {form: general for form, general in now.items() if form != general}


def _joined_elsewhere(forms: set[Form], constants: frozenset[str]) -> dict[Form, Form]:
    """Forms with a word joined to a variable, as in `localhost:<*>`, where others have but a variable."""
    found: dict[Form, Form] = {}
    for form in sorted(forms):
        for i in range(1, len(form) - 1):
            if form[i] in (":", "@") and (form[i - 1] == VARIABLE) != (form[i + 1] == VARIABLE):
                whole = (*form[: i - 1], VARIABLE, *form[i + 2 :])
                if whole in forms and _told(whole) > 0 and constants.isdisjoint(form[i - 1 : i + 2]):
                    found[form] = whole
    return found


def _columns(forms: list[Form]) -> list[int]:
    return [i for i in range(len(forms[0])) if any(form[i] != forms[0][i] for form in forms)]


def _by_one_word(forms: list[Form]) -> dict[Form, Form]:
    """Unite forms that differ in one word, the word of most values first."""
    candidates: list[tuple[int, int, Form, list[Form]]] = []
    for i in _columns(forms):
        same: dict[Form, list[Form]] = {}
        for form in forms:
            same.setdefault(form[:i] + form[i + 1 :], []).append(form)
        candidates += [(-len(group), i, rest, group) for rest, group in same.items() if len(group) > 1]
    candidates.sort()
    found: dict[Form, Form] = {}
    for _, i, rest, group in candidates:
        left = [form for form in group if form not in found]
        if len(left) > 1 and _varies([form[i] for form in left], i, rest):
            found |= dict.fromkeys(left, (*rest[:i], VARIABLE, *rest[i:]))
    return found


def _by_anchors(forms: list[Form]) -> dict[Form, Form]:
    """Unite forms that share the words which many of their class have, and differ in several that few have."""
    if len(forms) < _MANY:
        return {}
    columns = _columns(forms)
    support: dict[tuple[int, str], int] = {}
    for form in forms:
        for i in columns:
            support[i, form[i]] = support.get((i, form[i]), 0) + 1
    anchored: dict[Form, list[Form]] = {}
    for form in forms:
        kept = list(form)
        for i in columns:
            if support[i, form[i]] < _MANY:
                kept[i] = VARIABLE
        anchored.setdefault(tuple(kept), []).append(form)
    found: dict[Form, Form] = {}
    for kept_form, group in anchored.items():
        holes = [i for i in columns if kept_form[i] == VARIABLE and any(form[i] != VARIABLE for form in group)]
        rest = tuple(token for i, token in enumerate(kept_form) if i not in holes)
        values = {i: sorted({form[i] for form in group}) for i in holes}
        varying = all(len(values[i]) >= _MANY and _varies(values[i], i, kept_form) for i in holes)
        if holes and varying and _told(rest) > len(holes):
            found |= dict.fromkeys(group, kept_form)
    return found


def _varies(values: list[str], i: int, rest: Form) -> bool:
    """Whether the word at place i with these distinct values, amid the rest of its form, is a variable."""
    told = _told(rest)
    if told == 0:
        return False
    if VARIABLE in values and (told > 1 or i > 0):
        return True
    if sum(bool(_CAPITALS.fullmatch(v) or _INFLECTED.fullmatch(v)) for v in values) * 2 >= len(values):
        return len(values) >= _VERY_MANY
    if i > 0 and rest[i - 1].lower() in ("user", "username"):
        return True
    return len(values) >= (_MANY if told > 1 and i > 0 else _LITTLE_CONTEXT)


def _told(tokens: Form) -> int:
    """How many words say something."""
    return sum(
        word != VARIABLE and not is_mark(word) and word.lower() not in _EMPTY_WORDS
        for token in tokens
        for word in token.split(" ")
    )
