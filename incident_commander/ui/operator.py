"""Who acts on the pages: one browser's operator session, and the one way from a control to the response.

A page's handler can be called by any socket, by name, with any arguments. So every one that decides or stops something
is a call of `act`, which looks for the session's operator on the server, and nowhere else.
"""

import logging
from collections.abc import Awaitable, Callable

import reflex as rx

from ..access import Operator, TokenUnusable, TooManyAttempts, Unauthenticated
from ..domain.base import Digest
from ..response.approvals import NotAwaiting
from ..response.quarantine import NotQuarantined
from ..response.remembering import NotRemembered
from ..response.trusting import NotAdvised
from ..store import UnknownIncident
from .operations import Operations
from .services import NotRunning, access, running

log = logging.getLogger(__name__)

SIGN_IN = "This needs an operator: sign in with the operator token first."
SIGN_IN_AGAIN = "The operator token was changed since you signed in: sign in again with the new one."


class NotSignedIn(Exception):
    """Nobody may act in this session; the message says what to do."""


class OperatorState(rx.State):
    """The operator session of one browser tab; it ends with the tab, by signing out, or with its token.

    What proves it stays on the server: vars that begin with an underscore never go to a browser.

    Attributes:
        operator: The name given with the token; empty: nobody is signed in.
        tried: The name of the last try, so that it need not be written again.
        busy: The control at work; empty: none.
        told_by: The control that `notice` and `problem` are of.
    """

    operator: str = ""
    tried: str = ""
    refusal: str = ""
    busy: str = ""
    told_by: str = ""
    notice: str = ""
    problem: str = ""
    _proof: str = ""

    @rx.event()
    def sign_in(self, form: dict[str, str]) -> None:
        """Begin the session of whoever shows the token."""
        self._forget()
        self.tried = str(form.get("name", ""))[:200]
        client = self.router.session.client_ip
        try:
            found = access().authenticate(str(form.get("token", "")).strip(), self.tried, client)
        except Unauthenticated as error:
            self.refusal = f"{_sentence(str(error))}; {error.remedy}."
        except (TooManyAttempts, TokenUnusable, NotRunning) as error:
            self.refusal = f"{_sentence(str(error))}."
        else:
            self.operator, self._proof = found.name, found.proof

    @rx.event()
    def sign_out(self) -> None:
        """End the session."""
        self._forget()

    def _forget(self) -> None:
        self.operator = self._proof = self.refusal = self.tried = ""
        self.told_by = self.notice = self.problem = ""

    def _signed_in(self) -> Operator:
        """The operator of this session; without the underscore browsers could call it.

        Raises:
            NotSignedIn: there is none, or its token is no longer the one, and then it is ended.
            TokenUnusable, NotRunning: that cannot be told.
        """
        if not self._proof:
            raise NotSignedIn(SIGN_IN)
        found = Operator(self.operator, Digest(self._proof))
        if access().holds(found):
            return found
        self._forget()
        self.refusal = SIGN_IN_AGAIN
        raise NotSignedIn(SIGN_IN_AGAIN)


Work = Callable[[Operations, str], Awaitable[str]]
"""Has the response do something in an operator's name, and returns what to tell the viewer."""


async def act(state: OperatorState, control: str, work: Work) -> None:
    """Do what a control is for, if an operator is signed in; the viewer is told what came of it beside that control.

    Args:
        state: Of a background handler, outside `async with`.
        work: Raises with a message for the viewer where it cannot be done.
    """
    async with state:
        if state.busy:
            return
        state.told_by, state.notice, state.problem = control, "", ""
        try:
            by = state._signed_in().name
        except (NotSignedIn, TokenUnusable, NotRunning) as error:
            state.told_by, state.problem = control, _sentence(str(error))
            return
        state.busy = control
    notice = problem = ""
    try:
        notice = await work(running().operations, by)
    except (ValueError, NotAwaiting, NotAdvised, NotQuarantined, NotRemembered, UnknownIncident) as refusal:
        problem = _sentence(str(refusal))
    except Exception as error:  # the viewer is told whatever went wrong, and the control works again
        log.exception("control=<%s>, operator=<%s> | it could not be done", control, by)
        problem = _sentence(str(error) or type(error).__name__)
    async with state:
        state.busy, state.told_by, state.notice, state.problem = "", control, notice, problem


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
