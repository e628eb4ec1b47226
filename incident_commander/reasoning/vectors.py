"""Texts as vectors, and how near they are. Vectors of different spaces are never compared."""

import hashlib
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatMatrix = npt.NDArray[np.float64]

LOCAL_SPACE = "local/hashed-words-512"
LOCAL_DIMENSIONS = 512


class DifferentSpaces(ValueError):
    """Vectors of two spaces were to be compared: their distance would mean nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Vectors of length one, or zero where a text has nothing in it.

    Attributes:
        space: Who made them, with how many dimensions: only those of one space can be compared.
        rows: float64[n_texts, n_dimensions].
    """

    space: str
    rows: FloatMatrix

    def similarity(self, other: "Vectors") -> FloatMatrix:
        """Cosines, float64[n_texts, n_texts of the other].

        Raises:
            DifferentSpaces: they cannot be compared.
        """
        if self.space != other.space:
            raise DifferentSpaces(
                f"vectors of {self.space!r} and of {other.space!r} cannot be compared; embed both anew by one of them"
            )
        return self.rows @ other.rows.T

    def nearest(self) -> tuple[int, ...]:
        """The texts after the first one by how near they are to it, the nearest first; numbered from 0."""
        near = self.rows[1:] @ self.rows[0]
        return tuple(int(index) for index in np.argsort(-near, kind="stable"))


def words(text: str) -> list[str]:
    """The words of a text in lower case, those of a name such as `paymentService` or `http_5xx` apart."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.findall(r"[a-z][a-z]+|\d+[a-z]+", apart.lower().replace("_", " "))


def hashed(texts: list[str] | tuple[str, ...]) -> Vectors:
    """Texts by their words and the beginnings of those, hashed into a fixed number of dimensions.

    It knows no meaning: only texts that share words are near. Signed hashing of features: Weinberger et al. 2009.
    """
    rows = np.zeros((len(texts), LOCAL_DIMENSIONS))
    for row, text in zip(rows, texts, strict=True):
        for word in words(text):
            for feature, weight in ((word, 1.0), (f"{word[:5]}-", 0.5)):
                digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
                row[int.from_bytes(digest[:4], "big") % LOCAL_DIMENSIONS] += weight if digest[4] & 1 else -weight
        length = float(np.linalg.norm(row))
        if length > 0:
            row /= length
    return Vectors(LOCAL_SPACE, rows)
