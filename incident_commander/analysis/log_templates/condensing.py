"""Forms of lines that differ in how many things they list, made alike."""

from .scanning import JOINTS, VARIABLE, Form, is_mark

_LONGEST_GROUP = 8
_SEPARATES = frozenset((",", '"', "'"))


def condensed(tokens: Form) -> Form:
    """The tokens with lists of any length made alike: lists in brackets, repeated groups, neighbouring variables."""
    return _without_repeats(_joined(_quotes_as_words(_lists_as_variables(tokens))))


def _lists_as_variables(tokens: Form) -> Form:
    """`[a, b, c]`, `["a"]` and `[]` as `[<*>]`, `{}` likewise."""
    if "[" not in tokens and "{" not in tokens:
        return tokens
    out: list[str] = []
    opened = -1
    for token in tokens:
        out.append(token)
        if token in ("[", "{"):
            opened = len(out)
        elif token in ("]", "}") and opened >= 0:
            inside = out[opened:-1]
            listed = not _SEPARATES.isdisjoint(inside) and all(t in _SEPARATES or not is_mark(t) for t in inside)
            if listed or not inside:
                out[opened:-1] = [VARIABLE]
            opened = -1
    return tuple(out)


def _quotes_as_words(tokens: Form) -> Form:
    """What is quoted as one word, so that quoted texts of any length compare; a quoted dash says that there is none."""
    if '"' not in tokens and "'" not in tokens:
        return tokens
    out: list[str] = []
    opened: dict[str, int] = {}
    for token in tokens:
        if token in ('"', "'"):
            start = opened.pop(token, None)
            if start is None:
                opened[token] = len(out) + 1
            elif out[start:] == ["-"]:
                out[start:] = [VARIABLE]
            elif token == '"' or not any(is_mark(t) for t in out[start:]):
                out[start:] = [" ".join(out[start:])] if start < len(out) else []
        out.append(token)
    return tuple(out)


def _joined(tokens: Form) -> Form:
    out: list[str] = []
    for token in tokens:
        if token == VARIABLE and out:
            if out[-1].endswith(VARIABLE):
                continue
            if len(out) > 1 and out[-2] == VARIABLE and out[-1] in JOINTS:
                out.pop()
                continue
        out.append(token)
    return tuple(out)


def _without_repeats(tokens: Form) -> Form:
    """Groups of up to eight tokens, a variable among them, that follow themselves, once."""
    varying = [i for i, token in enumerate(tokens) if VARIABLE in token]
    periods = {later - i for n, i in enumerate(varying) for later in varying[n + 1 : n + 1 + _LONGEST_GROUP]}
    out = list(tokens)
    for size in sorted(period for period in periods if period <= _LONGEST_GROUP):
        at = 0
        while at + 2 * size <= len(out):
            if out[at] == out[at + size]:
                group = out[at : at + size]
                if out[at + size : at + 2 * size] == group and _repeats(group):
                    del out[at + size : at + 2 * size]
                    continue
            at += 1
    return tuple(out)


def _repeats(group: list[str]) -> bool:
    """Whether a group may be an item of a list: it varies, and quotes, if any, are whole and beside other words."""
    if not any(VARIABLE in token for token in group):
        return False
    if '"' not in group and "'" not in group:
        return True
    whole = group.count('"') % 2 == 0 and group.count("'") % 2 == 0
    return whole and any(token != VARIABLE and not is_mark(token) for token in group)
