"""The page in a real browser that can reach this server and nothing else."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from diffbgm.demo.film import Truth
from tests.server.test_previews import EDL
from tests.server_process import ServerProcess, server_process

pytestmark = [pytest.mark.slow, pytest.mark.alone]

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with server_process(tmp_path) as process:
        yield process


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("needs the programs chromium and chromedriver (chromium-driver in Debian)")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--autoplay-policy=no-user-gesture-required",
        "--window-size=1400,1300",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={tmp_path / 'browser'}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def wait(browser: webdriver.Chrome, until: Callable[[], Any], seconds: float = 60) -> Any:
    """What `until` returns once that is true; what is drawn anew meanwhile is looked for again."""
    waiting = WebDriverWait(browser, seconds, 0.05, [StaleElementReferenceException])
    return waiting.until(lambda _: until())


def script(browser: webdriver.Chrome, code: str) -> Any:
    return browser.execute_script(f"return {code}")


def complaints(browser: webdriver.Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


class Page:
    """The page in the browser, as a person finds things in it."""

    def __init__(self, browser: webdriver.Chrome, server: ServerProcess) -> None:
        self.browser, self.server = browser, server
        self.open()

    def open(self) -> None:
        handshake = self.server.handshake
        self.browser.get(f"{handshake['address']}/#token={handshake['token']}")
        wait(self.browser, lambda: "piano" in self["style"].text)

    def __getitem__(self, name: str) -> Any:
        return self.browser.find_element(By.ID, name)

    def compose(self, *films: Path, style: str = "piano") -> None:
        self["film"].send_keys("\n".join(map(str, films)))
        Select(self["style"]).select_by_value(style)
        self["compose"].click()

    def composed(self, film: Path) -> "Page":
        self.compose(film)
        wait(self.browser, lambda: self["play"].is_displayed() and self["play"].is_enabled())
        wait(self.browser, lambda: script(self.browser, "sound.duration") == 3)
        return self

    @property
    def rows(self) -> list[Any]:
        return self.browser.find_elements(By.CSS_SELECTOR, "#list tbody tr")

    def at(self) -> float:
        return script(self.browser, "sound.currentTime")

    def note(self, place: str) -> str:
        return self[place].find_element(By.CLASS_NAME, "note").text

    @property
    def latest(self) -> dict[str, Any]:
        return self.server.ask("GET", "/v1/compositions").json()["compositions"][0]


@pytest.fixture
def page(browser: webdriver.Chrome, server: ServerProcess) -> Page:
    return Page(browser, server)


def test_a_film_in_its_music_out_one_shot_again(page: Page, demo: tuple[Path, Truth]) -> None:
    browser = page.browser
    assert page.server.handshake["token"] not in browser.current_url
    assert not page["compose"].is_enabled()
    Select(page["mood"]).select_by_value("calm")
    page.composed(demo[0])
    assert page["result-title"].text == demo[0].name
    assert len(page.rows) == 3

    page["play"].click()
    wait(browser, lambda: page.at() > 0.2)
    assert page["play"].get_attribute("aria-label") == "Pause"
    assert script(browser, "picture.videoWidth") == 1280
    off = "Math.abs(picture.currentTime - sound.currentTime)"
    wait(browser, lambda: script(browser, off) < 0.1)
    page["play"].click()

    page.rows[1].click()
    wait(browser, lambda: page["shot-title"].text == "Shot 1" and page.at() == 1.0)
    page["redo"].click()
    wait(browser, lambda: script(browser, "take.length") == 2 and page["take"].is_enabled())
    assert Select(page["take"]).first_selected_option.text == "2 of 2"
    page["ab"].click()
    wait(browser, lambda: page.latest["jobs"][-1]["kind"] == "select")
    wait(browser, lambda: page["take"].is_enabled() and page["take"].get_property("value") == "0")
    assert page["shot-title"].text == "Shot 1"
    assert complaints(browser) == []


def test_film_and_music_come_in_ranges_and_not_into_memory(
    page: Page, demo: tuple[Path, Truth]
) -> None:
    page.composed(demo[0])
    sources = script(page.browser, "[picture.src, sound.src]")
    assert all(source.startswith(page.server.handshake["address"]) for source in sources)
    page["seek"].send_keys(Keys.END)
    wait(page.browser, lambda: page.at() == pytest.approx(3, abs=0.05))
    wait(page.browser, lambda: script(page.browser, "picture.seekable.length") == 1)


def test_a_shot_is_reached_by_keyboard_and_focus_stays(
    page: Page, demo: tuple[Path, Truth]
) -> None:
    page.composed(demo[0])
    leads = page.browser.find_elements(By.CSS_SELECTOR, "#list .lead")
    leads[2].send_keys(Keys.ENTER)
    wait(page.browser, lambda: page.at() == 1.5)
    assert page["shot-title"].text == "Shot 2"
    page.server.ask("POST", f"/v1/compositions/{page.latest['id']}/shots/0/takes", json={})
    wait(page.browser, lambda: "2 of 2" in page.rows[0].text)  # told from elsewhere
    assert script(page.browser, "document.activeElement.textContent") == "Shot 2"
    page["lock"].click()
    assert page["lock"].get_attribute("aria-pressed") == "true"
    assert not page["redo"].is_enabled()


def test_energy_and_mood_are_dragged_and_composed_again(
    page: Page, demo: tuple[Path, Truth]
) -> None:
    page.composed(demo[0])

    def handle(name: str) -> Any:
        return page.browser.find_element(By.CSS_SELECTOR, f"[data-handle='{name}']")

    assert handle("1-energy").get_attribute("aria-valuenow") == "0.50"
    ActionChains(page.browser).drag_and_drop_by_offset(handle("1-energy"), 0, -10).perform()
    handle("2-arousal").send_keys(Keys.ARROW_DOWN)
    dragged = float(handle("1-energy").get_attribute("aria-valuenow"))
    assert 0.6 < dragged < 0.8
    assert page["changes-text"].text == "Changed: shot 1, 2"
    page["changes-go"].click()
    wait(page.browser, lambda: len(page.latest["jobs"]) == 3 and page.latest["state"] == "done")
    assert [job["shot"] for job in page.latest["jobs"]] == [None, 1, 2]
    wait(page.browser, lambda: "2 of 2" in page.rows[1].text and "2 of 2" in page.rows[2].text)
    assert not page["changes"].is_displayed()


def test_hits_are_shown_and_pinned_before_composing(page: Page, demo: tuple[Path, Truth]) -> None:
    film, truth = demo
    page["film"].send_keys(str(film))
    page["preview"].click()

    def cuts() -> list[Any]:
        return page.browser.find_elements(By.CSS_SELECTOR, "#hits-list button")

    wait(page.browser, lambda: len(cuts()) == len(truth.cuts), 120)
    assert page["hits-facts"].text.startswith(f"{len(truth.cuts)} of {len(truth.cuts)} cuts met")
    cuts()[1].click()
    wait(page.browser, lambda: "pinned" in cuts()[1].text)
    page["compose"].click()
    wait(page.browser, lambda: page["result"].is_displayed())
    files = page.server.ask("GET", f"/v1/compositions/{page.latest['id']}").json()["result"]
    assert files["options"]["pinned"] == [truth.cuts[1]]


def test_an_edit_and_its_media_are_dropped_together(
    page: Page, demo: tuple[Path, Truth], tmp_path: Path
) -> None:
    edit = tmp_path / "cut.edl"
    edit.write_text(EDL.replace("demo.mp4", demo[0].name))
    page.compose(edit, demo[0])
    wait(page.browser, lambda: page["result"].is_displayed())
    assert page["result-title"].text == "FIRST CUT"
    assert page.latest["media"][0]["name"] == demo[0].name


def test_an_unusable_film_is_explained_and_deleted(page: Page, tmp_path: Path) -> None:
    film = tmp_path / "notes.mp4"
    film.write_text("no film")
    page.compose(film, style="unusable")
    wait(page.browser, lambda: page["failure"].is_displayed())
    assert page["failure-text"].text == "notes.mp4 has no picture; give a film"
    assert not page["progress"].is_displayed()
    page["failure"].find_element(By.CLASS_NAME, "delete").click()
    page.browser.switch_to.alert.accept()
    wait(page.browser, lambda: page["welcome"].is_displayed())
    assert page.server.ask("GET", "/v1/compositions").json() == {"compositions": []}


def test_a_refusal_is_told_beside_what_was_clicked(page: Page, tmp_path: Path) -> None:
    edit = tmp_path / "cut.edl"
    edit.write_text("no edit at all")
    page.compose(edit)
    wait(page.browser, lambda: page.note("request"))
    assert page.note("request").startswith("cut.edl")
    assert page["compose"].is_enabled()


def test_a_cancelled_take_leaves_good_music_good(page: Page, demo: tuple[Path, Truth]) -> None:
    page.composed(demo[0])
    url = f"/v1/compositions/{page.latest['id']}"
    page.server.ask("POST", f"{url}/shots/1/takes", json={"style": "patient"})
    wait(page.browser, lambda: page["cancel"].is_displayed())
    page["cancel"].click()
    wait(page.browser, lambda: "was cancelled; the music is as it was" in page["news"].text)
    assert page.browser.find_element(By.CSS_SELECTOR, "#history .state").text == "done"


def test_a_server_that_dies_and_comes_back_is_told_and_healed(
    browser: webdriver.Chrome, tmp_path: Path, demo: tuple[Path, Truth]
) -> None:
    with server_process(tmp_path) as first:
        page = Page(browser, first)
        page.compose(demo[0], style="patient")
        wait(browser, lambda: "diffusing" in page["progress-stage"].text)
        port = first.handshake["port"]
        first.process.kill()
        first.process.wait()
        wait(browser, lambda: "does not answer" in page["outage"].text)
    with server_process(tmp_path, "--port", str(port)):
        wait(browser, lambda: not page["outage"].is_displayed())
        (tmp_path / "gate").touch()
        wait(browser, lambda: page["result"].is_displayed())
        browser.refresh()
        wait(browser, lambda: page["result"].is_displayed())  # the view is kept


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_cut_off(page: Page, demo: tuple[Path, Truth], width: int) -> None:
    measure = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", measure)
    page.composed(demo[0])
    assert script(page.browser, "document.documentElement.scrollWidth") <= width
    assert script(page.browser, "list.scrollWidth <= list.clientWidth")


def test_the_documentation_of_the_api_needs_no_network(browser, server: ServerProcess) -> None:
    browser.get(f"{server.handshake['address']}/docs")
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, ".opblock"))
    assert "/v1/compositions" in browser.find_element(By.TAG_NAME, "body").text
    assert [line for line in complaints(browser) if "net::" in line or "Policy" in line] == []
