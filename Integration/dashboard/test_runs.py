"""The page of runs: the tree, the text, what was found, the history, the last hour."""

import json
import time

import pytest
from selenium.webdriver.common.keys import Keys

from conftest import Page, emulate


def family(gateway):
    """A run with two below it, one of which has one of its own."""
    root = gateway.start(state="streaming", model="root", tree="t1", session="s1")
    first = gateway.start(state="streaming", model="first", parent=root.id, tree="t1", session="s1")
    second = gateway.start(state="streaming", model="second", parent=root.id, tree="t1", session="s1")
    deepest = gateway.start(state="sent", model="deepest", parent=first.id, tree="t1", session="s1")
    return root, first, second, deepest


def line(page, run):
    page.one(f'.run[data-run="{run.id}"] > .line')
    return f'.run[data-run="{run.id}"] > .line'


def click(page, selector, text):
    page.until(lambda: [button for button in page.all(f"{selector} button") if text in button.text], f"there is no {text}")
    next(button for button in page.all(f"{selector} button") if text in button.text).click()


def test_live_runs_are_a_tree(runs, gateway):
    root, first, second, deepest = family(gateway)
    runs.open()
    line(runs, deepest)
    shape = runs.script(
        "const read = (list) => [...list.children].map((run) => [run.querySelector('.model').textContent,"
        " ...[...run.children].filter((one) => one.matches('ul')).flatMap(read)]);"
        "return read(document.getElementById('live'))"
    )
    assert shape == [["root", ["first", ["deepest"]], ["second"]]]
    late = gateway.start(state="sent", model="late", parent=second.id)
    runs.until(lambda: runs.all(f'[data-run="{second.id}"] [data-run="{late.id}"]'), "a new run has its place at once")
    assert runs.text("#live-count") == "5 runs"


def test_a_line_says_what_matters(runs, gateway):
    run = gateway.start(state="sent", model="qwen", client="opencode/1.2")
    runs.open()
    selector = line(runs, run)
    runs.sees(selector, "the engine reads the prompt")
    run.facts["ttft_ms"] = 82
    run.write("Once upon a time there was an agent", rate=37.2)
    runs.sees(f"{selector} .tail", "there was an agent")
    text = runs.text(selector)
    assert "qwen" in text and "opencode/1.2" in text and "chat completions" in text
    assert "tokens/s 37" in text and "streaming" in text
    run.end("completed")
    runs.sees(f"{selector} .chip", "completed")
    assert "first token 82 ms" in runs.text(selector)


def test_stopping_a_tree_asks_first_and_names_its_size(runs, gateway):
    root, first, second, deepest = family(gateway)
    runs.open()
    click(runs, line(runs, root), "Stop run + 3")
    dialog = runs.one("dialog[open]")
    assert "Stop 4 runs?" in dialog.text
    assert runs.focused.text == "Stop 4 runs"
    assert not gateway.stops
    runs.key(Keys.ESCAPE)
    runs.until(lambda: not runs.all("dialog"))
    assert not gateway.stops
    click(runs, line(runs, root), "Stop run + 3")
    click(runs, "dialog", "Stop 4 runs")
    runs.until(lambda: all(run.state == "stopping" for run in (root, first, second, deepest)))
    assert gateway.stops[0][2] == {
        "scope": "tree", "mode": "immediate", "source": "dashboard", "if_generation": root.generation,
    }
    for run in (root, first, second, deepest):
        run.end("stopped")
        runs.sees(f"{line(runs, run)} .chip", "stopped")


def test_one_below_is_stopped_without_a_question(runs, gateway):
    root, first, second, deepest = family(gateway)
    runs.open()
    click(runs, line(runs, first), "Stop run + 1")
    runs.until(lambda: first.state == deepest.state == "stopping")
    assert root.state == second.state == "streaming"


def test_only_this_run(runs, gateway):
    root, first, second, deepest = family(gateway)
    runs.open()
    click(runs, line(runs, root), "Only this")
    runs.until(lambda: root.state == "stopping")
    assert gateway.stops[0][2]["scope"] == "run" and first.state == "streaming"
    root.end("stopped")
    runs.sees(f"{line(runs, root)} .chip", "stopped")
    runs.until(lambda: runs.text("#live-count") == "3 runs")
    assert runs.one(f'[data-run="{root.id}"] [data-run="{first.id}"]'), "the tree keeps its shape while it lives"


