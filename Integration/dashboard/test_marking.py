"""A recorded run is marked in its detail: as healthy, or as a loop from some byte on."""

import json
import subprocess

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conftest import Page, emulate
from loopguard_process import Loopguard
from test_accessibility import LOOKS, check
from test_program import Generation

GROUP = ".detail .marking"
UNIT = "It wrote a plan. "
TRIP = {"period": 17, "repeats": 20, "span": 340, "unit": UNIT, "start": 812}


def tripped(gateway, **more):
    run = gateway.start(state="streaming", model="looper", recorded=True)
    run.write(UNIT * 20)
    run.trip("tail_repeat", TRIP | more, byte=1152)
    return run


def opened(page, run):
    page.open()
    page.one(f'.run[data-run="{run.id}"] > .line .toggle').click()
    page.one(".detail")
    return page


def button(page, text):
    def found():
        return [one for one in page.shown(f"{GROUP} button") if one.text == text]

    page.until(found, f"there is no {text}")
    return found()[0]


def field(page, name):
    """What a label names."""
    label = page.until(lambda: [one for one in page.shown(f"{GROUP} label") if one.text == name], f"there is no {name}")[0]
    return page.driver.find_element(By.ID, label.get_attribute("for"))


def has_focus(page, text):
    page.until(lambda: page.focused.text == text, f"the focus is not on {text}")


def test_a_run_that_was_not_recorded_has_nothing_to_mark(runs, gateway):
    run = gateway.start(state="streaming")
    run.write("text")
    run.end("completed")
    opened(runs, run)
    runs.sees(".detail .text", "text")
    assert not runs.shown(GROUP)


def test_a_healthy_run(runs, gateway):
    run = gateway.start(recorded=True)
    run.end("completed")
    opened(runs, run)
    assert runs.one(GROUP).accessible_name == "Mark this recording"
    button(runs, "Healthy").click()
    runs.until(lambda: runs.all(f"{GROUP} .chip") and runs.text(f"{GROUP} .chip") == "marked healthy")
    assert gateway.labels == [{"label": "healthy"}]
    has_focus(runs, "Change")
    runs.sees("#status", "m: marked healthy")
    assert runs.focused.accessible_name == "Change: marked healthy"
    headers = gateway.asked("POST", ".*/label")[0][3]
    assert headers["Content-Type"] == "application/json"


def test_a_loop_is_filled_in_from_its_trip(runs, gateway):
    run = tripped(gateway)
    opened(runs, run)
    button(runs, "Loop…").click()
    assert field(runs, "Channel").get_attribute("value") == "content" and runs.focused == field(runs, "Channel")
    began = field(runs, "Begins at byte")
    assert began.get_attribute("value") == "812"
    hint = runs.one("#" + began.get_attribute("aria-describedby")).text
    assert "bytes" in hint and "before the first repeated part" in hint and "Filled in from what tail repeat found." in hint
    began.clear()
    began.send_keys("800")
    button(runs, "Save").click()
    runs.until(lambda: runs.shown(f"{GROUP} .chip"))
    assert runs.text(f"{GROUP} .chip") == "marked as a loop from byte 800 of content"
    assert gateway.labels == [{"label": "loop", "channel": "content", "began": 800}]
    has_focus(runs, "Change")


def test_a_label_can_be_changed(runs, gateway):
    run = gateway.start(recorded=True, label={"label": "loop", "channel": "reasoning", "began": 7})
    run.end("completed")
    opened(runs, run)
    runs.sees(f"{GROUP} .chip", "marked as a loop from byte 7 of reasoning")
    button(runs, "Change").click()
    has_focus(runs, "Healthy")
    button(runs, "Loop…").click()
    assert field(runs, "Channel").get_attribute("value") == "reasoning"
    assert field(runs, "Begins at byte").get_attribute("value") == "7"
    button(runs, "Cancel").click()
    has_focus(runs, "Loop…")
    button(runs, "Cancel").click()
    has_focus(runs, "Change")
    runs.sees(f"{GROUP} .chip", "from byte 7")
    assert not gateway.labels
    button(runs, "Change").click()
    button(runs, "Healthy").click()
    runs.sees(f"{GROUP} .chip", "marked healthy")
    # It is kept with the run: whoever opens it again sees it.
    opened(runs, run)
    runs.sees(f"{GROUP} .chip", "marked healthy")


