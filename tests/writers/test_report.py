"""The report of a small composition, in a real browser that has no network."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from diffbgm.arranging.arrangement import join_shots
from diffbgm.composing import compose
from diffbgm.composition import Composition, load_scored_film
from diffbgm.demo.film import Truth
from diffbgm.errors import StorageError
from diffbgm.options import ComposeOptions
from diffbgm.sound.sample_files import SampleFile
from diffbgm.writers.report import write_report

pytestmark = [pytest.mark.slow, pytest.mark.alone]

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
CUNNING = "</script><script>document.title='taken'</script><!-- {{content}} 'ä\" .mp4"


@pytest.fixture(scope="module")
def composed(demo: tuple[Path, Truth], tmp_path_factory: pytest.TempPathFactory) -> Composition:
    folder = tmp_path_factory.mktemp("report") / "music #1 100%"
    return compose(demo[0], folder, ComposeOptions(steps=4, mux=True))


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
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={tmp_path / 'browser'}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def show(browser: webdriver.Chrome, page: Path, player: str) -> None:
    """Open the page and wait until it can play."""
    browser.get(page.as_uri())
    ready = "return player.tagName === arguments[0] && player.readyState >= 2"
    wait(browser, lambda: browser.execute_script(ready, player))


def wait(browser: webdriver.Chrome, until: Any) -> None:
    WebDriverWait(browser, 60, poll_frequency=0.05).until(lambda _: until())


def now(browser: webdriver.Chrome) -> float:
    return browser.execute_script("return player.currentTime")


def cursor(browser: webdriver.Chrome) -> float:
    """Where the cursor stands, in pixels from the left of the chart."""
    script = """const box = (name) => document.querySelector(name).getBoundingClientRect();
    return box("#cursor").left + 1 - box("canvas").left"""
    return browser.execute_script(script)


def complaints(browser: webdriver.Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def test_a_chart_without_room_is_not_drawn(
    browser: webdriver.Chrome, composed: Composition
) -> None:
    """Hidden, or narrower than its margins: and it is back where it has room again."""
    show(browser, composed.folder / "report.html", "VIDEO")
    is_drawn = "return canvas.width > 500"
    assert browser.execute_script(is_drawn)
    for width in ("0px", "40px"):
        narrowed = """canvas.width = 1; canvas.parentElement.style.width = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(arguments[1]))"""
        browser.execute_async_script(narrowed, width)
        assert not browser.execute_script(is_drawn)
    browser.execute_script("canvas.parentElement.style.width = ''")
    wait(browser, lambda: browser.execute_script(is_drawn))


def test_the_cursor_follows_the_film_and_a_click_seeks(
    browser: webdriver.Chrome, composed: Composition
) -> None:
    show(browser, composed.folder / "report.html", "VIDEO")
    assert browser.execute_script("return player.videoWidth") == 1280
    before = cursor(browser)
    browser.execute_script("player.play()")
    wait(browser, lambda: now(browser) > 0.5)
    browser.execute_script("player.pause()")
    per_second = browser.execute_script("return Chart.x(1) - Chart.x(0)")
    wait(
        browser,
        lambda: cursor(browser) == pytest.approx(before + now(browser) * per_second, abs=1),
    )

    chart = browser.find_element(By.ID, "chart")
    ActionChains(browser).move_to_element(chart).click().perform()
    expected = browser.execute_script(
        "return Chart.time(canvas.clientWidth / 2, canvas.clientWidth)"
    )
    assert 0.4 * composed.seconds < expected < 0.6 * composed.seconds
    wait(browser, lambda: now(browser) == pytest.approx(expected, abs=0.05))
    wait(
        browser,
        lambda: cursor(browser) == pytest.approx(before + now(browser) * per_second, abs=1),
    )
    assert complaints(browser) == []


def test_the_list_tells_of_every_shot_and_leads_to_it(
    browser: webdriver.Chrome, composed: Composition
) -> None:
    show(browser, composed.folder / "report.html", "VIDEO")
    rows = browser.find_elements(By.CSS_SELECTOR, "tbody tr")
    assert len(rows) == len(composed.shots)
    assert "1 of 1" in rows[2].text
    assert f"{composed.shots[2]['energy']:.2f}" in rows[2].text
    assert "mood from colour and motion" in browser.find_element(By.ID, "facts").text
    rows[4].click()
    wait(browser, lambda: now(browser) == pytest.approx(composed.shots[4]["start"], abs=0.01))
    wait(browser, lambda: "current" in (rows[4].get_attribute("class") or ""))


def test_the_chart_shows_all_rows_and_more_of_less_time(
    browser: webdriver.Chrome, composed: Composition
) -> None:
    show(browser, composed.folder / "report.html", "VIDEO")
    colours = """const {width, height} = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const colours = new Set();
    for (let i = 0; i < pixels.length; i += 4) colours.add(pixels.slice(i, i + 3).join());
    return colours.size"""
    wait(browser, lambda: browser.execute_script(colours) > 500)  # the pictures of the shots
    whole = browser.execute_script("return view.span")
    browser.find_element(By.ID, "wider").click()
    assert browser.execute_script("return view.span") == pytest.approx(whole / 2)
    browser.find_element(By.ID, "narrower").click()
    assert not browser.find_element(By.ID, "narrower").is_enabled()


def test_the_cursor_is_seen_after_zooming_while_paused(
    browser: webdriver.Chrome, composed: Composition
) -> None:
    show(browser, composed.folder / "report.html", "VIDEO")
    browser.execute_script("seek(2); chart.look(10, 10)")
    assert not browser.find_element(By.ID, "cursor").is_displayed()
    browser.find_element(By.ID, "wider").click()
    first, span = browser.execute_script("return [view.from, view.span]")
    assert first <= now(browser) <= first + span == pytest.approx(first + 5)
    assert browser.find_element(By.ID, "cursor").is_displayed()


@pytest.mark.parametrize("width", [390, 1440])
def test_no_column_is_cut_off(browser: webdriver.Chrome, composed: Composition, width: int) -> None:
    measure = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", measure)
    show(browser, composed.folder / "report.html", "VIDEO")
    fits = "const box = find('list'); return box.scrollWidth <= box.clientWidth"
    assert browser.execute_script(fits)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_without_a_film_the_music_plays_under_the_shots_pictures(
    browser: webdriver.Chrome, composed: Composition, tmp_path: Path
) -> None:
    for name in ("report.html", "mix.wav"):
        shutil.copy(composed.folder / name, tmp_path)
    show(browser, tmp_path / "report.html", "AUDIO")
    assert "cannot play film.mp4" in browser.find_element(By.ID, "trouble").text
    browser.execute_script("player.play()")
    wait(browser, lambda: now(browser) > 0.2)
    assert browser.execute_script("return still.naturalWidth") > 0


def rewritten(composed: Composition, path: Path, title: str) -> str:
    """The report of the same composition, of a film of that name."""
    named = replace(composed, source={**composed.source, "film": f"/films/{title}"})
    film = load_scored_film(composed)
    score = join_shots(take.score for take in film.takes)
    write_report(path, film, named, score, SampleFile(composed.folder / "mix.wav"))
    return path.read_text("utf-8")


def test_a_film_of_any_name(
    browser: webdriver.Chrome, composed: Composition, tmp_path: Path
) -> None:
    title = CUNNING.replace("/", "|")  # which no file name has
    rewritten(composed, tmp_path / "report.html", title)
    browser.get((tmp_path / "report.html").as_uri())
    assert browser.title == title
    assert browser.find_element(By.TAG_NAME, "h1").text == title


def content_of(page: str) -> dict[str, Any]:
    inside = re.search(
        r'<script type="application/json" id="content">(.*?)</script>', page, re.DOTALL
    )
    assert inside is not None
    return json.loads(inside[1])


def test_the_planned_chords_stand_over_the_notes(composed: Composition) -> None:
    changes = content_of((composed.folder / "report.html").read_text())["chords"]
    planned = json.loads((composed.folder / "composition.json").read_text())["plan"]["chords"]
    times, names = zip(*changes, strict=True)
    assert set(names) <= set(planned)
    assert all(before != after for before, after in pairwise(names))
    assert list(times) == sorted(times)
    assert set(times) <= {round(beat, 3) for beat in composed.beats}


def test_what_a_name_says_is_never_run(composed: Composition, tmp_path: Path) -> None:
    page = rewritten(composed, tmp_path / "report.html", CUNNING)
    assert content_of(page)["title"] == CUNNING.rpartition("/")[2]
    assert page.count("<script") == 4


def test_it_is_small_and_asks_for_nothing_outside(composed: Composition) -> None:
    page = (composed.folder / "report.html").read_text("utf-8")
    assert len(page) < 1_000_000 * composed.seconds / 60
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", page)
    assert "report.html" in composed.files


def test_where_it_cannot_be_written(composed: Composition, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"report\.html"):
        rewritten(composed, tmp_path / "nowhere" / "report.html", "film.mp4")
