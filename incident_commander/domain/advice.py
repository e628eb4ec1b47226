"""What language models suspect, as diagnosis hears it: one witness among what is seen, and never more."""

from .base import Value
from .memory import Witness


class Advice(Value):
    """The causes that models suspect, weighed as the word of one witness.

    Attributes:
        models: Whose word it is; empty where none of them suspects anything.
        testimony: For each cause that one of them suspects.
    """

    models: tuple[str, ...] = ()
    testimony: tuple[Witness, ...] = ()


NO_ADVICE = Advice()
