"""The figures in a text, to tell whether one says numbers that another does not."""

import re

_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")


def figures(text: str) -> frozenset[str]:
    """Every number of a text, times and dates by their parts, without commas between thousands."""
    found = (match.replace(",", "") for match in _FIGURE.findall(text))
    return frozenset(found)
