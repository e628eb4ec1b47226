"""How far a change is to blame: what it does must bring about what is seen, where it landed, and not before.

Each landing of a change is held against the symptoms. The weights are in nats and are judgements, in one place. That a
change came shortly before is weak by itself: deploys are frequent, and most do nothing. What it does must explain.
"""

from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.telemetry import Change, Observations, from_epoch
from .call_graph import CallGraph
from .change_effects import Effect, EffectKind, effects_of
from .landings import Landing, landings_of
from .mechanisms import Mechanism, mechanisms_of
from .symptoms import Symptom, SymptomKind, telling

GUILTY = 1.0
"""Nats from which a change is convicted."""
_PRIOR = -2.2
_CONTENT, _SPECIFIC, _NAMED, _SAME_VALUES = 4.2, 1.2, 1.3, 2.0
_HERE, _NEXT, _SOMEWHERE, _ELSEWHERE = 0.8, 0.4, -0.6, -2.5
_INFERRED = -0.8
_SLACK_SECONDS = 90.0
_PROMPT_SECONDS, _SOON_SECONDS, _LATE_SECONDS = 360.0, 1200.0, 2700.0
_RULED_OUT, _DOES_SOMETHING, _FROM_AFAR, _CLOSE = 0.3, 0.25, 0.6, 1.6
_STALE = -3.5
_OTHERWISE = 2.5
"""What a good explanation without a change takes away from every change that says nothing of it."""
TOO_LITTLE = "too little to hold it guilty"
_UNNAMED = 0.6
_SAYS_SOMETHING, _STEPS = 0.55, 3
_FAINT = 0.25
_UNBORNE = 0.4
"""What is left of an explanation of which the part that must be seen is not."""
_VAGUE: frozenset[EffectKind] = frozenset(("unseen", "logic", "dependency", "condition"))


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A change held against the trouble.

    Attributes:
        service: Where the trouble is that it is held against.
        score: In nats; from `GUILTY` it is convicted.
        reason: Why it fits, or why it does not, in a sentence.
        delay: Seconds from its landing to the trouble; negative where it came later.
        near: Whether it landed where the trouble is, or next to it.
        chain: What it brought about, the earliest first: the way from it to the trouble.
    """

    landing: Landing
    service: ServiceName
    score: float
    reason: str
    effect: Effect
    linked: bool
    delay: float = 0.0
    near: bool = False
    chain: tuple[Symptom, ...] = ()

    @property
    def convicted(self) -> bool:
        """Whether it is held guilty."""
        return self.score >= GUILTY


@dataclass(frozen=True, slots=True)
class Trouble:
    """What changes are held against.

    Attributes:
        centre: The services where it starts, the likeliest first.
        said: The text of failing lines, spans and stacks, in lower case.
        usual: The text of lines from before the trouble, in lower case.
        otherwise: How well causes without a change explain it, in [0, 1].
        onset: When the service in the centre left its course; now: when it is looked at; seconds since the epoch.
    """

    symptoms: tuple[Symptom, ...]
    centre: tuple[ServiceName, ...]
    graph: CallGraph
    said: str
    usual: str
    otherwise: float
    onset: float
    now: float


def suspicions(observations: Observations, trouble: Trouble, names: frozenset[ServiceName]) -> tuple[Suspicion, ...]:
    """Every change with its likeliest landing, the most suspicious first."""
    best: dict[str, Suspicion] = {}
    for landing in landings_of(observations.changes, names):
        held = _hold(landing, trouble)
        known = best.get(landing.change.reference)
        if known is None or held.score > known.score:
            best[landing.change.reference] = held
    for change in observations.changes:
        if change.kind == "commit" and change.reference not in best:
            effect = effects_of(change)[0]
            nowhere = Landing(change, ServiceName(""), change.at.timestamp(), False)
            reason = f"it {effect.what}; no deploy brought it to a service in trouble"
            best[change.reference] = Suspicion(nowhere, ServiceName(""), _PRIOR + _ELSEWHERE, reason, effect, False)
    return tuple(sorted(best.values(), key=lambda s: (-s.score, -s.landing.at, s.landing.change.reference)))


def left_over(held: tuple[Suspicion, ...], trouble: Trouble) -> Suspicion | None:
    """The one change that does anything at all of those deployed shortly before, where nothing else explains it.

    Weaker than a mechanism: it is convicted because everything else is ruled out.
    """
    if trouble.otherwise > _RULED_OUT or any(suspicion.convicted for suspicion in held):
        return None
    doing = [
        suspicion
        for suspicion in held
        if suspicion.landing.certain
        and suspicion.near
        and (suspicion.landing.service in trouble.centre or suspicion.effect.force >= _FROM_AFAR)
        and suspicion.landing.change.kind != "flag"
        and suspicion.effect.kind not in ("inert", "unseen", "dependency")
        and suspicion.effect.force >= _DOES_SOMETHING
        and -_SLACK_SECONDS <= suspicion.delay <= _LATE_SECONDS
    ]
    if len(doing) != 1 or doing[0].score < GUILTY - _CLOSE or doing[0].delay > _SOON_SECONDS:
        return None
    return doing[0]


def text_said(observations: Observations, since: float) -> tuple[str, str]:
    """What failing lines and spans say since a time, with their other fields; and what lines said before."""
    said: list[str] = []
    usual: list[str] = []
    for record in observations.logs:
        fields = " ".join(value for name, value in record.attributes if "trace" not in name)
        if record.at.timestamp() < since - _SLACK_SECONDS or record.level in ("DEBUG", "INFO"):
            usual.append(record.message)
        else:
            said.append(f"{record.message} {fields}")
    said += [s.template for s in observations.log_summaries if s.bad and s.count > 2 * s.usual]
    for span in observations.traces:
        text = " ".join(value for _, value in span.attributes)
        (said if span.error else usual).append(f"{span.name} {text}")
    return "\n".join(dict.fromkeys(said)).lower(), "\n".join(dict.fromkeys(usual)).lower()


def _hold(landing: Landing, trouble: Trouble) -> Suspicion:
    effects = effects_of(landing.change)
    judged = [_judge(landing, effect, trouble) for effect in effects]
    return max(judged, key=lambda s: s.score)


def _judge(landing: Landing, effect: Effect, trouble: Trouble) -> Suspicion:
    related = _reach(landing.service, trouble)
    delay = trouble.onset - landing.at
    service = trouble.centre[0] if trouble.centre else landing.service

    def verdict(score: float, reason: str, linked: bool = False, chain: tuple[Symptom, ...] = ()) -> Suspicion:
        return Suspicion(landing, service, score, reason, effect, linked, delay, related > _SOMEWHERE, chain)

    if effect.kind == "inert":
        return verdict(_PRIOR - 3.0, f"it {effect.what}, so it cannot do this")
    ways = mechanisms_of(effect)
    way, fit, matched = _best_way(effect, ways, trouble, landing.service)
    onset = _onset_of(matched, trouble, effect.kind in _VAGUE)
    if landing.at > onset + _SLACK_SECONDS:
        return verdict(_PRIOR - 6.0, _came_later(landing, onset, matched or trouble.symptoms))
    linked, link = _link(effect, landing.change, trouble)
    if not ways and effect.kind == "setting" and not linked:
        return verdict(_PRIOR - 0.5, f"it {effect.what}, which cannot bring about what is seen")
    force = effect.force
    if linked:
        # That what fails names what it does shows the way between them, though nobody saw the calls.
        related = max(related, 0.0)
    if effect.kind == "contract" and effect.setting is None and not linked:
        # Whoever misses a name says which.
        force *= _UNNAMED
    score = _PRIOR + _CONTENT * force * fit + _NAMED * min(2, linked) + related
    score += _SPECIFIC * effect.force * (1.0 if any(telling(s.kind) >= 0.9 for s in matched) and fit > 0.5 else 0.0)
    same = _same_values(effect, trouble)
    if same:
        score += _SAME_VALUES
    score += 0.0 if landing.certain else _INFERRED
    score += _time(onset - landing.at, trouble.now - landing.at, way is not None and way.slowly)
    if not linked and not same:
        score -= _OTHERWISE * trouble.otherwise
    took = _took(landing)
    if related <= _ELSEWHERE:
        return verdict(score, f"it {effect.what}; {landing.service} has no part in this", bool(linked))
    if fit < _FAINT and not linked:
        return verdict(score, f"it {effect.what}, which cannot bring about what is seen", bool(linked))
    if effect.force < 0.25 and not linked:
        return verdict(score, f"it {effect.what}: too little to bring this about", bool(linked))
    chain = _chain(matched, landing.service)
    reason = f"it {effect.what}; {took}"
    if chain:
        reason += f"; {chain[0].text}"
    reason += f"; {link}" if link else ""
    if score < GUILTY:
        reason += f"; {TOO_LITTLE}"
    return verdict(score, reason, bool(linked), chain)


def _chain(matched: tuple[Symptom, ...], landed: ServiceName) -> tuple[Symptom, ...]:
    """The plainest symptom of each kind that says something of the cause, in order of time."""
    plain: dict[SymptomKind, Symptom] = {}
    for symptom in matched:
        if telling(symptom.kind) < _SAYS_SOMETHING:
            continue
        known = plain.get(symptom.kind)
        if known is None or _plainness(symptom, landed) > _plainness(known, landed):
            plain[symptom.kind] = symptom
    steps = sorted(plain.values(), key=lambda s: (-telling(s.kind) * s.strength, s.onset, s.text))[:_STEPS]
    return tuple(sorted(steps, key=lambda s: (s.onset, s.signal != "metrics", s.text)))


def _plainness(symptom: Symptom, landed: ServiceName) -> tuple[bool, bool, float, float]:
    return symptom.signal == "metrics", symptom.service == landed, symptom.strength, -symptom.onset


def _came_later(landing: Landing, onset: float, seen: tuple[Symptom, ...]) -> str:
    """That a change came too late, and what had begun by then."""
    came = "it came" if landing.by is None else f"it came into force at {from_epoch(landing.at):%H:%M},"
    begun = min((s for s in seen if s.onset <= onset + _SLACK_SECONDS), key=lambda s: s.onset, default=None)
    what = f": {begun.text[:110]}" if begun is not None else ""
    return f"{came} {(landing.at - onset) / 60:.0f} min after the trouble began at {from_epoch(onset):%H:%M}{what}"


def _took(landing: Landing) -> str:
    at = f"{from_epoch(landing.at):%H:%M}"
    if landing.by is not None and landing.by.kind == "flag":
        return f"the flag {landing.by.reference} switched it on for {landing.service} at {at}"
    if landing.by is not None:
        took = "took" if landing.certain else "may have taken"
        return f"{landing.service} {took} it in with its deploy at {at}"
    return f"in force at {landing.service} since {at}"


def _best_way(
    effect: Effect, ways: tuple[Mechanism, ...], trouble: Trouble, service: ServiceName
) -> tuple[Mechanism | None, float, tuple[Symptom, ...]]:
    """The mechanism that explains most of the symptoms, the part it explains, in [0, 1], and the symptoms."""
    weights = _weights(trouble, service)
    total = sum(weights.values())
    best: tuple[Mechanism | None, float, tuple[Symptom, ...]] = (None, 0.0, ())
    for way in ways:
        fitting = [s for s in trouble.symptoms if s.kind in way.brings and (not way.here or s.service == service)]
        kinds_seen = {s.kind for s in fitting}
        part = sum(weight for kind, weight in weights.items() if kind in kinds_seen) / total if total else 0.0
        borne_out = not way.needs or bool(kinds_seen & way.needs)
        fit = part * way.sure * (1.0 if borne_out else _UNBORNE)
        if fit > best[1]:
            best = (way, fit, tuple(s for s in fitting if s.strength >= _FAINT))
    return best if total else (ways[0] if ways else None, 1.0, ())


def _weights(trouble: Trouble, service: ServiceName) -> dict[SymptomKind, float]:
    """How much of each kind there is to explain: what is plain, telling, and near where the trouble starts."""
    weights: dict[SymptomKind, float] = {}
    for symptom in trouble.symptoms:
        near = 1.0 if symptom.service in (*trouble.centre[:1], service) else 0.5
        weight = symptom.strength * telling(symptom.kind) * near
        weights[symptom.kind] = max(weight, weights.get(symptom.kind, 0.0))
    return weights


def _onset_of(matched: tuple[Symptom, ...], trouble: Trouble, vague: bool) -> float:
    """When what a change could have brought about began: its plainest beginning; of anything, where nothing matches.

    Args:
        vague: What it could bring about is not known well, so that the whole of the trouble is held against it.
    """
    symptoms = matched or trouble.symptoms
    clear = [s for s in symptoms if s.strength >= 0.5 and s.signal == "metrics"] or [
        s for s in symptoms if s.strength >= _FAINT
    ]
    earliest = min((s.onset for s in clear), default=trouble.onset)
    return min(earliest, trouble.onset) if vague else earliest


def _reach(service: ServiceName, trouble: Trouble) -> float:
    if service in trouble.centre[:1]:
        return _HERE
    around = {
        other
        for centre in trouble.centre[:1]
        for other in (*trouble.graph.dependencies(centre), *trouble.graph.dependents(centre))
    }
    if service in around or service in trouble.centre:
        return _NEXT
    if any(symptom.service == service for symptom in trouble.symptoms):
        return 0.0
    # Who calls whom is often not known; a service that shows nothing may still ask, or be asked, otherwise.
    return (
        _SOMEWHERE if not trouble.graph.callees.get(service) and not trouble.graph.callers.get(service) else _ELSEWHERE
    )


def _time(delay: float, age: float, slowly: bool) -> float:
    """What the time says, in nats: between a change and what it brings, and between it and now, both in seconds.

    What builds up shows itself late, but in the first third of its way; what does not begins at once.
    """
    if delay <= _SLACK_SECONDS:
        return 1.1
    if delay <= _PROMPT_SECONDS:
        return 0.8
    if delay <= _SOON_SECONDS:
        return 0.4 if slowly else 0.0
    if delay <= _LATE_SECONDS:
        return 0.0 if slowly else -1.0
    return 0.0 if slowly and delay <= age / 3 else _STALE


def _link(effect: Effect, change: Change, trouble: Trouble) -> tuple[int, str]:
    """How many rare names of the change what fails repeats, and which; a stack that names its file counts twice."""
    found: list[str] = []
    for path in change.files:
        tail = "/".join(path.lower().split("/")[-2:])
        if len(tail) > 6 and tail in trouble.said and tail not in trouble.usual:
            return 2, f"what fails names {tail}"
    for name in sorted(effect.names, key=len, reverse=True):
        word = name.lower()
        if (
            len(word) >= 4
            and word in trouble.said
            and word not in trouble.usual
            and not word.isalpha() | (len(word) < 5)
        ):
            found.append(name)
    for name in sorted(effect.names, key=len, reverse=True):
        if name not in found and len(name) >= 6 and name.lower() in trouble.said and name.lower() not in trouble.usual:
            found.append(name)
    return len(found), f"what fails names {found[0]!r}" if found else ""


def _same_values(effect: Effect, trouble: Trouble) -> bool:
    """Whether a metric went from the very value that the change takes out to the one that it puts in."""
    setting = effect.setting
    if setting is None or setting.old is None or setting.new is None:
        return False
    try:
        old, new = float(setting.old.strip("\"'")), float(setting.new.strip("\"'"))
    except ValueError:
        return False
    if old == new:
        return False
    return any(
        s.deviation is not None
        and abs(s.deviation.excursion.baseline - old) <= 0.01 * abs(old)
        and abs(s.deviation.excursion.latest - new) <= 0.01 * max(abs(new), 1e-9)
        for s in trouble.symptoms
    )
