"""Voters' keys in Secrets Manager and KMS over HTTP with the official client, and what each failure means."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from incident_commander.aws import Aws
from incident_commander.consensus.aws_keys import SIGNING_ALGORITHM, KmsKeys, SecretKeys
from incident_commander.consensus.ballots import BallotTooLong, ForeignBallot, signature_is_valid
from incident_commander.consensus.certificate import verify_certificate
from incident_commander.consensus.keys import Keyring
from incident_commander.consensus.known_keys import UnusableKey, known_keys
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS

from ...consensus.ballot_box import INCIDENT, NOW, RIGHT, ballot, poll, sent
from .cases import World
from .front import Front
from .protocol import Answer, Refusal

pytestmark = pytest.mark.loopback
_DER = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(slots=True)
class Kms:
    """KMS with one Ed25519 key for each alias: moto has none of that kind."""

    front: Front
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    other_kind: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.front.serve("kms", {"GetPublicKey": self.public_key, "Sign": self.sign})

    def public_key(self, parameters: dict[str, object]) -> Answer:
        alias, key = self._key(parameters)
        if alias in self.other_kind:
            public = generate_private_key(SECP256R1()).public_key().public_bytes(*_DER)
            return {"KeyId": alias, "PublicKey": public, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
        return {
            "KeyId": alias,
            "PublicKey": key.public_key().public_bytes(*_DER),
            "KeySpec": "ECC_NIST_EDWARDS25519",
            "KeyUsage": "SIGN_VERIFY",
            "SigningAlgorithms": ["ED25519_SHA_512", "ED25519_PH_SHA_512"],
        }

    def sign(self, parameters: dict[str, object]) -> Answer:
        alias, key = self._key(parameters)
        assert (parameters["MessageType"], parameters["SigningAlgorithm"]) == ("RAW", "ED25519_SHA_512")
        message = parameters["Message"]
        assert isinstance(message, bytes)
        return {"KeyId": alias, "Signature": key.sign(message), "SigningAlgorithm": SIGNING_ALGORITHM}

    def _key(self, parameters: dict[str, object]) -> tuple[str, Ed25519PrivateKey]:
        alias = parameters["KeyId"]
        if alias not in self.keys:
            raise Refusal("NotFoundException", f"Alias {alias} is not found.")
        return str(alias), self.keys[str(alias)]


def suffixes(folder: Path) -> set[str]:
    """What kinds of files there are."""
    return {file.suffix for file in folder.iterdir()}


@pytest.fixture
def kms(front: Front) -> Kms:
    return Kms(front, {f"alias/ops/voters/{voter}": Ed25519PrivateKey.generate() for voter in VOTERS})


async def test_keys_in_kms_certify_a_plan_like_any_others(kms: Kms, aws: Aws, tmp_path: Path) -> None:
    keys = await asyncio.to_thread(Keyring.load, KmsKeys("ops/voters", aws), tmp_path)
    cast = [await asyncio.to_thread(keys.signer(v).sign, ballot(v, RIGHT.digest)) for v in VOTERS]
    certificate = tally(poll(), sent(cast), rule(), known_keys(tmp_path), NOW).certificate
    assert certificate is not None
    assert verify_certificate(certificate, RIGHT.digest, INCIDENT, known_keys(tmp_path)) == VOTERS
    assert suffixes(tmp_path) == {".pub"}
    assert kms.front.carried_out.count("kms:Sign") == 5


async def test_a_signer_in_kms_is_never_asked_for_another_voters_ballot_nor_for_one_too_long(
    kms: Kms, aws: Aws
) -> None:
    key = await asyncio.to_thread(KmsKeys("ops/voters/", aws).load, "detection")
    with pytest.raises(ForeignBallot):
        await asyncio.to_thread(key.signer.sign, ballot("diagnosis", RIGHT.digest))
    long = ballot("detection", RIGHT.digest)
    long = long.model_copy(update={"judgement": long.judgement.model_copy(update={"reason": "x" * 4096})})
    with pytest.raises(BallotTooLong, match="4096 are signed at most"):
        await asyncio.to_thread(key.signer.sign, long)
    assert "kms:Sign" not in kms.front.calls


async def test_a_key_that_kms_does_not_have_is_refused_with_how_to_make_it(kms: Kms, aws: Aws) -> None:
    with pytest.raises(UnusableKey, match=r"no alias/other/detection.*create-key.*ECC_NIST_EDWARDS25519.*create-alias"):
        await asyncio.to_thread(KmsKeys("other", aws).load, "detection")


async def test_a_kms_key_of_another_kind_is_refused(kms: Kms, aws: Aws) -> None:
    kms.other_kind = frozenset({"alias/ops/voters/detection"})
    with pytest.raises(UnusableKey, match="'ECC_NIST_P256', not Ed25519"):
        await asyncio.to_thread(KmsKeys("ops/voters", aws).load, "detection")


async def test_a_kms_key_that_was_exchanged_behind_its_alias_signs_nothing_that_counts(kms: Kms, aws: Aws) -> None:
    key = await asyncio.to_thread(KmsKeys("ops/voters", aws).load, "detection")
    kms.keys["alias/ops/voters/detection"] = Ed25519PrivateKey.generate()
    with pytest.raises(UnusableKey, match="another key than alias/ops/voters/detection had at the start"):
        await asyncio.to_thread(key.signer.sign, ballot("detection", RIGHT.digest))


async def test_a_signature_that_kms_denies_is_told_with_the_permission(kms: Kms, aws: Aws) -> None:
    key = await asyncio.to_thread(KmsKeys("ops/voters", aws).load, "detection")
    kms.front.trouble("kms:Sign", "deny")
    with pytest.raises(UnusableKey, match=r"did not sign the ballot of detection.*allow kms:Sign"):
        await asyncio.to_thread(key.signer.sign, ballot("detection", RIGHT.digest))


async def test_a_signature_is_asked_for_again_where_kms_is_busy(kms: Kms, aws: Aws) -> None:
    key = await asyncio.to_thread(KmsKeys("ops/voters", aws).load, "detection")
    kms.front.trouble("kms:Sign", "throttle", 2)
    assert signature_is_valid(await asyncio.to_thread(key.signer.sign, ballot("detection", RIGHT.digest)))


async def test_keys_in_secrets_manager_are_made_once_and_shared(world: World, aws: Aws, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    one = await asyncio.to_thread(Keyring.load, SecretKeys(world.name, aws), here)
    other = await asyncio.to_thread(Keyring.load, SecretKeys(world.name, aws), there)
    assert one.public_keys == other.public_keys == known_keys(here) == known_keys(there)
    assert world.front.carried_out.count("secretsmanager:CreateSecret") == 5
    assert suffixes(here) == {".pub"}
    assert signature_is_valid(other.signer("detection").sign(ballot("detection", RIGHT.digest)))


async def test_many_that_make_a_secret_at_once_get_the_same_key(world: World, aws: Aws) -> None:
    def made(place: int) -> str:
        return SecretKeys(world.name, aws).load("detection").public_key

    with ThreadPoolExecutor(8) as pool:
        loop = asyncio.get_running_loop()
        keys = await asyncio.gather(*(loop.run_in_executor(pool, made, place) for place in range(8)))
    assert len(set(keys)) == 1


async def test_a_secret_that_holds_no_key_is_refused_with_the_remedy(world: World, aws: Aws) -> None:
    await aws.write("secretsmanager", "CreateSecret", {"Name": f"{world.name}/detection", "SecretString": "hunter2"})
    with pytest.raises(UnusableKey, match="holds no private key; put the right one back") as refused:
        await asyncio.to_thread(SecretKeys(world.name, aws).load, "detection")
    assert "hunter2" not in str(refused.value)


async def test_a_secret_that_may_not_be_read_is_told_with_the_permission(world: World, aws: Aws) -> None:
    world.front.trouble("secretsmanager:GetSecretValue", "deny")
    with pytest.raises(UnusableKey, match=r"from Secrets Manager.*allow secretsmanager:GetSecretValue"):
        await asyncio.to_thread(SecretKeys(world.name, aws).load, "detection")
