"""The general form that a form is a case of, found without trying them all."""

from collections.abc import Iterable

from .scanning import VARIABLE, Form, is_mark


class Cover:
    """General forms by where they vary: few such patterns are in use, whatever the number of forms.

    Args:
        constants: Words that no variable stands for.
    """

    def __init__(self, forms: Iterable[Form], constants: frozenset[str] = frozenset()) -> None:
        self._constants = constants
        patterns: dict[int, dict[tuple[int, ...], set[Form]]] = {}
        for form in forms:
            holes = tuple(i for i, token in enumerate(form) if token == VARIABLE)
            patterns.setdefault(len(form), {}).setdefault(holes, set()).add(form)
        self._patterns = {
            length: sorted(by_holes.items(), key=lambda pattern: (len(pattern[0]), pattern[0]))
            for length, by_holes in patterns.items()
        }

    def of(self, form: Form) -> Form | None:
        """The general form with the fewest variables that gives this one with a word for each, itself among them."""
        for holes, forms in self._patterns.get(len(form), ()):
            if not any(form[i] in self._constants or is_mark(form[i]) for i in holes):
                blanked = list(form)
                for i in holes:
                    blanked[i] = VARIABLE
                if tuple(blanked) in forms:
                    return tuple(blanked)
        return None
