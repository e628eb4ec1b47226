"""What operators do on /ops, as the tests do it."""

from playwright.sync_api import Locator, Page

from tests.api.acting import TOKEN
from tests.e2e.test_pages import start_scenario


def sign_in(page: Page, name: str = "Ada Lovelace", token: str = TOKEN) -> None:
    """Show the token, under a name."""
    form = page.locator("#operator form")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Operator token").fill(token)
    form.get_by_role("button", name="Sign in").click()


def start_for_a_person(page: Page, scenario: str, seed: int) -> str:
    """Start a practice run whose approvals a person answers; returns the run's id."""
    page.locator("#practice").get_by_label("Answer its approvals myself").check()
    return start_scenario(page, scenario, seed)


def question_of(page: Page, incident: str) -> Locator:
    """The question that an incident waits with."""
    return page.locator(f".approval[data-incident='{incident}']")