def test_what_the_gateway_refuses_is_said_in_place(runs, gateway):
    run = tripped(gateway)
    opened(runs, run)
    button(runs, "Loop…").click()
    began = field(runs, "Begins at byte")
    began.clear()
    began.send_keys("-3", Keys.ENTER)
    runs.sees(f"{GROUP} [role=alert]", "'began' must be a whole number that is not negative.")
    assert field(runs, "Begins at byte").get_attribute("value") == "-3", "what was typed stays"
    began.clear()
    began.send_keys("1e", Keys.ENTER)
    runs.until(lambda: len(gateway.labels) == 2)
    runs.sees(f"{GROUP} [role=alert]", "'began' must be")
    trouble = gateway.trouble(".*/label", status=500, message="The label could not be kept: the disk is full.")
    button(runs, "Save").click()
    runs.sees(f"{GROUP} [role=alert]", "the disk is full")
    gateway.troubles.remove(trouble)
    began.clear()
    began.send_keys("5")
    button(runs, "Save").click()
    runs.sees(f"{GROUP} .chip", "from byte 5 of content")
    assert runs.text(f"{GROUP} [role=alert]") == ""


def test_a_second_click_waits_for_the_first(runs, gateway):
    run = gateway.start(recorded=True)
    run.end("completed")
    opened(runs, run)
    trouble = gateway.trouble(".*/label", held=True)
    healthy = button(runs, "Healthy")
    healthy.click()
    runs.until(lambda: healthy.get_attribute("aria-disabled") == "true")
    healthy.click()
    button(runs, "Loop…").click()
    assert not runs.all(".loop-form")
    trouble["gate"].set()
    runs.sees(f"{GROUP} .chip", "marked healthy")
    button(runs, "Change").click()
    assert button(runs, "Healthy").get_attribute("aria-disabled") is None
    assert len(gateway.labels) == 1


def test_the_keyboard_is_enough(runs, gateway):
    run = gateway.start(recorded=True)
    run.end("completed")
    opened(runs, run)
    button(runs, "Loop…").send_keys(Keys.ENTER)
    assert runs.focused == field(runs, "Channel")
    runs.key("c", "a")
    runs.until(lambda: field(runs, "Calls before it"))
    assert "calls of the response" in runs.text(f"{GROUP} .loop-form p")
    runs.key(Keys.TAB, "2", Keys.ESCAPE)
    has_focus(runs, "Loop…")
    runs.key(Keys.SPACE)
    runs.key("r", Keys.TAB, "4", "2", Keys.ENTER)
    runs.sees(f"{GROUP} .chip", "marked as a loop from byte 42 of reasoning")
    has_focus(runs, "Change")


def test_a_live_run_is_marked_and_an_open_form_outlives_its_news(runs, gateway):
    run = gateway.start(state="streaming")
    opened(runs, run)
    run.write("one ")
    assert not runs.shown(GROUP)
    # Recorded from its first finding on: no event says so.
    run.facts["recorded"] = True
    run.warn("line_repeat", {"line": "one", "count": 12, "window": 300}, byte=1000)
    button(runs, "Loop…").click()
    began = field(runs, "Begins at byte")
    assert began.get_attribute("value") == "700" and "An estimate from what line repeat found." in runs.text(GROUP)
    began.send_keys("1")
    run.write("two ")
    run.end("completed")
    runs.sees(f'.run[data-run="{run.id}"] > .line .chip', "completed")
    assert runs.focused == began and began.get_attribute("value") == "7001"
    button(runs, "Save").click()
    runs.sees(f"{GROUP} .chip", "from byte 7001")


def test_a_recording_that_is_given_up_cannot_be_marked(runs, gateway):
    run = gateway.start(state="streaming", recorded=True)
    opened(runs, run)
    button(runs, "Healthy")
    run.facts["recorded"] = False
    button(runs, "Healthy").click()
    runs.sees(f"{GROUP} [role=alert]", "The run is not recorded.")
    run.end("completed")
    runs.until(lambda: not runs.shown(GROUP))


@pytest.mark.parametrize(
    ("run", "start"),
    [
        ({"detector": "tail_repeat", "channel": "content", "byte": 1152, "evidence": TRIP}, ("content", 812, True)),
        ({"detector": "tail_repeat", "channel": "arguments", "byte": 90, "evidence": {"period": 7, "repeats": 9}}, ("arguments", 27, True)),
        ({"detector": "stutter", "channel": "reasoning", "byte": 50, "evidence": {"deltas": 4, "span": 40}}, ("reasoning", 10, True)),
        ({"detector": "template_counter", "channel": "content", "byte": 50, "evidence": {"lines": 4, "bytes": 20}}, ("content", 30, True)),
        ({"detector": "line_repeat", "channel": "content", "byte": 50, "evidence": {"count": 4, "window": 80}}, ("content", 0, False)),
        ({"detector": "simhash_repeat", "channel": "content", "byte": 50, "evidence": {"matches": 3}}, ("content", None, False)),
        ({"detector": "tool_name_run", "channel": None, "byte": 30, "evidence": {"tool": "x", "count": 24}}, ("calls", 6, False)),
        ({"detector": "history_repeat", "channel": None, "byte": 0, "evidence": {"tool": "x", "count": 5}}, ("calls", 0, False)),
        ({"warnings": [{"detector": "stutter", "channel": "content", "byte": 9, "evidence": {"start": 4}}]}, ("content", 4, True)),
        ({"warnings": []}, None),
        ({}, None),
    ],
)
def test_where_a_loop_began(runs, run, start):
    runs.open()
    found = runs.module(f"const {{ loopStart }} = await load('loop-start.js'); return loopStart({json.dumps(run)});")["value"]
    assert (found and (found["channel"], found["began"], found["began"] is not None and found["exact"])) == start


