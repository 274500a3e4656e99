"""The page in a real browser that can reach this server and nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from diffbgm.demo.film import Truth
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


def wait(browser: webdriver.Chrome, until: Any) -> Any:
    return WebDriverWait(browser, 60, poll_frequency=0.05).until(until)


def script(browser: webdriver.Chrome, code: str) -> Any:
    return browser.execute_script(f"return {code}")


def complaints(browser: webdriver.Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def test_a_film_in_its_music_out_one_shot_again(
    browser: webdriver.Chrome, server: ServerProcess, demo: tuple[Path, Truth]
) -> None:
    def find(name: str) -> Any:
        return browser.find_element(By.ID, name)

    handshake = server.handshake
    browser.get(f"{handshake['address']}/#token={handshake['token']}")
    wait(browser, lambda _: "piano" in find("style").text)
    assert handshake["token"] not in browser.current_url
    assert not find("compose").is_enabled()

    find("film").send_keys(str(demo[0]))
    Select(find("style")).select_by_value("piano")
    Select(find("mood")).select_by_value("calm")
    find("compose").click()

    wait(browser, lambda _: find("play").is_displayed() and find("play").is_enabled())
    wait(browser, lambda _: script(browser, "document.getElementById('overview').naturalWidth"))
    assert find("result-title").text == demo[0].name
    wait(browser, lambda _: script(browser, "document.getElementById('sound').duration") == 3)
    assert len(browser.find_elements(By.CSS_SELECTOR, "#strip button")) == 3

    find("play").click()
    wait(browser, lambda _: script(browser, "document.getElementById('sound').currentTime") > 0.2)
    assert script(browser, "document.getElementById('picture').videoWidth") == 1280
    find("play").click()

    browser.find_elements(By.CSS_SELECTOR, "#strip button")[1].click()
    wait(browser, lambda _: find("shot-title").text == "Shot 1")
    find("redo").click()
    wait(browser, lambda _: script(browser, "document.getElementById('take').length") == 2)
    wait(browser, lambda _: find("take").is_enabled())
    assert Select(find("take")).first_selected_option.text == "1"
    Select(find("take")).select_by_visible_text("0")
    wait(browser, lambda _: latest(server)["jobs"][-1]["kind"] == "select")
    wait(browser, lambda _: find("take").is_enabled() and find("take").get_property("value") == "0")
    assert complaints(browser) == []


def test_an_unusable_film_is_explained(browser, server: ServerProcess, tmp_path: Path) -> None:
    film = tmp_path / "notes.mp4"
    film.write_text("no film")
    browser.get(f"{server.handshake['address']}/#token={server.handshake['token']}")
    wait(browser, lambda _: "unusable" in browser.find_element(By.ID, "style").text)
    browser.find_element(By.ID, "film").send_keys(str(film))
    Select(browser.find_element(By.ID, "style")).select_by_value("unusable")
    browser.find_element(By.ID, "compose").click()
    message = wait(browser, lambda _: browser.find_element(By.ID, "message").text)
    assert message == "notes.mp4 has no picture; give a film"
    assert not browser.find_element(By.ID, "progress").is_displayed()


def test_the_documentation_of_the_api_needs_no_network(browser, server: ServerProcess) -> None:
    browser.get(f"{server.handshake['address']}/docs")
    wait(browser, lambda _: browser.find_elements(By.CSS_SELECTOR, ".opblock"))
    assert "/v1/compositions" in browser.find_element(By.TAG_NAME, "body").text
    assert [line for line in complaints(browser) if "net::" in line or "Policy" in line] == []


def latest(server: ServerProcess) -> dict[str, Any]:
    return server.ask("GET", "/v1/compositions").json()["compositions"][0]
