"""The voters' keys in AWS: in Secrets Manager, which hands a voter its key, or in KMS, which signs and keeps it.

A prefix `ops/voters` names the secret `ops/voters/detection`, or the KMS key `alias/ops/voters/detection`.
"""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ..aws import Aws, AwsError, NotFound, Pascal, Rejected
from ..domain.ballot import Ballot, SignedBallot, Voter
from .ballots import encode_public_key, signature_is_valid, signed_ballot, to_be_signed
from .keys import VoterKey, from_pem, new_pem
from .known_keys import UnusableKey

SIGNING_ALGORITHM = "ED25519_SHA_512"
"""Ed25519 over the ballot itself, so that a certificate shows no difference to keys that are here."""
T = TypeVar("T")


class SecretKeys:
    """Keys in Secrets Manager, made there where there is none. Several machines with one prefix share them."""

    def __init__(self, prefix: str, aws: Aws | None = None) -> None:
        self._prefix = prefix.rstrip("/")
        self._aws = aws or Aws()

    def load(self, voter: Voter) -> VoterKey:
        """See KeySource. Two processes that start at once end up with the same key."""
        name = f"{self._prefix}/{voter}"
        try:
            pem = _wait(self._read_or_make(name, voter))
        except AwsError as error:
            raise UnusableKey(f"the key of {voter} cannot be had from Secrets Manager: {error}") from error
        return from_pem(voter, pem, f"the secret {name}", "put the right one back, or delete it for a new one")

    async def _read_or_make(self, name: str, voter: Voter) -> bytes:
        try:
            return await self._read(name)
        except NotFound:
            try:
                await self._aws.write(
                    "secretsmanager",
                    "CreateSecret",
                    {
                        "Name": name,
                        "Description": f"Signs the ballots of {voter}, a voter of Incident Commander",
                        "SecretString": new_pem().decode(),
                    },
                )
            except Rejected as error:
                if error.code != "ResourceExistsException":
                    raise
            # Whoever was first, theirs is the key.
            return await self._read(name)

    async def _read(self, name: str) -> bytes:
        secret = await self._aws.read(_Secret, "secretsmanager", "GetSecretValue", {"SecretId": name})
        return secret.secret_string.encode()


class KmsKeys:
    """Keys in KMS, which never leave it. They and their aliases are for an administrator to make."""

    def __init__(self, prefix: str, aws: Aws | None = None) -> None:
        self._prefix = prefix.rstrip("/")
        self._aws = aws or Aws()

    def load(self, voter: Voter) -> VoterKey:
        """See KeySource."""
        alias = f"alias/{self._prefix}/{voter}"
        try:
            answer = _wait(self._aws.read(_PublicKey, "kms", "GetPublicKey", {"KeyId": alias}))
        except NotFound as error:
            raise UnusableKey(f"KMS knows no {alias}: {error}; {_how_to_make(alias)}") from error
        except AwsError as error:
            raise UnusableKey(f"the key of {voter} cannot be had from KMS: {error}") from error
        try:
            key = load_der_public_key(answer.public_key)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UnusableKey(f"KMS answered for {alias} with what is no public key: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            raise UnusableKey(f"the KMS key {alias} is {answer.key_spec!r}, not Ed25519; {_how_to_make(alias)}")
        public_key = encode_public_key(key)
        return VoterKey(_KmsSigner(voter, alias, public_key, self._aws), public_key)


class _KmsSigner:
    """Has KMS sign one voter's own ballots."""

    __slots__ = ("_alias", "_aws", "_public_key", "_voter")

    def __init__(self, voter: Voter, alias: str, public_key: str, aws: Aws) -> None:
        self._voter = voter
        self._alias = alias
        self._public_key = public_key
        self._aws = aws

    def sign(self, ballot: Ballot) -> SignedBallot:
        """See Signer.

        Raises:
            UnusableKey: KMS did not sign, or with another key than the known one.
        """
        request = {
            "KeyId": self._alias,
            "Message": to_be_signed(ballot, self._voter),
            "MessageType": "RAW",
            "SigningAlgorithm": SIGNING_ALGORITHM,
        }
        try:
            answer = _wait(self._aws.read(_Signature, "kms", "Sign", request))
        except AwsError as error:
            raise UnusableKey(f"KMS did not sign the ballot of {self._voter}: {error}") from error
        signed = signed_ballot(ballot, self._public_key, answer.signature)
        if not signature_is_valid(signed):
            raise UnusableKey(f"KMS signed with another key than {self._alias} had at the start; start again")
        return signed


class _Secret(Pascal):
    secret_string: str


class _PublicKey(Pascal):
    public_key: bytes
    key_spec: str = ""


class _Signature(Pascal):
    signature: bytes


def _wait(asked: Coroutine[None, None, T]) -> T:
    """Signers are called where waiting is harmless: in a thread, or in a process of their own."""
    return asyncio.run(asked)


def _how_to_make(alias: str) -> str:
    return (
        "make one with `aws kms create-key --key-spec ECC_NIST_EDWARDS25519 --key-usage SIGN_VERIFY` and "
        f"`aws kms create-alias --alias-name {alias} --target-key-id KEY_ID`"
    )
