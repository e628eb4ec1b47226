import os
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.log_templates import mine_templates

NAMES = ("ada", "grace", "linus", "ken", "barbara", "edsger")
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("[]{}(),;=:|'\"<*>@#./\\ 0123456789abc")), max_size=80)
LOGS = st.lists(st.one_of(TEXTS, st.sampled_from([f"user {name} logged in" for name in NAMES])), max_size=25)


def texts(lines: list[str]) -> list[str]:
    return [template.text for template in mine_templates(lines).of_lines]


@pytest.mark.parametrize(
    ("lines", "template"),
    [
        (["took 512ms", "took 7ms"], "took <*>"),
        (["took 900 ms", "took 1.2 s"], "took <*>"),
        (["lifetime <1 sec", "lifetime 00:12", "lifetime 1:02:09"], "lifetime <*>"),
        (["free 12.3 KB of 4 GB", "free 900 B of 1 TB"], "free <*> of <*>"),
        (["sent 403 bytes, ok", "sent 24390 bytes (23.8 KB), ok"], "sent <*>, ok"),
        (["peer 10.2.3.4:8080 gone", "peer db.example.com:99 gone", "peer fe80::1%eth0 gone"], "peer <*> gone"),
        (["lease 00:1b:44:11:3a:b7 ends", "lease ab:cd:ef:11:ee:ff ends"], "lease <*> ends"),
        (["span 3f2a9c77-0000-4bcd-8abc-1234567890ab", "span 0x7f00aa", "span 9c77beef"], "span <*>"),
        (["read /etc/passwd", "read /var/log/app.log", r"read C:\temp\x"], "read <*>"),
        (["get https://a.example.com/x?y=1 now", "get s3://bucket/key now"], "get <*> now"),
        (["mail to <root@build> sent", "mail to <ada@example.com> sent"], "mail to <<*>> sent"),
        (["at Mon Jul 4 09:01:22 2025 ended", "at Tue Aug 12 23:59:00 2025 ended"], "at <*> ended"),
        (["hosts: [a, b]", "hosts: [a, b, c]", "hosts: []"], "hosts: [<*>]"),
        (["cpus 1 2 3 up", "cpus 1 2 3 4 5 up"], "cpus <*> up"),
        (['tags ["tea"] sold', 'tags ["tea", "pen"] sold'], "tags [<*>] sold"),
        (
            [
                f'GET /a/{i} "{agent}" 200'
                for i, agent in enumerate(("-", "curl/7.1", "Mozilla/5.0 (X11; like Gecko) x"))
            ],
            'GET <*> "<*>" <*>',
        ),
        (["nodes n1 <ok> n2 <ok>", "nodes n3 <ok>"], "nodes <*> <ok>"),
        (["open=true retries=3", "open=false retries=3", "open=null retries=0"], "open=<*> retries=<*>"),
        (["node-12 left", "node-7 left"], "node-<*> left"),
        (["cache enable.....1", "cache enable.....0"], "cache enable.....<*>"),
        ([f"session opened for user {name}" for name in NAMES[:2]], "session opened for user <*>"),
        ([f"password of {name} changed" for name in NAMES], "password of <*> changed"),
        (["password of ada changed", "password of 7x9 changed"], "password of <*> changed"),
    ],
)
def test_lines_that_differ_in_what_varies_share_a_template(lines: list[str], template: str) -> None:
    assert set(texts(lines)) == {template}


@pytest.mark.parametrize(
    "lines",
    [
        ["link ok", "link error", "link in reset"],
        ["VM started (lifecycle)", "VM paused (lifecycle)", "VM resumed (lifecycle)", "VM stopped (lifecycle)"],
        [f'"{method} /v1/carts HTTP/1.1" 200' for method in ("GET", "POST", "PUT", "DELETE", "PATCH")],
        ["task moved from NEW to READY", "task moved from READY to DONE"],
        ["pool exhausted after 5 s", "disk full after 5 s"],
        ["user created in 5 ms", "user deleted in 6 ms"],
        ["normal", "warning", "critical", "blocked", "active", "running"],
        ["connection via interface ee0", "connection via interface alt0"],
    ],
)
def test_lines_that_say_different_things_do_not(lines: list[str]) -> None:
    assert len(set(texts(lines))) == len(lines)


def test_two_names_that_never_repeat_are_found() -> None:
    lines = [f"copied picture {a} of owner {b} away" for a, b in zip(NAMES, reversed(NAMES), strict=True)]
    assert set(texts(lines)) == {"copied picture <*> of owner <*> away"}


def test_a_value_without_digits_joins_those_with() -> None:
    lines = ["proxy 10.1.2.3:80 open directly", "proxy localhost:443 open directly"]
    assert len(set(texts(lines))) == 1


def test_words_that_are_said_to_be_constant_stay() -> None:
    lines = [f"upstream {name} timed out after 5 s" for name in NAMES]
    assert set(texts(lines)) == {"upstream <*> timed out after <*>"}
    kept = mine_templates(lines, constants=frozenset(NAMES)).of_lines
    assert [template.text for template in kept] == [f"upstream {name} timed out after <*>" for name in NAMES]


def test_a_later_line_gets_the_template_of_its_kind_and_one_of_no_kind_gets_none() -> None:
    mined = mine_templates([f"password of {name} changed in {i} ms" for i, name in enumerate(NAMES)])
    assert mined.templates.of("password of margaret changed in 2 s") is mined.of_lines[0]
    assert mined.templates.of("the disk is full") is None


def test_lines_beyond_the_most_that_are_compared_get_a_template_found_before_or_their_own() -> None:
    lines = [f"password of {name} changed" for name in NAMES] + ["the disk is full", "the disk is empty"]
    mined = mine_templates(lines, most_forms=5)
    assert [template.text for template in mined.of_lines[4:]] == [
        "password of <*> changed", "password of <*> changed", "the disk is full", "the disk is empty"
    ]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(LOGS)
def test_every_template_matches_its_lines(lines: list[str]) -> None:
    mined = mine_templates(lines)
    assert len(mined.of_lines) == len(lines)
    for line, template in zip(lines, mined.of_lines, strict=True):
        assert template.matches(line), (line, template.text)
        assert mined.templates.of(line) is template


@settings(max_examples=60, deadline=None)
@given(LOGS, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_group(lines: list[str], random: Random) -> None:
    groups = dict(zip(lines, (template.form for template in mine_templates(lines).of_lines), strict=True))
    random.shuffle(lines)
    assert dict(zip(lines, (template.form for template in mine_templates(lines).of_lines), strict=True)) == groups


@pytest.mark.parametrize(
    "piece", ["x", "a b ", "[", "1 ", "a=1,", ".", "/", "@", "a@", "f:", "a.b.", '"', "::", "\0", "\ud800", "日本"]
)
def test_a_line_of_a_megabyte_has_a_template_that_matches_it(piece: str) -> None:
    line = piece * (1_000_000 // len(piece))
    (template,) = mine_templates([line]).of_lines
    assert template.matches(line)
    assert len(template.text) < 5000


def test_groups_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "from incident_commander.analysis.log_templates import mine_templates\n"
        "names = ['ada', 'grace', 'linus', 'ken', 'barbara', 'edsger']\n"
        "lines = [f'{a} sent {n} bytes to {b} via {a}:{n}' for n, a in enumerate(names) for b in names[n:]]\n"
        "lines += [f'link {s} on eth{n}' for n in range(3) for s in ('ok', 'error', 'in reset')]\n"
        "print([t.text for t in mine_templates(lines).of_lines])\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(printed) == 1
