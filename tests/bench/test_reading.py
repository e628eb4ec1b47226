import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from incident_commander.bench.reading import BadData, read_json, read_text

NUMBERS = TypeAdapter(dict[str, float])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", r"line 1: no JSON"),
        (b'{"a": 1,\n', r"line 2: no JSON"),
        (b'{"a": "much"}', r"at 'a': "),
        (b"[]", r"at 'the whole': "),
        (b'{"a":\n' + b"9" * 5000 + b"}", "a number of it is too long"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":\n1}\0', r"line 2: a NUL byte"),
        (b'{"\xe9": 1}', r"line 1: byte 0xe9 is not UTF-8"),
    ],
)
def test_json_that_cannot_be_used_is_named_with_its_file(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(content)

    with pytest.raises(BadData, match=rf"some\.json.*{why}"):
        read_json(path, NUMBERS)


def test_a_byte_order_mark_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')

    assert read_json(path, NUMBERS) == {"a": 1.0}


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    for name in ("pipe", "loop", "nowhere", "."):
        with pytest.raises(BadData, match=r"is missing|is no file|cannot be read"):
            read_text(tmp_path / name)