def test_after_the_current_calls(runs, gateway):
    root, *_ = family(gateway)
    runs.open()
    click(runs, line(runs, root), "Stop run + 3")
    click(runs, "dialog", "After the current calls")
    runs.sees(f"{line(runs, root)} .stop", "Stopping… (after current LLM call completes)")
    assert root.state == "streaming" and gateway.stops[0][2]["mode"] == "boundary"
    root.end("completed")
    runs.sees(f"{line(runs, root)} .chip", "completed")


def test_an_opened_run_shows_its_text_as_it_comes(runs, gateway):
    run = gateway.start(state="streaming", session="s7")
    runs.open()
    runs.one(f"{line(runs, run)} .toggle").click()
    assert runs.one(f"{line(runs, run)} .toggle").get_attribute("aria-expanded") == "true"
    run.write("First line. ", reasoning="A thought.")
    runs.sees(".detail .text", "First line.")
    run.write("Second line.", tool_call={"index": 0, "name": "read_file", "arguments": '{"path":"a"}'})
    runs.sees(".detail .text", "First line. Second line.")
    runs.sees(".detail .call", "read_file")
    assert "A thought." in runs.text(".detail .reasoning") and not runs.one(".detail .reasoning").get_attribute("open")
    assert "s7" in runs.text(".detail .figures")
    run.facts["engine"] = {"name": "llama.cpp", "confirmed": True, "via": "http", "after_ms": 14.2}
    run.facts["cancel"] = {"source": "cli", "at": time.time(), "duplicates": 0}
    run.end("stopped", "user_stop")
    runs.sees(".detail .figures", "Stopped by a person, from the cli")
    runs.sees(".detail .figures", "confirmed, by http, after 14 ms")


def test_several_opened_runs_cost_one_connection(runs, gateway):
    """A browser has six connections to a server; a page that took them all could not even send a stop."""
    several = [gateway.start(state="streaming", model=f"m{index}") for index in range(8)]
    runs.open()
    for run in several:
        runs.one(f"{line(runs, run)} .toggle").click()
        run.write(f"Text of {run.facts['model']}.")
    for run in several:
        runs.sees(f'[data-run="{run.id}"] .detail .text', f"Text of {run.facts['model']}.")
        run.write(" And more.")
    for run in several:
        runs.sees(f'[data-run="{run.id}"] .detail .text', "And more.")
    runs.until(lambda: gateway.listeners == 2, "one stream for all runs, and one for an opened run")
    click(runs, line(runs, several[0]), "Stop")
    runs.until(lambda: several[0].state == "stopping")


def test_a_trip_is_marked_in_the_text(runs, gateway):
    unit = "It wrote a plan with five steps. "
    run = gateway.start(state="streaming", model="looper")
    runs.open()
    run.write("There was an agent. " + unit * 6 + "It wrote a ")
    run.trip("tail_repeat", {"period": len(unit), "repeats": 6, "span": len(unit) * 6, "unit": unit, "start": 20})
    selector = line(runs, run)
    runs.sees(f"{selector} .tail", "tail repeat: 33 bytes, 6 times")
    runs.one(f"{selector} .toggle").click()
    runs.until(lambda: len(runs.all(".detail .text mark")) == 7)
    marks = [mark.get_attribute("textContent") for mark in runs.all(".detail .text mark")]
    assert marks == [unit] * 6 + ["It wrote a "]
    assert [mark.get_attribute("class") for mark in runs.all(".detail .text mark")][:3] == ["even", "odd", "even"]
    assert "period" in runs.text(".finding") and "33" in runs.text(".finding")


def test_a_loop_in_the_reasoning_is_unfolded(runs, gateway):
    run = gateway.start(state="streaming")
    run.write(reasoning="Wait, no. " * 9)
    run.trip("tail_repeat", {"period": 10, "repeats": 9, "unit": "Wait, no. "})
    runs.open()
    runs.one(f"{line(runs, run)} .toggle").click()
    runs.until(lambda: runs.one(".detail .reasoning").get_attribute("open") and len(runs.all(".detail .reasoning mark")) == 9)


