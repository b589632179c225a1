"""axe-core finds nothing on the pages, in any of their states: WCAG 2.0 to 2.2, A and AA, and its best practices."""

import importlib.util
import pathlib

import pytest

from conftest import emulate

AXE = (pathlib.Path(importlib.util.find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")]


def violations(page):
    page.script(AXE)
    found = page.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "const options = { runOnly: { type: 'tag', values: arguments[0] }, rules: { 'target-size': { enabled: true } } };"
        "axe.run(document, options).then(({ violations, passes }) => done({ violations, passes: passes.length }),"
        " (error) => done({ error: String(error) }))",
        RULES,
    )
    assert found.get("passes", 0) > 15, found
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} — {node.get('failureSummary', '')}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def check(page):
    found = violations(page)
    assert not found, "\n".join(found)


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def look(request, driver):
    width, scheme = request.param
    emulate(driver, width=width, scheme=scheme, motion="reduce")


def test_the_empty_page_of_runs(look, runs):
    runs.open()
    check(runs)


def test_the_page_of_runs_in_use(look, runs, gateway):
    root = gateway.start(state="streaming", model="root")
    child = gateway.start(state="streaming", model="child", parent=root.id)
    gateway.start(state="stopping", model="stopping", reason="user_stop")
    gateway.start(state="queued", model="queued")
    for state in ("completed", "stopped", "disconnected", "failed"):
        gateway.start(model=state).end(state)
    gateway.stats["series"]["tokens"][-30:] = range(30)
    gateway.stats["series"]["trips"][-3] = 1
    child.write("Some text, ", reasoning="some thought", tool_call={"index": 0, "name": "read", "arguments": "{}"})
    child.warn("line_repeat", {"line": "again", "count": 5})
    tripped = gateway.start(model="tripped")
    tripped.write("again and " * 20)
    tripped.trip("tail_repeat", {"unit": "again and ", "period": 10, "repeats": 20})
    runs.open()
    for run in (child, tripped):
        runs.one(f'[data-run="{run.id}"] > .line .toggle').click()
    runs.until(lambda: len(runs.all(".detail mark")) == 20 and runs.all(".detail .call"))
    check(runs)


def test_the_question_before_a_tree_is_stopped(look, runs, gateway):
    root = gateway.start(state="streaming", model="root")
    for _ in range(2):
        gateway.start(state="streaming", parent=root.id)
    runs.open()
    runs.one(f'[data-run="{root.id}"] > .line .stop').click()
    runs.one("dialog[open]")
    check(runs)


def test_the_question_for_the_key(look, runs, gateway):
    gateway.key = "secret"
    runs.driver.get(gateway.url + "/dashboard/")
    runs.one("dialog[open]")
    check(runs)


def test_a_message_that_a_stop_has_failed(look, runs, gateway):
    run = gateway.start(state="streaming")
    gateway.trouble("/v1/runs/[^/]+/stop", status=500)
    runs.open()
    runs.one(f'[data-run="{run.id}"] > .line .stop').click()
    runs.one(".toast")
    check(runs)


def test_the_empty_chat(look, chat):
    chat.open()
    chat.one("#options-toggle").click()
    check(chat)


def test_the_chat_in_use(look, chat, gateway):
    chat.open().ask("First")
    first = gateway.next_turn()
    first.write(reasoning_content="Hm.")
    first.write("Code:\n```\nx = 1\n```\n")
    first.finish()
    chat.becomes_idle()
    chat.ask("Second")
    second = gateway.next_turn()
    second.write("again and " * 12)
    second.write(tool_calls=[{"index": 0, "function": {"name": "cut", "arguments": '{"a'}}])
    chat.until(lambda: chat.all(".call"))
    second.run.trip("tail_repeat", {"unit": "again and ", "period": 10, "repeats": 12})
    chat.until(lambda: chat.all("mark"))
    chat.becomes_idle()
    chat.ask("Third")
    third = gateway.next_turn()
    third.head()
    check(chat)
    third.write("One")
    chat.until(lambda: chat.answer() == "One")
    chat.stop()
    check(chat)
    third.run.end("stopped")
    chat.becomes_idle()
    check(chat)


