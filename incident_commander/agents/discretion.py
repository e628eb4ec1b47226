"""What stays with the responders where somebody did it on purpose and may be reading, and what is left to do."""

from ..domain.findings import FaultKind

_WITHHELD: dict[FaultKind, str] = {
    "credential_compromise": (
        "Confidential. Not for the public status page: whose credentials, what was read or changed, where the calls "
        "came from, and what is about to be revoked. Say there which functions are affected and when the next word "
        "comes. Whether customers or authorities must be told is for security and legal to decide."
    ),
    "attack_traffic": (
        "Not for the public status page: which requests are told apart, how, and what is refused; an attacker reads it "
        "too. Say there that some requests are slow or fail, that it is being dealt with, and when the next word comes."
    ),
}
_LEFT_TO_DO: dict[FaultKind, tuple[str, ...]] = {
    "credential_compromise": (
        "Find out how the credentials were taken, and since when others used them.",
        "List what was read or changed under them, and have security and legal decide who must be told.",
        "Keep the audit log of that time where nobody can change it.",
    ),
    "attack_traffic": (
        "Look through what was refused for customers who were taken for attackers, and lift the block in time.",
        "Limit what one client may ask of the route that was pressed.",
    ),
    "disk_full": (
        "Bound what filled the volume: retention, rotation, or a job that cleans up after itself.",
        "Alert on the time until a volume is full, not on the share in use.",
    ),
}


def withheld(fault: FaultKind) -> str:
    """What must not be told to the public of a fault, and what may be; empty where nothing needs to be held back."""
    return _WITHHELD.get(fault, "")


def left_to_do(fault: FaultKind) -> tuple[str, ...]:
    """What a fault of this kind leaves to do once it is over."""
    return _LEFT_TO_DO.get(fault, ())
