"""Writing a small file once and for all: two processes that do it at the same time end up with the same content."""

import os
import secrets
from pathlib import Path


def written_once(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole and durably, unless there is one: then that one stays."""
    if path.exists():
        return
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            # Another process was first; its content is the one.
            return
        _sync_directory(path.parent)
    finally:
        unfinished.unlink()


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
