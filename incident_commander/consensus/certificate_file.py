"""A certificate as a file, with the plan it is for: what is needed to check it anywhere, but for the public keys."""

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from ..domain.ballot import Certificate
from ..domain.base import Value
from ..domain.plan import Plan

MAX_FILE_BYTES = 2**20


class UnreadableCertificate(Exception):
    """A file that holds no certificate which can be checked; the message says why and what to do."""


class CertificateFile(Value):
    """A certificate with its plan. Keys are left out on purpose: a file that brings its own keys vouches for itself."""

    format: Literal[1] = 1
    certificate: Certificate
    plan: Plan

    def as_json(self) -> str:
        """The file's content."""
        return self.model_dump_json(indent=2) + "\n"


def read_certificate(path: Path) -> CertificateFile:
    """Read a certificate's file.

    Raises:
        UnreadableCertificate: it cannot be read, is too large, or holds something else.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableCertificate(f"{path} cannot be read: {error.strerror}; name a certificate's file") from error
    if len(raw) > MAX_FILE_BYTES:
        raise UnreadableCertificate(f"{path} is larger than {MAX_FILE_BYTES} bytes, so it is no certificate")
    try:
        return CertificateFile.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UnreadableCertificate(
            f"{path} is no certificate's file: {where}: {first['msg']}; export it again with "
            "`incident-commander certificate export`"
        ) from error
