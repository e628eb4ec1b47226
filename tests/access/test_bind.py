"""Others are let in once somebody holds a token."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_commander.access import ExposedBind, KeptToken, SetToken, require_safe_bind


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_the_machine_itself_needs_no_token(tmp_path: Path, host: str) -> None:
    require_safe_bind(host, KeptToken(tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "commander.example", ""])
def test_others_are_let_in_once_somebody_holds_a_token(tmp_path: Path, host: str) -> None:
    with pytest.raises(ExposedBind, match=r"operator-token --new.*IC_OPERATOR_TOKEN.*127\.0\.0\.1"):
        require_safe_bind(host, KeptToken(tmp_path))
    require_safe_bind(host, SetToken(SecretStr("a-secret-of-this-length")))
    KeptToken(tmp_path).make()
    require_safe_bind(host, KeptToken(tmp_path))
