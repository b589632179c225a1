"""The dashboard as the program serves it, in front of its own engine: what one does with it, end to end."""

import json
import threading
import urllib.error
import urllib.request
import uuid

import pytest
from selenium.webdriver.common.keys import Keys

from conftest import Chat, Page
from fake_gateway import POLICY
from loopguard_process import Loopguard

QUESTION = "Tell me a long story about an agent."


@pytest.fixture
def page(driver, program):
    return Page(driver, program.url)


@pytest.fixture
def chat(driver, program):
    return Chat(driver, program.url)


class Generation:
    """A client that asks for a generation without end and reads what it gets."""

    def __init__(self, program, id=None, parent=None, **body):
        self.id = id or f"test_{uuid.uuid4().hex}"
        headers = {"Content-Type": "application/json", "X-Run-Id": self.id, "User-Agent": "tester/1.0"}
        if parent:
            headers["X-Parent-Run-Id"] = parent.id
        body = {
            "model": "loopguard-small", "stream": True, "temperature": 1, "ignore_eos": True, "max_tokens": 100_000, "seed": 1,
            "messages": [{"role": "user", "content": QUESTION}],
        } | body
        request = urllib.request.Request(program.url + "/v1/chat/completions", json.dumps(body).encode(), headers)
        self.answer = urllib.request.urlopen(request, timeout=60)
        self.events = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.answer:
            if line.startswith(b"data: "):
                self.events.append(line[6:].strip())

    def end(self):
        """The last chunk, once the stream is over."""
        self.thread.join(30)
        assert self.events[-1] == b"[DONE]", "the stream has no end"
        return json.loads(self.events[-2])


def row(run):
    return f'#live .run[data-run="{run.id}"]'


def test_the_pages_come_with_their_policy_and_their_tag(program):
    with urllib.request.urlopen(program.url + "/dashboard") as answer:
        assert answer.url == program.url + "/dashboard/" and answer.status == 200
        policy, tag = answer.headers["Content-Security-Policy"], answer.headers["ETag"]
    assert policy == POLICY, "the pages were tested under another policy"
    again = urllib.request.Request(program.url + "/dashboard/", headers={"If-None-Match": tag})
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(again)
    assert answer.value.code == 304


def test_a_run_is_seen_from_its_first_token_to_its_stop(page, program):
    page.open()
    run = Generation(program)
    page.until(lambda: "streaming" in (page.text(f"{row(run)} > .line") or ""))
    page.until(lambda: len(page.text(f"{row(run)} .tail") or "") > 40, "there is no tail of its text")
    line = page.text(f"{row(run)} > .line")
    assert "loopguard-small" in line and "tester/1.0" in line
    page.one(f"{row(run)} .toggle").click()
    page.until(lambda: len(page.text(".detail .text") or "") > 200)
    page.one(f"{row(run)} > .line .stop").click()
    page.sees(f"{row(run)} > .line .chip", "stopped")
    page.sees(f"{row(run)} .tail", "Stopped by a person, from the dashboard")
    last = run.end()
    assert last["choices"][0]["finish_reason"] == "length"
    assert program.get(f"/v1/runs/{run.id}")["reason"] == "user_stop"
    page.sees(".detail .figures", "confirmed")


def test_a_tree_is_stopped_with_one_click(page, program):
    page.open()
    root = Generation(program)
    children = [Generation(program, parent=root) for _ in range(2)]
    page.until(lambda: page.one(f"{row(root)} > .line .stop").text == "Stop run + 2")
    assert page.one(f'{row(root)} [data-run="{children[0].id}"]'), "a child stands below its parent"
    page.one(f"{row(root)} > .line .stop").click()
    page.one("dialog .danger").click()
    for run in (root, *children):
        page.sees(f"{row(run)} > .line .chip", "stopped")
        assert run.end()["choices"][0]["finish_reason"] == "length"
    assert program.get(f"/v1/runs/{children[0].id}")["reason"] == "tree_stop"


def test_a_loop_is_found_and_marked(page, program):
    page.open()
    run = Generation(program, temperature=0, ignore_eos=False, max_tokens=1900)
    page.sees(f"{row(run)} > .line .chip", "capped · tail repeat")
    page.one(f"{row(run)} .toggle").click()
    page.until(lambda: len(page.all(".detail .text mark")) > 5, "the repeats are not marked")
    units = {mark.get_attribute("textContent") for mark in page.all(".detail .text mark")[1:-1]}
    assert len(units) == 1, "each mark is one turn of the loop"
    page.until(lambda: page.all(f'#ended [data-run="{run.id}"]'))
    page.until(lambda: "1" in page.text(".card-trips .muted"))


