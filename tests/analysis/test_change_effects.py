from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.change_effects import EffectKind, effects_of, flags_read
from incident_commander.domain.telemetry import Change


def commit(diff: str, *files: str, message: str = "change") -> Change:
    return Change(
        at=datetime(2026, 3, 2, tzinfo=UTC), service=None, kind="commit", reference="c", summary=message, detail=diff,
        files=files,
    )  # fmt: skip


def kinds(diff: str, path: str = "services/shop/main.go", message: str = "change") -> set[EffectKind]:
    return {effect.kind for effect in effects_of(commit(f"@@ {path} @@\n{diff}", path, message=message))}


@pytest.mark.parametrize(
    ("diff", "path", "kind"),
    [
        ("-\tif card == nil {\n-\t\treturn nil\n-\t}\n \treturn card.Pay()", "pay.go", "guard_lost"),
        ("-    if not user:\n-        return None\n     return user.name", "user.py", "guard_lost"),
        ("-\tdefer rows.Close()\n \treturn scan(rows)", "rows.go", "release_lost"),
        (
            "-    with pool.connection() as c:\n-        f(c)\n+    c = pool.getconn()\n+    f(c)",
            "db.py",
            "acquire_added",
        ),
        ("-\tc.mu.Lock()\n \tc.m[k] = v", "map.go", "lock_lost"),
        ("-    int get() {\n+    synchronized int get() {\n         return n;", "Book.java", "lock_added"),
        ("+var seen []string\n+\n+func note(id string) {\n+\tseen = append(seen, id)\n+}", "note.go", "growth"),
        ("+@functools.lru_cache(maxsize=None)\n def f(a): return g(a)", "f.py", "growth"),
        (" \tfor _, id := range ids {\n+\t\tu, err := s.users.Find(ctx, id)\n \t}", "list.go", "calls_in_loop"),
        ('-\tkey := "u:" + id\n+\tkey := "u:" + id + now()', "cache.go", "cache_key"),
        ('-\tName string `json:"name"`\n+\tName string `json:"title"`', "event.go", "contract"),
        ("-  int64 total = 2;\n+  string total = 2;", "order.proto", "contract"),
        ("-\tif now.After(end) {\n+\tif now.Before(end) {", "end.go", "condition"),
        ("+DROP INDEX idx_orders;", "db/1.sql", "index_dropped"),
        ("+ALTER TABLE orders DROP COLUMN note;", "db/1.sql", "column_lost"),
        ("+CREATE INDEX idx ON orders (a);", "db/1.sql", "table_locked"),
        ("-    rows = q.filter(a=a).limit(100)\n+    rows = q.filter(a=a)", "q.py", "bound_lost"),
        ("-\tctx, cancel := context.WithTimeout(ctx, d)\n-\tdefer cancel()\n \tf(ctx)", "f.go", "timeout_lost"),
        ("+const RE = /^(a+)+$/;", "re.ts", "pattern_added"),
        ("-\tMax: 50,\n+\tMax: 5,", "pool.go", "setting"),
        ("-\tt.MaxIdleConnsPerHost = 64\n \treturn t", "http.go", "reuse_lost"),
        ("+  agent: new Agent({ keepAlive: false }),", "http.js", "reuse_lost"),
        ("-    channel.basic_ack(tag)\n     handle(body)", "worker.py", "ack_lost"),
        ("-  @SqsListener\n-  client.deleteMessage(receipt);\n+  @SqsListener", "Worker.java", "ack_lost"),
        ("-\tio.Copy(w, r.Body)\n+\tall, _ := io.ReadAll(r.Body)", "copy.go", "whole_kept"),
        ("-    os.remove(path)\n     return path", "tmp.py", "release_lost"),
        ('-  NAME = Regex("^.+$")\n+  NAME = Regex("^[a-z]+$")', "rules.kt", "condition"),
        ("-jinja2==3.1.4\n+jinja2==4.0.0", "requirements.txt", "dependency"),
    ],
)
def test_what_a_diff_does_is_read_from_its_lines(diff: str, path: str, kind: EffectKind) -> None:
    assert kind in kinds(diff, path)


@pytest.mark.parametrize(
    ("diff", "path"),
    [
        ("+Read me.", "README.md"),
        ("+func TestX(t *testing.T) {}", "x_test.go"),
        ("-// old words\n+// new words", "x.go"),
        ('-import (\n-\t"b"\n-\t"a"\n-)\n+import (\n+\t"a"\n+\t"b"\n+)', "x.go"),
        ('-\tlog.Printf("a %s", id)\n+\tslog.Info("a",\n+\t\t"id", id,\n+\t)', "x.go"),
        ('+var n = prometheus.NewCounter(prometheus.CounterOpts{\n+\tName: "n",\n+})', "x.go"),
        ("-\tc := r.Context()\n-\treturn f(c)\n+\tctx := r.Context()\n+\treturn f(ctx)", "x.go"),
        ("-\ta()\n-\tb()\n+\tboth()\n+}\n+\n+func both() {\n+\ta()\n+\tb()", "x.go"),
        ("+CREATE INDEX CONCURRENTLY idx ON orders (a);", "db/1.sql"),
        ("-x:=1\n+x := 1", "x.go"),
    ],
)
def test_what_moves_renames_tells_or_tests_does_nothing(diff: str, path: str) -> None:
    assert kinds(diff, path) == {"inert"}


def test_a_fifth_more_weighs_less_than_ten_times_less() -> None:
    little = effects_of(commit("-  size: 50000\n+  size: 60000", "cache.yaml"))[0]
    much = effects_of(commit("-  size: 50000\n+  size: 5000", "cache.yaml"))[0]
    assert little.force < 0.25 < 1.0 == much.force


@pytest.mark.parametrize(("to", "most"), [("v1.2.4", 0.1), ("v1.3.0", 0.3), ("v2.0.0", 0.7)])
def test_a_dependency_weighs_by_the_step_of_its_version(to: str, most: float) -> None:
    (effect,) = effects_of(commit(f"@@ go.mod @@\n-\texample.org/lib v1.2.3\n+\texample.org/lib {to}", "go.mod"))
    assert (effect.kind, effect.force) == ("dependency", most)


def test_a_commit_without_a_diff_is_judged_by_its_message_and_files() -> None:
    assert effects_of(commit("", "docs/a.md"))[0].kind == "inert"
    assert effects_of(commit("", "pkg/a.go", message="fix: correct typo in error message"))[0].kind == "inert"
    assert effects_of(commit("", "pkg/a.go", message="feat: new engine"))[0].kind == "unseen"


@pytest.mark.parametrize(("old", "new"), [("  if n < 4 {", "  if n < STEPS {"), ("  send('orders')", "  send(ORDERS)")])
def test_a_value_that_only_gets_a_name_weighs_little(old: str, new: str) -> None:
    assert max(e.force for e in effects_of(commit(f"@@ a.go @@\n-{old}\n+{new}", "a.go"))) < 0.25


def test_the_flags_that_new_code_asks_for_are_known() -> None:
    asked = commit('@@ a.go @@\n+\tif s.flags.Enabled(ctx, "new_engine") {', "a.go")
    assert flags_read(asked) == {"new_engine"}


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@settings(max_examples=150)
def test_any_text_is_read_as_a_diff(text: str) -> None:
    assert effects_of(commit(text, "a.go"))
