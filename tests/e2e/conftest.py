"""A served installation of its own, and browsers that look at it."""

import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.api.acting import ACTING, TOKEN
from tests.running import REPOSITORY, ProcessGroup, free_port, require_program

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]
START_SECONDS = 170.0
"""A first build installs the pages' packages; a later one takes a few seconds."""
PATIENCE_MS = 20_000


class Server:
    """A production server on a port of its own, with its own data and its own built pages."""

    def __init__(self, folder: Path, web: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "server.log"
        tools = Path(sys.executable).parent
        self._env = {name: value for name, value in os.environ.items() if not name.startswith(("IC_", "REFLEX_"))} | {
            "IC_DATA_DIR": str(folder / "data"),
            "IC_OPERATOR_TOKEN": TOKEN,
            "REFLEX_WEB_WORKDIR": str(web),
        }
        self._command: list[str | Path] = [tools / "incident-commander", "up", "--port", str(self.port)]
        self._running: ProcessGroup | None = None

    def start(self, **settings: str) -> None:
        """Start it, with these environment variables beside its own, and wait until its pages are served."""
        running = ProcessGroup(self._command, log=self._log, cwd=REPOSITORY, env=self._env | settings)
        self._running = running
        running.wait_until(self._serves, START_SECONDS, f"pages at {self.url}")

    def kill(self) -> None:
        """End it as a crash would."""
        if self._running is not None:
            self._running.kill()

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        if self._running is not None:
            self._running.stop()

    def post(self, path: str, body: object) -> httpx.Response:
        """Post JSON to it."""
        return httpx.post(f"{self.url}{path}", json=body, timeout=20)

    def act(self, method: str, path: str, body: object) -> httpx.Response:
        """Send JSON to it as an operator."""
        return httpx.request(method, f"{self.url}{path}", json=body, headers=ACTING, timeout=20)

    def get(self, path: str) -> httpx.Response:
        """Ask it for something."""
        return httpx.get(f"{self.url}{path}", timeout=20, follow_redirects=True)

    def _serves(self) -> bool:
        return self.get("/ops").status_code == 200 and self.get("/health").status_code == 200


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    """One server for the session. Its pages' packages are kept between sessions, for one session at a time."""
    require_program("chromium")
    folder = tmp_path_factory.mktemp("served")
    kept = Path(request.config.cache.mkdir("web")) if request.config.cache else folder
    with (kept / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            kept = folder
        server = Server(folder, kept / "build")
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    chromium = os.environ.get("CHROMIUM") or require_program("chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


class Viewer:
    """One browser with nothing in it yet, and what went wrong in it."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._pages: list[Page] = []
        self.errors: list[str] = []

    def open(
        self, path: str, *, width: int = 1440, height: int = 900, dark: bool = False, hydrated: bool = True
    ) -> Page:
        """Open a path in a context of its own, and wait until it has answered."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        self._pages.append(page)
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        page.goto(self._url + path)
        if hydrated and path.startswith("/ops"):
            page.wait_for_selector("#connection[data-state=live]")
        return page

    def close(self) -> None:
        """Close all that was opened."""
        for page in self._pages:
            page.context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _page_error(self, error: Error) -> None:
        self.errors.append(str(error))


@pytest.fixture
def viewer(server: Server, browser: Browser) -> Iterator[Viewer]:
    """A viewer of the served pages; its contexts end with the test."""
    viewer = Viewer(browser, server.url)
    yield viewer
    viewer.close()
