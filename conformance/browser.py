"""A page as a reader meets it: in Debian's chromium, headless. `tox -e pages` installs what this needs.

Playwright's and selenium's own downloads of browsers are not used; the browser is the system's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

NAMES = ("chromium", "chromedriver")
WIDTHS = (400, 1600)
"""Pixels: a telephone and a large screen."""
HEIGHT = 900
SMALLEST = 10
"""Pixels of type that can still be read."""
LOOK = """
const wide = document.documentElement.scrollWidth - window.innerWidth;
const scrolls = e => { for (let p = e.parentElement; p; p = p.parentElement) {
  if (["auto", "scroll", "hidden"].includes(getComputedStyle(p).overflowX)) return true } return false };
const shown = [...document.body.querySelectorAll("*")].filter(e => e.checkVisibility() && e.getBoundingClientRect().width > 1);
const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
const name = e => e.tagName.toLowerCase() + ": " + e.textContent.trim().slice(0, 60);
return {
  wider: Math.max(0, wide),
  outside: shown.filter(e => own(e) && !scrolls(e) && e.getBoundingClientRect().right > window.innerWidth + 1).map(name),
  small: shown.filter(e => own(e) && parseFloat(getComputedStyle(e).fontSize) < arguments[0]).map(name),
  broken: [...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.alt || i.src.slice(0, 60)),
  words: document.body.innerText.split(/\\s+/).length,
}
"""


@dataclass(frozen=True)
class Seen:
    """What is wrong with a page at one width; all of it empty where nothing is.

    errors    what the browser's console was told, by a script or by a file that did not load
    wider     pixels by which the page is wider than the window
    outside   elements whose text ends beyond the window and cannot be scrolled to in a box of their own
    small     elements in type below SMALLEST pixels
    broken    images that show nothing
    words     how many words a reader sees
    """

    errors: list[str]
    wider: int
    outside: list[str]
    small: list[str]
    broken: list[str]
    words: int

    def faults(self) -> list[str]:
        """In words, one for each."""
        listed = [
            f"{what}: {each}"
            for what, found in (
                ("script or file", self.errors),
                ("beyond the window", self.outside),
                (f"type below {SMALLEST} pixels", self.small),
                ("no image", self.broken),
            )
            for each in found
        ]
        return listed + ([f"{self.wider} pixels wider than the window"] if self.wider else [])


def missing() -> str:
    """Why no page can be looked at here, or ""."""
    absent = [name for name in NAMES if shutil.which(name) is None]
    return f"{' and '.join(absent)} not installed: `tox run -e pages` installs a browser" if absent else ""


@contextmanager
def browser() -> Iterator[Any]:
    """A chromium without a window, to be driven by selenium."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which(NAMES[0]))
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which(NAMES[1])))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address under which the files of a folder are served: scripts of a site may fetch nothing from files."""
    handler = partial(_Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that the library gives it
        """Say nothing."""


def look(driver: Any, address: str, width: int, picture: Path | None = None) -> Seen:
    """Open a page at a width in pixels and say what is wrong; with a picture of the whole page if a path for one is given."""
    device = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
    driver.get_log("browser")  # what was said of the page before
    driver.get(address)
    found = driver.execute_script(LOOK, SMALLEST)
    if picture is not None:
        height = driver.execute_script("return document.documentElement.scrollHeight")
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device | {"height": min(height, 16000)})
        driver.save_screenshot(str(picture))
    return Seen([entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"], **found)
