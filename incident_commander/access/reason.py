"""Why somebody acts, in their own words, as the ledger keeps it."""

LONGEST_REASON = 500


class BadReason(ValueError):
    """What was given is no reason; the message says what one is."""


def reason_of(written: str, *, required: bool = True) -> str:
    """The reason without the blanks around it; empty only where none is required.

    Raises:
        BadReason: it is missing, too long, or holds what cannot be printed.
    """
    reason = written.strip()
    if not reason and required:
        raise BadReason("a reason is needed, which the ledger keeps: say why in a few words")
    if len(reason) > LONGEST_REASON:
        raise BadReason(f"the reason has {len(reason)} characters; {LONGEST_REASON} are kept at most, shorten it")
    if not all(character.isprintable() or character in "\n\t" for character in reason):
        raise BadReason("the reason holds characters that cannot be printed; write it in plain words")
    return reason