def marked_states(page, gateway):
    """The group in all its looks, one run for each."""
    bare, asked, refused, marked = (tripped(gateway) for _ in range(4))
    marked.facts["label"] = {"label": "loop", "channel": "reasoning", "began": 1_234_567}
    page.open()
    for run in (bare, asked, refused, marked):
        page.one(f'.run[data-run="{run.id}"] > .line .toggle').click()
    for run in (asked, refused):
        at = f'[data-run="{run.id}"] {GROUP}'
        page.until(lambda: len(page.shown(f"{at} button")) == 2)
        page.script("arguments[0].click()", page.all(f"{at} button")[1])
        page.one(f"{at} .loop-form")
    gateway.trouble(".*/label", status=409, message="The run is not recorded, as a rather long message says at length.")
    page.script("arguments[0].click()", page.one(f'[data-run="{refused.id}"] .loop-form .primary'))
    page.sees(f'[data-run="{refused.id}"] [role=alert]', "The run is not recorded")
    page.one(f'[data-run="{marked.id}"] {GROUP} .chip')


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def test_marking_is_accessible_and_fits(driver, runs, gateway, look):
    width, scheme = look
    emulate(driver, width=width, scheme=scheme, motion="reduce")
    marked_states(runs, gateway)
    check(runs)
    assert runs.script("return document.documentElement.scrollWidth") <= width
    outside = runs.script(
        "return [...document.querySelectorAll('.marking *')].filter((one) => one.checkVisibility())"
        ".map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])"
        ".filter(([, box]) => box.left < 0 || box.right > innerWidth)"
    )
    assert not outside
    covered = runs.script(
        "scrollTo(0, document.body.scrollHeight); const first = document.querySelector('.marking button'); first.focus();"
        "return first.getBoundingClientRect().top - document.querySelector('.top').getBoundingClientRect().bottom"
    )
    assert covered >= 0, "what has the focus is not hidden by the head of the page"


def test_the_program_keeps_the_label_and_scores_by_it(driver, binary, tmp_path):
    folder = tmp_path / "recordings"
    with Loopguard(binary, "--record", str(folder)) as program:
        page = Page(driver, program.url).open()
        looping = Generation(program, temperature=0, ignore_eos=False, max_tokens=1900)
        assert looping.end()["choices"][0]["finish_reason"] == "length"
        live = Generation(program)
        verdict = program.get(f"/v1/runs/{looping.id}")
        assert verdict["recorded"] and verdict["channel"] == "content" and verdict["byte"] > verdict["evidence"]["start"]
        page.one(f'[data-run="{looping.id}"] > .line .toggle').click()
        button(page, "Loop…").click()
        assert field(page, "Begins at byte").get_attribute("value") == str(verdict["evidence"]["start"])
        button(page, "Save").click()
        page.sees(f"{GROUP} .chip", f"marked as a loop from byte {verdict['evidence']['start']} of content")
        page.one(f'[data-run="{looping.id}"] > .line .toggle').click()
        # A run that still goes on, of which nothing may be in a file as yet.
        page.one(f'[data-run="{live.id}"] > .line .toggle').click()
        button(page, "Healthy").click()
        page.sees(f"{GROUP} .chip", "marked healthy")
        page.one(f'[data-run="{live.id}"] > .line .stop').click()
        live.end()
        began = verdict["evidence"]["start"]
        label = {"label": "loop", "channel": "content", "began": began}
        assert program.get(f"/v1/runs/{looping.id}")["label"] == label
    lines = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    assert lines == [{"file": looping.id, **label}, {"file": live.id, "label": "healthy"}]
    mark = [binary, "recordings", "mark", f"{folder}/{live.id}", "healthy", "--class", "cli"]
    subprocess.run(mark, check=True, timeout=60)
    assert len((folder / "labels.jsonl").read_text().splitlines()) == 3
    scored = subprocess.run(
        [binary, "replay", str(folder), "--score", "--format", "json"], capture_output=True, text=True, timeout=60
    )
    assert scored.returncode == 0, scored.stderr
    score = json.loads(scored.stdout)
    kinds = {kind: (score["all"][kind]["count"], score["all"][kind]["of"]) for kind in ("misses", "early_stops", "false_stops")}
    assert kinds == {"misses": (0, 1), "early_stops": (0, 1), "false_stops": (0, 1)}
    assert score["all"]["loop_bytes_median"] == verdict["byte"] - began
    assert [one["name"] for one in score["classes"]] == ["cli"], "the last line about a run counts"
