"""Documents that are here - runbooks, and how incidents ended - and which of them speak of something (BM25)."""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from ..domain.reasoning import Asked, Passage
from .vectors import words

Documents = Callable[[Asked], Awaitable[Sequence[Passage]]]

_K1, _B = 1.2, 0.75
"""As Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), section 3.5, advise for want of tuning."""


def best(query: str, documents: Sequence[Passage], limit: int) -> tuple[Passage, ...]:
    """The documents that share words with a query, by BM25, the most fitting first; each with its score."""
    held = [Counter(words(f"{each.title} {each.text}")) for each in documents]
    lengths = [counts.total() for counts in held]
    if not any(lengths):
        return ()
    mean = sum(lengths) / len(lengths)
    scores = [0.0] * len(held)
    for word in sorted(set(words(query))):
        having = sum(1 for counts in held if word in counts)
        rare = math.log(1 + (len(held) - having + 0.5) / (having + 0.5))
        for index, counts in enumerate(held):
            often = counts[word]
            scores[index] += rare * often * (_K1 + 1) / (often + _K1 * (1 - _B + _B * lengths[index] / mean))
    ranked = sorted(range(len(held)), key=lambda index: (-scores[index], index))
    found = [documents[index].model_copy(update={"score": scores[index]}) for index in ranked if scores[index] > 0]
    return tuple(found[:limit])


def runbooks(folder: Path) -> tuple[Passage, ...]:
    """The sections of the Markdown files of a folder, each a passage with its file and heading."""
    found: list[Passage] = []
    for path in sorted(each for each in folder.glob("**/*.md") if each.is_file()):
        title, lines = path.stem, list[str]()
        for line in [*path.read_text(encoding="utf-8", errors="replace").splitlines(), "# "]:
            if not line.startswith("#"):
                lines.append(line)
                continue
            text = "\n".join(lines).strip()
            if text:
                found.append(Passage(title=title, text=text, where=str(path.relative_to(folder))))
            title, lines = f"{path.stem}: {line.lstrip('# ').strip()}", []
    return tuple(found)
