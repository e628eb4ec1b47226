"""Similar incidents are found by what they looked like, and speak as one witness of capped weight."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_commander.analysis.recollection import ALIKE, CAP, LIMIT, recall, similar
from incident_commander.domain.memory import NOTHING_RECALLED, Cause, Memory, Proof, Recalled

from .memories import LEAK, LOOKS, OVERLOAD, RESTART, remembered, told

PROOFS: tuple[Proof, ...] = ("proven", "refuted", "open")


def said(*memories: Memory) -> dict[Cause | None, float]:
    """What memory says of each cause for an incident that looks just like these."""
    return {each.cause: each.evidence.weight for each in recall(similar(LOOKS, memories), "simulated").testimony}


def test_the_more_alike_comes_first_and_what_is_not_alike_does_not_come() -> None:
    same, part, other = (
        Memory(remembered=remembered(name, symptoms=symptoms))
        for name, symptoms in (
            ("same", LOOKS),
            ("part", LOOKS[:2]),
            ("other", ("error_ratio up at search", "alert Errors at search")),
        )
    )
    found = similar(LOOKS, (other, part, same))
    assert [each.memory.remembered.id for each in found] == ["same", "part"]
    assert found[0].likeness == 1.0
    assert found[1].likeness >= ALIKE


def test_what_all_incidents_show_counts_less_than_what_few_do() -> None:
    common = "alert HighLatency at edge"
    memories = [Memory(remembered=remembered(f"inc-{n}", symptoms=(common, f"odd {n}"))) for n in range(9)]
    now = (common, "odd 3", "new")
    assert similar(now, memories)[0].memory.remembered.id == "inc-3"
    assert all(each.memory.remembered.id == "inc-3" for each in similar(now, memories))


def test_of_those_alike_the_newest_come_and_no_more_than_the_limit() -> None:
    memories = [Memory(remembered=remembered(f"inc-{n}")) for n in range(LIMIT + 3)]
    assert [each.memory.remembered.id for each in similar(LOOKS, memories)] == [
        "inc-7",
        "inc-6",
        "inc-5",
        "inc-4",
        "inc-3",
    ]


def test_nothing_is_called_to_mind_without_a_symptom() -> None:
    assert similar((), (Memory(remembered=remembered("inc-1", symptoms=())),)) == ()
    assert recall((), "live") == NOTHING_RECALLED


def test_a_persons_word_counts_more_than_that_it_was_mended() -> None:
    mended = said(Memory(remembered=remembered("inc-1", proof="proven")))[LEAK]
    by_a_person = said(told(remembered("inc-1"), LEAK))[LEAK]
    assert 0 < mended < by_a_person


def test_what_nobody_knows_the_cause_of_says_nothing() -> None:
    assert said(Memory(remembered=remembered("inc-1", proof="open"))) == {}


def test_what_did_not_hold_speaks_against_the_cause_it_was_taken_for_and_against_the_action() -> None:
    failed = Memory(remembered=remembered("inc-1", proof="refuted"))
    recalled = recall(similar(LOOKS, (failed,)), "simulated")
    assert said(failed)[LEAK] < 0
    (experience,) = recalled.experience
    assert (experience.tried, experience.proven, experience.refuted) == (RESTART, 0, 1)
    assert experience.incidents == ("inc-1",)


def test_a_correction_stands_above_what_was_concluded() -> None:
    assert said(told(remembered("inc-1", cause=LEAK, proof="proven"), OVERLOAD)) == said(
        told(remembered("inc-1", cause=OVERLOAD), OVERLOAD)
    )
    assert said(told(remembered("inc-1"), None)).keys() == {None}


def test_where_similar_incidents_had_two_causes_neither_is_favoured() -> None:
    assert said(told(remembered("inc-1"), LEAK), told(remembered("inc-2"), OVERLOAD)) == {}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PROOFS), st.sampled_from((LEAK, OVERLOAD)), st.sampled_from((LEAK, OVERLOAD, None, "no"))
        ),
        max_size=12,
    )
)
def test_it_never_weighs_more_than_its_cap_and_is_the_same_twice(
    incidents: list[tuple[Proof, Cause, Cause | str | None]],
) -> None:
    memories = []
    for number, (proof, cause, word) in enumerate(incidents):
        each = remembered(f"inc-{number}", cause=cause, proof=proof)
        memories.append(Memory(remembered=each) if isinstance(word, str) else told(each, word))
    recalled = recall(similar(LOOKS, memories), "simulated")
    assert all(abs(each.evidence.weight) <= CAP for each in recalled.testimony)
    assert recalled == recall(similar(LOOKS, memories), "simulated")
    assert Recalled.model_validate_json(recalled.model_dump_json()) == recalled


def test_each_piece_of_evidence_names_the_incidents_it_rests_on() -> None:
    (testimony,) = recall(similar(LOOKS, (told(remembered("inc-7"), LEAK),)), "simulated").testimony
    assert "inc-7 (100% alike)" in testimony.evidence.what
    assert testimony.evidence.provenance.kind == "simulated"
    assert testimony.evidence.provenance.source == "memory of incidents"
