"""What models suspect is one witness of capped weight; what a local stand-in says is no word of a model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.analysis import recollection
from incident_commander.analysis.advice import CAP, advice_of
from incident_commander.domain.advice import NO_ADVICE
from incident_commander.domain.memory import Cause
from incident_commander.domain.reasoning import NO_COUNSEL, Analysis, Counsel

from .counsels import CLAUDE, NOON, NOVA, analysed, asked, investigated, suspicions
from .memories import LEAK, OVERLOAD

THIRD = Cause(service=OVERLOAD.service, fault="disk_full")
CAUSES = st.lists(st.sampled_from([LEAK, OVERLOAD, THIRD]), max_size=6)


def weights(counsel: Counsel) -> dict[Cause | None, float]:
    return {each.cause: each.evidence.weight for each in advice_of(counsel, NOON).testimony}


@given(CAUSES, CAUSES)
def test_all_models_together_weigh_no_more_than_the_cap_which_is_less_than_memorys(
    one: list[Cause], other: list[Cause]
) -> None:
    said = weights(analysed(*one).with_(investigated(*other)))
    assert all(0 < weight <= CAP for weight in said.values())
    assert set(said) == {*one, *other}
    assert CAP <= recollection.CAP


def test_a_second_suspicion_counts_less_than_the_first_and_two_that_agree_no_more_than_one() -> None:
    alone = weights(analysed(LEAK, OVERLOAD))
    assert alone[LEAK] == pytest.approx(CAP, abs=1e-4)
    assert alone[OVERLOAD] == pytest.approx(CAP / 2, abs=1e-4)
    assert weights(analysed(LEAK).with_(investigated(LEAK)))[LEAK] == alone[LEAK]


def test_a_model_that_is_inconclusive_or_suspects_another_holds_back_what_one_says() -> None:
    assert weights(analysed(LEAK).with_(investigated()))[LEAK] == pytest.approx(CAP / 2, abs=1e-4)
    both = weights(analysed(LEAK).with_(investigated(OVERLOAD)))
    assert both[LEAK] == both[OVERLOAD] == pytest.approx(CAP / 2, abs=1e-4)


def test_who_said_it_and_where_it_was_asked_stand_on_the_evidence() -> None:
    advice = advice_of(analysed(LEAK, reason="it\ngrows " + "x" * 500).with_(investigated(LEAK)), NOON)
    assert advice.models == (NOVA, CLAUDE)
    (witness,) = advice.testimony
    said = witness.evidence
    assert said.what.startswith(f"{NOVA} suspects it, 1 of 1: it grows xxx")
    assert f"; {CLAUDE} suspects it, 1 of 1: as the data shows" in said.what
    assert len(said.what) < 500
    assert (said.signal, said.when, said.service) == ("model", NOON, LEAK.service)
    assert (said.provenance.source, said.provenance.reason) == ("loopback", f"said by {NOVA}, {CLAUDE}")


def test_a_model_that_suspects_nothing_is_not_named() -> None:
    assert advice_of(analysed(LEAK).with_(investigated()), NOON).models == (NOVA,)
    assert advice_of(analysed(), NOON) == NO_ADVICE


@pytest.mark.parametrize(
    "counsel",
    [
        NO_COUNSEL,
        Counsel(analysis=Analysis(suspicions=suspicions([LEAK]))),
        Counsel(analysis=Analysis(suspicions=suspicions([LEAK])), usage=(asked("analyse", None),)),
        Counsel(
            analysis=Analysis(suspicions=suspicions([LEAK])),
            usage=(asked("analyse", "Nova", NOVA, error="throttled"), asked("analyse", None)),
        ),
    ],
    ids=["nothing", "nobody", "a stand-in", "a stand-in after a failure"],
)
def test_what_no_model_said_is_no_advice(counsel: Counsel) -> None:
    assert advice_of(counsel, NOON) == NO_ADVICE