def test_warnings_are_shown(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    runs.one(f"{line(runs, run)} .toggle").click()
    run.warn("line_repeat", {"line": "again", "count": 12})
    runs.sees(".warnings", "warn: line repeat: 12 times")


@pytest.mark.parametrize(
    ("evidence", "text", "marked"),
    [
        ({"unit": "ab", "period": 2}, "xabababa", ["ab", "ab", "ab", "a"]),
        ({"unit": "long beginning", "period": 40}, "long beginning and end; " * 2, ["long beginning and end; "] * 2),
        ({"unit": "abc", "period": 3}, "bcabcabca", ["bc", "abc", "abc", "a"]),
        ({"line": "the same line"}, "The same  line\nother\nthe same line\n", ["The same  line", "the same line"]),
        ({"sentence": "I will try (again).", "like": "x"}, "Well. I will try (again). So.", ["I will try (again)."]),
        ({"unit": "gone"}, "nothing of it", []),
        ({"tool": "read"}, "text", []),
        ({"unit": ""}, "text", []),
        ({"unit": "a", "period": 1}, "", []),
    ],
)
def test_what_is_marked(runs, evidence, text, marked):
    runs.open()
    found = runs.module(
        f"const {{ pieces }} = await load('evidence.js'); const evidence = {json.dumps(evidence)}, text = {json.dumps(text)};"
        "const cut = pieces(text, evidence);"
        "if (cut.map((one) => one.text).join('') !== text) throw 'text is lost';"
        "return cut.filter((one) => one.turn !== null).map((one) => one.text);"
    )
    pieces = found.get("value")
    assert [piece.rstrip() for piece in pieces] == [piece.rstrip() for piece in marked], found


def test_text_is_only_text(runs, gateway):
    """What a model writes, or a client calls itself, never becomes markup."""
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    run = gateway.start(state="streaming", model=attack, client=attack, session=attack)
    runs.open()
    run.write(attack, reasoning=attack)
    run.trip("tail_repeat", {"unit": attack, "period": 9, "repeats": 9})
    runs.one(f"{line(runs, run)} .toggle").click()
    runs.until(lambda: attack in runs.one(".detail .text").text)
    assert runs.one(f"{line(runs, run)} .model").text == attack
    assert not runs.all("main img, main script")


def test_history_with_filters(runs, gateway):
    for index, state in enumerate(["completed", "stopped", "failed", "completed"]):
        gateway.start(model=f"m{index % 2}", session=f"s{index}", tree="t", started=index).end(state)
    tripped = gateway.start(model="m0", started=9)
    tripped.trip("line_repeat", {"line": "again", "count": 9})
    runs.open()
    models = lambda: [one.text for one in runs.all("#ended .chip")]
    runs.until(lambda: models() == ["capped · line repeat", "completed", "failed", "stopped", "completed"])
    pick(runs, "state", "stopped")
    runs.until(lambda: models() == ["stopped"])
    assert runs.driver.current_url.endswith("?state=stopped")
    runs.open("/dashboard/?state=stopped")
    runs.until(lambda: models() == ["stopped"], "a filter outlives a reload")
    runs.one("#clear-filters").click()
    runs.until(lambda: len(models()) == 5)
    pick(runs, "detector", "line_repeat")
    runs.until(lambda: models() == ["capped · line repeat"])
    runs.one("#clear-filters").click()
    runs.one('[name="model"]').send_keys("m1")
    runs.until(lambda: models() == ["completed", "stopped"])
    runs.one('[name="session"]').send_keys("s7")
    runs.sees("#history-note", "No run matches.")


def test_history_takes_in_what_ends_now(runs, gateway):
    runs.open()
    runs.sees("#history-note", "Nothing has ended yet.")
    run = gateway.start(model="new")
    line(runs, run)
    run.end("completed")
    runs.until(lambda: runs.all(f'#ended [data-run="{run.id}"]'))
    pick(runs, "state", "failed")
    runs.until(lambda: not runs.all("#ended .run"))
    other = gateway.start(model="other")
    other.end("completed")
    failed = gateway.start(model="failed")
    failed.end("failed")
    runs.until(lambda: [one.get_attribute("data-run") for one in runs.all("#ended .run")] == [failed.id])


def test_older_runs_on_request(runs, gateway):
    for index in range(60):
        gateway.start(started=index).end("completed")
    runs.open()
    runs.until(lambda: len(runs.all("#ended .run")) == 50)
    runs.one("#more").click()
    runs.until(lambda: len(runs.all("#ended .run")) == 60)
    assert not runs.shown("#more")


def test_charts_tell_the_last_hour(runs, gateway):
    series = gateway.stats["series"]
    series["tokens"][-2:] = [420, 100]
    series["trips"][-5] = 2
    series["tokens_saved"][-5] = 12_345
    gateway.stats["totals"] |= {"trips": 7, "capped": 6, "tokens_saved": 99_000}
    runs.open()
    runs.sees(".card-throughput .big", "42")
    assert runs.text(".card-trips .big") == "2" and "7 in all, 6 runs cut" in runs.text(".card-trips")
    assert runs.text(".card-saved .big") == "12.3K"
    assert len(runs.all(".card-trips .bar")) == 1 and not runs.all(".card-cancels .bar")
    assert runs.one(".card-trips svg").get_attribute("aria-label") == "Trips, last hour: 2 found, 7 in all, 6 runs cut"


def test_events_that_break_off_are_taken_up_again(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    line(runs, run)
    refused = gateway.trouble("/v1/runs/events", lose=True)
    gateway.cut_events()
    runs.sees("#connection-word", "Reconnecting…")
    run.end("completed")
    gateway.troubles.remove(refused)
    runs.sees(f"{line(runs, run)} .chip", "completed")
    runs.sees("#connection-word", "Live")
    headers = [request[3] for request in gateway.asked("GET", "/v1/runs/events")]
    assert all("Last-Event-ID" not in one for one in headers[:1])


def test_a_run_that_ended_unseen_is_looked_up(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    line(runs, run)
    run.facts["state"] = "failed"  # without an event
    gateway.cut_events()
    runs.sees(f"{line(runs, run)} .chip", "failed")


def test_nothing_runs_yet(runs):
    runs.open()
    runs.sees("#nothing-live", f"{runs.url}/v1")


def test_the_control_key_is_asked_for(runs, gateway):
    gateway.key = "secret"
    run = gateway.start(state="streaming")
    runs.driver.get(gateway.url + "/dashboard/")
    dialog = runs.one("dialog[open]")
    runs.until(lambda: runs.focused.get_attribute("type") == "password")
    runs.focused.send_keys("wrong", Keys.ENTER)
    runs.sees("dialog[open]", "The gateway does not know this key.")
    runs.until(lambda: runs.focused.get_attribute("type") == "password" and runs.focused != dialog)
    runs.focused.send_keys("secret", Keys.ENTER)
    runs.sees("#connection-word", "Live")
    line(runs, run)
    assert "secret" not in runs.driver.current_url and runs.script("return localStorage.length") == 0
    assert not runs.all("dialog")


def test_the_keyboard_is_enough(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    runs.one(f"{line(runs, run)} .toggle").send_keys(Keys.ENTER)
    runs.one(".detail")
    runs.key(Keys.TAB)
    assert runs.focused.text == "Stop"
    runs.key(Keys.SPACE)
    runs.until(lambda: run.state == "stopping")
    assert runs.focused.text == "Stopping…", "the focus stays on the button"
    run.end("stopped")
    runs.sees(f"{line(runs, run)} .chip", "stopped")
    assert "toggle" in runs.focused.get_attribute("class"), "the focus stays in the row"
    runs.sees("#status", "m: stopped")


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_wider_than_the_screen(driver, gateway, width):
    emulate(driver, width=width, height=700)
    root, *_ = family(gateway)
    root.write("A rather long text without end " * 20)
    tripped = gateway.start(model="a-model-with-quite-a-long-name-70b-instruct-q4", client="claude-code/2.1.119")
    tripped.write("again " * 50)
    tripped.trip("tail_repeat", {"unit": "again ", "period": 6, "repeats": 50})
    page = Page(driver, gateway.url).open()
    page.one(f"{line(page, root)} .toggle").click()
    page.one(f"{line(page, tripped)} .toggle").click()
    page.until(lambda: len(page.all(".detail mark")) > 20)
    assert page.script("return document.documentElement.scrollWidth") <= width
    small = page.script(
        "return [...document.querySelectorAll('button, select, input, nav a, summary')].filter((one) => one.checkVisibility())"
        ".map((one) => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24)"
    )
    assert not small, "targets have to be 24 by 24 at least"


def test_the_pages_are_at_peace_with_their_policy(runs, chat):
    runs.open()
    assert not runs.complaints()
    chat.open()
    assert not chat.complaints()


def pick(page, name, value):
    page.one(f'select[name="{name}"] option[value="{value}"], select[name="{name}"] option:not([value])')
    page.script(
        "const field = document.querySelector(`[name=${arguments[0]}]`); field.value = arguments[1];"
        "field.dispatchEvent(new Event('input', { bubbles: true }))", name, value,
    )
