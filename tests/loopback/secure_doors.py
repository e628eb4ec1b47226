"""The doors over TLS on a free port of 127.0.0.1, for clients that take nothing else."""

import ipaddress
import os
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ..running import REPOSITORY, ProcessGroup, free_port

READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SecureDoors:
    """Where the doors are, and what to believe them by."""

    url: str
    trust: ssl.SSLContext


@contextmanager
def secure_doors(folder: Path) -> Iterator[SecureDoors]:
    """The doors over a store of their own, behind a certificate of their own; no response."""
    folder.mkdir(parents=True)
    certificate, key = _write_certificate(folder)
    port = free_port()
    command: list[str | Path] = [
        Path(sys.executable).with_name("granian"),
        *("--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        *("--ssl-certificate", certificate, "--ssl-keyfile", key),
        "tests.api.doors:application",
    ]
    env = {**os.environ, "IC_DATA_DIR": str(folder / "data")}
    doors = SecureDoors(f"https://127.0.0.1:{port}", ssl.create_default_context(cafile=certificate))
    with ProcessGroup(command, log=folder / "log", cwd=REPOSITORY, env=env) as group:
        group.wait_until(
            lambda: httpx.get(f"{doors.url}/health", verify=doors.trust).is_success, READY_SECONDS, "the doors"
        )
        yield doors


def _write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 for a day, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = builder.add_extension(here, critical=False).sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"