def test_a_chat_is_stopped_and_goes_on(chat, program):
    chat.open()
    chat.one("#options-toggle").click()
    chat.one("#extra").send_keys('{"ignore_eos": true, "temperature": 1, "seed": 1}')
    chat.ask(QUESTION)
    chat.until(lambda: len(chat.answer()) > 80)
    chat.button.click()
    chat.becomes_idle()
    assert chat.chip() == "stopped" and chat.status().startswith("Stopped by you. ")
    kept = chat.answer()
    assert len(kept) > 80
    chat.one("#extra").clear()
    chat.one("#temperature").send_keys("0")
    chat.ask("What is a loop?")
    chat.becomes_idle()
    assert chat.chip() in (None, "capped · tail repeat") and chat.answer() and chat.answer(0) == kept


def test_a_loop_in_the_chat(chat, program):
    chat.open()
    chat.one("#options-toggle").click()
    chat.one("#temperature").send_keys("0")
    chat.ask(QUESTION)
    chat.becomes_idle()
    chat.until(lambda: chat.chip() == "capped · tail repeat")
    chat.until(lambda: len(chat.all(".message mark")) > 5)
    assert "Cut by loop guard: tail repeat." == chat.status()


def test_a_stop_that_comes_too_late(page, program):
    """The run ends while the page does not hear of it."""
    page.open()
    run = Generation(program)
    page.one(f"{row(run)} > .line .stop")
    page.script(
        "const { fetch } = window; const gate = new Promise((open) => (window.open_gate = open));"
        "window.fetch = async (url, options) => { if (/stop/.test(url)) await gate; return fetch(url, options); }"
    )
    page.one(f"{row(run)} > .line .stop").click()
    program.request("POST", f"/v1/runs/{run.id}/stop", {})
    run.end()
    page.script("window.open_gate()")
    page.sees(".toast", "Already stopped")
    page.sees(f"{row(run)} > .line .chip", "stopped")


def test_two_tabs(driver, page, program):
    page.open()
    run = Generation(program)
    page.one(f"{row(run)} > .line .stop")
    first = driver.current_window_handle
    driver.switch_to.new_window("window")
    Page(driver, program.url).open()
    page.one(f"{row(run)} > .line .stop").click()
    for window in (driver.current_window_handle, first):
        driver.switch_to.window(window)
        page.sees(f"{row(run)} > .line .chip", "stopped")
    run.end()


def test_X5_a_page_that_goes_away_cancels_nothing(driver, page, program):
    page.open()
    run = Generation(program)
    page.until(lambda: "streaming" in (page.text(f"{row(run)} > .line") or ""))
    page.one(f"{row(run)} .toggle").click()
    page.one(".detail .text")
    first = driver.current_window_handle
    driver.switch_to.new_window("window")
    other = driver.current_window_handle
    driver.switch_to.window(first)
    driver.close()
    driver.switch_to.window(other)
    so_far = program.get(f"/v1/runs/{run.id}")["events"]
    page.until(lambda: program.get(f"/v1/runs/{run.id}")["events"] > so_far, "the run does not go on")
    assert program.get(f"/v1/runs/{run.id}")["state"] == "streaming"
    page.open()
    page.one(f"{row(run)} > .line .stop").click()
    run.end()


def test_the_history_is_filtered_by_the_program(page, program):
    run = Generation(program, model="loopguard-small", max_tokens=4)
    run.end()
    page.open("/dashboard/?state=completed&model=loopguard-small")
    page.one(f'#ended [data-run="{run.id}"]')
    assert {chip.text for chip in page.all("#ended .chip")} == {"completed"}
    page.open("/dashboard/?detector=stutter")
    page.sees("#history-note", "No run matches.")


def test_a_control_key(driver, tmp_path, binary, program):
    """With a key the pages are open and what they show is not; the key is asked for and is enough for a stop."""
    key = tmp_path / "key"
    key.write_text("correct-horse-battery-staple\n")
    with Loopguard(binary, "--control-key-file", str(key)) as locked:
        driver.get(locked.url + "/dashboard/")
        page = Page(driver, locked.url)
        page.one("dialog[open] input").send_keys("wrong", Keys.ENTER)
        page.sees("dialog[open]", "The gateway does not know this key.")
        page.one("dialog[open] input").send_keys("correct-horse-battery-staple", Keys.ENTER)
        page.sees("#connection-word", "Live")
        run = Generation(locked)
        page.one(f"{row(run)} > .line .stop").click()
        page.sees(f"{row(run)} > .line .chip", "stopped")
        run.end()
