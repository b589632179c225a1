"""A real Chromium in front of the dashboard, and what is behind it: a gateway that does as it is told, or the program.

    LOOPGUARD=.build/debug/loopguard .venv/bin/python -m pytest Integration/dashboard
"""

import os
import pathlib
import shutil
import sys

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1])]

from fake_gateway import FakeGateway  # noqa: E402
from loopguard_process import Loopguard  # noqa: E402

PATIENCE = 20


class Page:
    """The browser, asked in the words of the tests. Whatever is asked for is waited for."""

    def __init__(self, driver, url):
        self.driver, self.url = driver, url

    def open(self, path="/dashboard/"):
        self.driver.get(self.url + path)
        self.until(lambda: self.text("#connection-word") == "Live", "the page has not come alive")
        return self

    def until(self, condition, complaint="it has not come about"):
        def holds(_):
            try:
                return condition()
            except (StaleElementReferenceException, IndexError):
                return False

        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.02).until(holds, complaint)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.until(lambda: self.all(selector)[0], f"there is no {selector}")

    def shown(self, selector):
        return [element for element in self.all(selector) if element.is_displayed()]

    def text(self, selector):
        """What is written there, whether it can be seen or is for screen readers."""
        return self.driver.execute_script("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def module(self, code):
        """The value of an async function's body that may import the dashboard's modules as `load(name)`."""
        return self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1], load = (name) => import(`/dashboard/${name}`);"
            f"(async () => {{ {code} }})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        )

    def sees(self, selector, text):
        self.until(lambda: text in (self.text(selector) or ""), f"{selector} never says {text!r}")

    def key(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def focused(self):
        return self.driver.switch_to.active_element

    def complaints(self):
        """What the console has against the page."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


class Chat(Page):
    """The page of the chat."""

    def open(self):
        super().open("/dashboard/chat")
        return self

    @property
    def button(self):
        return self.one("#action")

    def label(self):
        return self.button.get_attribute("aria-label")

    def is_idle(self):
        return self.label() == "Send message"

    def write(self, text):
        self.one("#prompt").send_keys(text)

    def ask(self, text="Hello"):
        self.write(text)
        self.button.click()
        self.until(lambda: self.label() == "Stop generation", "the button does not offer Stop")

    def stop(self):
        self.button.click()
        self.until(lambda: self.label() == "Stopping…", "the button does not say that it stops")

    def answer(self, number=-1):
        return self.all(".message.assistant .body")[number].text.strip()

    def chip(self, number=-1):
        below = self.all(".message.assistant .below")[number]
        chips = below.find_elements(By.CSS_SELECTOR, ".chip")
        return chips[0].text if chips else None

    def becomes_idle(self):
        self.until(self.is_idle, "the button does not become Send again")

    def status(self):
        return self.text("#turn-status")


def chromium(*arguments):
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM") or shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *arguments):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    driver = chromium(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    driver.set_script_timeout(PATIENCE)
    yield driver
    driver.quit()


@pytest.fixture(autouse=True)
def clean(driver):
    """Each test begins with one empty tab, on a screen of a desk, in the light."""
    emulate(driver)
    yield
    first, *others = driver.window_handles
    for handle in others:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(first)
    if driver.current_url.startswith("http"):
        driver.execute_script("sessionStorage.clear()")
    driver.get("about:blank")
    driver.get_log("browser")


def emulate(driver, width=1280, height=900, scheme="light", motion="no-preference"):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture
def gateway():
    gateway = FakeGateway()
    yield gateway
    gateway.close()


@pytest.fixture
def runs(driver, gateway):
    return Page(driver, gateway.url)


@pytest.fixture
def chat(driver, gateway):
    return Chat(driver, gateway.url)


@pytest.fixture(scope="session")
def binary():
    """The built program."""
    binary = os.environ.get("LOOPGUARD", ".build/debug/loopguard")
    if not pathlib.Path(binary).exists():
        pytest.skip(f"{binary} is not built")
    return binary


@pytest.fixture(scope="session")
def program(binary):
    """The program with its embedded engine."""
    with Loopguard(binary) as loopguard:
        if loopguard.request("GET", "/v1/runs")[0] != 200:
            pytest.skip("the program has no control API")
        yield loopguard
