"""A recorded incident as a folder of files: the alert, metrics, logs, traces, changes, and what a status page said.

The layout is that of the public RootCauseBench. Every file but the alert is optional, and none is trusted: what cannot
be used is skipped and listed as a gap. A ground truth is never opened, nor anything outside the folder.
"""

from .alert import CaseAlert
from .documents import CaseFolderError
from .folder import CaseFolder, read_case
from .writing import write_case

__all__ = ["CaseAlert", "CaseFolder", "CaseFolderError", "read_case", "write_case"]
