"""Signing a ballot and checking its signature: Ed25519 over the ballot's canonical JSON."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..domain.ballot import Ballot, SignedBallot, Voter


class ForeignBallot(ValueError):
    """A voter was asked to sign a ballot in another voter's name."""


class Signer:
    """Signs one voter's own ballots, and offers nothing else: the key is not reachable by its interface."""

    __slots__ = ("__key", "__voter")

    def __init__(self, voter: Voter, key: Ed25519PrivateKey) -> None:
        self.__voter = voter
        self.__key = key

    def sign(self, ballot: Ballot) -> SignedBallot:
        """The ballot with its signature and the signer's public key, both base64.

        Raises:
            ForeignBallot: the ballot names another voter.
        """
        if ballot.voter != self.__voter:
            raise ForeignBallot(f"the signer of {self.__voter!r} signs no ballot of {ballot.voter!r}")
        return SignedBallot(
            ballot=ballot,
            public_key=encode_public_key(self.__key.public_key()),
            signature=base64.b64encode(self.__key.sign(ballot.canonical())).decode(),
        )


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
