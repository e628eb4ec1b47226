"""Signing a ballot and checking its signature: Ed25519 over the ballot's canonical JSON."""

import base64
import binascii
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..domain.ballot import Ballot, SignedBallot, Voter

MAX_BALLOT_BYTES = 4096
"""What a ballot's canonical JSON may take: AWS KMS signs nothing longer. In the practice company it is 600 to 2600."""


class ForeignBallot(ValueError):
    """A voter was asked to sign a ballot in another voter's name."""


class BallotTooLong(ValueError):
    """A ballot is longer than can be signed everywhere."""


class Signer(Protocol):
    """Signs one voter's own ballots, and offers nothing else: the key is not reachable by its interface."""

    def sign(self, ballot: Ballot) -> SignedBallot:
        """The ballot with its signature and the signer's public key, both base64. May wait for AWS.

        Raises:
            ForeignBallot: the ballot names another voter.
            BallotTooLong: it is longer than `MAX_BALLOT_BYTES`.
        """
        ...


class LocalSigner:
    """Signs with a key in this process."""

    __slots__ = ("__key", "__voter")

    def __init__(self, voter: Voter, key: Ed25519PrivateKey) -> None:
        self.__voter = voter
        self.__key = key

    def sign(self, ballot: Ballot) -> SignedBallot:
        """See Signer."""
        signature = self.__key.sign(to_be_signed(ballot, self.__voter))
        return signed_ballot(ballot, encode_public_key(self.__key.public_key()), signature)


def to_be_signed(ballot: Ballot, voter: Voter) -> bytes:
    """What a voter's signature is over.

    Raises:
        ForeignBallot: the ballot names another voter.
        BallotTooLong: it is longer than `MAX_BALLOT_BYTES`.
    """
    if ballot.voter != voter:
        raise ForeignBallot(f"the signer of {voter!r} signs no ballot of {ballot.voter!r}")
    message = ballot.canonical()
    if len(message) > MAX_BALLOT_BYTES:
        raise BallotTooLong(
            f"the ballot of {voter!r} takes {len(message)} bytes; {MAX_BALLOT_BYTES} are signed at most: "
            "shorten its reason or cite less"
        )
    return message


def signed_ballot(ballot: Ballot, public_key: str, signature: bytes) -> SignedBallot:
    """A ballot with its signature."""
    return SignedBallot(ballot=ballot, public_key=public_key, signature=base64.b64encode(signature).decode())


def encode_public_key(key: Ed25519PublicKey) -> str:
    """The raw 32 bytes of a public key in base64, as ballots carry it."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def signature_is_valid(signed: SignedBallot) -> bool:
    """Whether the signature is the carried key's over exactly this ballot. Whose key that is, is not asked here."""
    key, signature = _canonical_base64(signed.public_key), _canonical_base64(signed.signature)
    if key is None or signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed.ballot.canonical())
    except (InvalidSignature, ValueError):
        return False
    return True


def _canonical_base64(text: str) -> bytes | None:
    """Decode base64, refusing any second spelling of the same bytes (stray characters, unused bits)."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
