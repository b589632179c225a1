"""The rows U1 to U10 of what a stop button owes to its user, on the chat page and on the page of runs."""

import pytest
from selenium.webdriver.common.keys import Keys

from conftest import Page

STOP = "/v1/runs/[^/]+/stop"


def answering(chat, gateway, text="Once upon a time "):
    """A chat in the middle of an answer."""
    chat.open().ask("Tell me a story")
    turn = gateway.next_turn()
    turn.write(text)
    chat.until(lambda: chat.answer() == text.strip(), "the text does not come")
    return turn


def row(page, run):
    return page.one(f'#live .run[data-run="{run.id}"]')


def stop_button(page, run):
    return page.one(f'#live .run[data-run="{run.id}"] > .line .stop')


def test_U1_idle_shows_send_and_no_stop(chat):
    chat.open()
    assert chat.label() == "Send message"
    assert chat.button.text == "Send"
    assert chat.button.get_attribute("aria-disabled") == "true", "there is nothing to send yet"
    chat.write("Hello")
    assert chat.button.get_attribute("aria-disabled") is None


def test_U1_an_ended_run_has_no_stop(runs, gateway):
    run = gateway.start()
    runs.open()
    runs.until(lambda: stop_button(runs, run).is_displayed())
    run.end("completed")
    runs.until(lambda: not stop_button(runs, run).is_displayed(), "an ended run can still be stopped")


def test_U2_the_same_button_becomes_stop(chat, gateway):
    chat.open()
    before = chat.button
    chat.ask()
    assert chat.button == before, "another element has taken the button's place"
    assert chat.label() == "Stop generation" and chat.button.text == "Stop"
    assert chat.one("#log").get_attribute("aria-busy") == "true"
    gateway.next_turn().finish()
    chat.becomes_idle()
    assert chat.button == before
    assert chat.one("#log").get_attribute("aria-busy") == "false"


def test_U3_second_click_sends_nothing(chat, gateway):
    turn = answering(chat, gateway)
    held = gateway.trouble(STOP, held=True)
    chat.stop()
    assert chat.button.get_attribute("aria-disabled") == "true"
    for _ in range(3):
        chat.button.click()
    chat.one("#prompt").send_keys(Keys.ESCAPE)
    held["gate"].set()
    chat.until(lambda: turn.run.state == "stopping")
    chat.button.click()
    assert chat.label() == "Stopping…", "it is not stopped before the gateway says so"
    turn.run.end("stopped")
    chat.becomes_idle()
    assert len(gateway.stops) == 1


def test_U3_second_click_sends_nothing_in_the_list(runs, gateway):
    run = gateway.start(state="streaming")
    held = gateway.trouble(STOP, held=True)
    runs.open()
    button = stop_button(runs, run)
    for _ in range(3):
        button.click()
    assert button.text == "Stopping…" and button.get_attribute("aria-disabled") == "true"
    held["gate"].set()
    runs.until(lambda: run.state == "stopping")
    button.click()
    run.end("stopped")
    runs.sees(f'#live .run[data-run="{run.id}"] .chip', "stopped")
    assert len(gateway.stops) == 1


def test_U4_settles_on_the_terminal_event_and_not_before(chat, gateway):
    turn = answering(chat, gateway)
    chat.stop()
    chat.until(lambda: turn.run.state == "stopping")
    assert chat.chip() is None and not turn.closed.is_set(), "the stream has to stay open"
    turn.run.end("stopped")
    chat.becomes_idle()
    assert chat.chip() == "stopped"


def test_U4_when_the_event_is_late_the_gateway_is_asked(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    runs.script("document.documentElement.dataset.stopPatienceMs = 50")
    stop_button(runs, run).click()
    runs.until(lambda: gateway.asked("GET", f"/v1/runs/{run.id}"), "nobody asks how the run stands")
    runs.until(lambda: stop_button(runs, run).text == "Force stop")
    run.facts["state"] = "stopped"  # without an event
    stop_button(runs, run).click()
    runs.sees(f'#live .run[data-run="{run.id}"] .chip', "stopped")


def test_U4_force_stop_closes_the_connection_of_a_chat(chat, gateway):
    turn = answering(chat, gateway)
    chat.script("document.documentElement.dataset.stopPatienceMs = 50")
    chat.button.click()
    chat.until(lambda: chat.label() == "Force stop", "an end that is late can be forced")
    chat.button.click()
    chat.until(turn.closed.is_set, "the connection is still open")
    chat.becomes_idle()
    assert chat.answer() == "Once upon a time"


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [("completed", None, "Already finished"), ("stopped", "user_stop", "Already stopped")],
)
def test_U5_a_stop_that_came_too_late_says_why(runs, gateway, state, reason, words):
    run = gateway.start(state="streaming")
    runs.open()
    button = stop_button(runs, run)
    run.facts |= {"state": state, "reason": reason}  # the news is still on its way
    button.click()
    runs.sees(".toast", words)
    runs.sees("#status", words)
    runs.sees(f'#live .run[data-run="{run.id}"] .chip', state)
    runs.until(lambda: not runs.all(".toast"), "the toast stays")


def test_U5_in_the_chat_the_answer_is_kept_whole(chat, gateway):
    turn = answering(chat, gateway)
    held = gateway.trouble(STOP, held=True)
    chat.stop()
    turn.write("and they lived happily.")
    turn.finish()
    chat.until(lambda: turn.run.state == "completed")
    held["gate"].set()
    chat.sees(".toast", "Already finished")
    chat.becomes_idle()
    chat.until(lambda: chat.answer() == "Once upon a time and they lived happily.", "what came after the click is lost")
    assert chat.chip() is None


def test_U5_a_guard_that_was_first(chat, gateway):
    turn = answering(chat, gateway)
    turn.run.facts["reason"] = "guard:tail_repeat"
    turn.run.facts["state"] = "stopping"
    chat.stop()
    chat.sees(".toast", "Already being stopped")
    turn.run.trip("tail_repeat", {"period": 5, "repeats": 9, "unit": "again"})
    chat.becomes_idle()
    chat.until(lambda: chat.chip() == "capped · tail repeat")


def test_U6_owner_rotation_during_a_cancel_leaves_the_new_run_alone(chat, gateway):
    """The first answer ends by itself while its cancel is on the way; the second is being written when the reply comes."""
    first = answering(chat, gateway, "First.")
    held = gateway.trouble(STOP, held=True)
    chat.stop()
    first.finish()
    chat.becomes_idle()
    gateway.troubles.clear()
    chat.ask("And now?")
    second = gateway.next_turn()
    second.write("Second ")
    chat.until(lambda: chat.answer() == "Second")
    held["gate"].set()
    answered = "return performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/stop')).length"
    chat.until(lambda: chat.script(answered) == 1)
    assert chat.label() == "Stop generation", "the late answer has changed the new run's button"
    assert second.run.state == "streaming" and not second.closed.is_set()
    assert not chat.all(".toast"), "the answer belongs to a run that nobody looks at any more"
    second.write("goes on.")
    second.finish()
    chat.becomes_idle()
    assert chat.answer(0) == "First." and chat.answer(1) == "Second goes on."


def test_U6_a_new_owner_of_the_same_id_is_not_stopped(runs, gateway):
    run = gateway.start(id="run_same", state="streaming")
    runs.open()
    held = gateway.trouble(STOP, held=True)
    stop_button(runs, run).click()
    run.end("completed")
    runs.sees('#live [data-run="run_same"] .chip', "completed")
    successor = gateway.start(id="run_same", state="streaming")
    runs.sees('#live [data-run="run_same"] .chip', "streaming")
    held["gate"].set()
    runs.until(lambda: len(gateway.stops) == 1 and gateway.stops[0][2]["if_generation"] == run.generation)
    runs.until(lambda: stop_button(runs, successor).text == "Stop", "the new run's button is not its own")
    assert successor.state == "streaming"


def test_U7_a_failed_cancel_leaves_the_run_running(chat, gateway):
    turn = answering(chat, gateway)
    gateway.trouble(STOP, status=502)
    chat.button.click()
    chat.sees(".toast", "Cancel failed.")
    chat.until(lambda: chat.label() == "Stop generation", "the button has to offer Stop again")
    turn.write("there was more.")
    chat.until(lambda: chat.answer() == "Once upon a time there was more.")
    gateway.troubles.clear()
    chat.one(".toast button").click()
    chat.until(lambda: turn.run.state == "stopping", "Retry does not try again")
    turn.run.end("stopped")
    chat.becomes_idle()


def test_U7_network_failure_during_a_cancel(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    trouble = gateway.trouble(STOP, lose=True)
    stop_button(runs, run).click()
    runs.sees(".toast", "Cancel failed.")
    runs.until(lambda: stop_button(runs, run).text == "Stop")
    assert run.state == "streaming"
    gateway.troubles.remove(trouble)
    stop_button(runs, run).click()
    runs.until(lambda: run.state == "stopping")


def test_U8_all_that_came_is_kept_and_the_chip_is_neutral(chat, gateway):
    turn = answering(chat, gateway, "Half of an ans")
    turn.write(reasoning_content="I think so.")
    turn.write(tool_calls=[{"index": 0, "id": "a", "function": {"name": "done", "arguments": '{"path":"/tmp/a"}'}}])
    turn.write(tool_calls=[{"index": 1, "id": "b", "function": {"name": "cut", "arguments": '{"path":"/tm'}}])
    chat.until(lambda: len(chat.all(".call")) == 2)
    chat.stop()
    turn.run.end("stopped")
    chat.becomes_idle()
    assert chat.answer() == "Half of an ans"
    assert chat.text(".message .reasoning pre") == "I think so."
    whole, cut = chat.all(".call")
    assert "not executed" not in whole.text and "not executed" in cut.text
    chip = chat.one(".message .chip")
    assert chip.text == "stopped" and chip.find_elements("css selector", "svg.icon-stop")
    red, green, blue = colour(chip)
    assert abs(red - green) < 24 and abs(green - blue) < 24, "stopped is no error and must not look like one"
    assert chat.status() == "Stopped by you. 4 tokens kept."


def test_U8_capped_is_amber_and_names_the_detector(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    row(runs, run)
    run.write("again again again")
    run.trip("tail_repeat", {"period": 6, "repeats": 3, "unit": "again "})
    runs.sees(f'#live [data-run="{run.id}"] .chip', "capped · tail repeat")
    red, green, blue = colour(runs.one(f'#live [data-run="{run.id}"] .chip'))
    assert red > green > blue


def test_U9_the_marker_is_not_sent_back_to_the_model(chat, gateway):
    turn = answering(chat, gateway, "Half of it")
    turn.write(reasoning_content="secret thought")
    chat.stop()
    turn.run.end("stopped")
    chat.becomes_idle()
    chat.ask("Go on")
    second = gateway.next_turn()
    assert second.body["messages"] == [
        {"role": "user", "content": "Tell me a story"},
        {"role": "assistant", "content": "Half of it"},
        {"role": "user", "content": "Go on"},
    ]
    second.finish()
    chat.becomes_idle()


def test_U10_reload_while_stopping_in_the_list(runs, gateway):
    run = gateway.start(state="streaming")
    runs.open()
    stop_button(runs, run).click()
    runs.until(lambda: run.state == "stopping")
    runs.open()
    runs.until(lambda: stop_button(runs, run).text == "Stopping…", "the registry says that it is being stopped")
    stop_button(runs, run).click()
    run.end("stopped")
    runs.sees(f'#live [data-run="{run.id}"] .chip', "stopped")
    assert len(gateway.stops) == 1


def test_U10_reload_while_stopping_in_the_chat(chat, gateway):
    answering(chat, gateway, "Half of it")
    run = next(iter(gateway.runs.values()))
    chat.stop()
    chat.until(lambda: run.state == "stopping")
    run.end = hold(run)
    chat.open()
    chat.until(lambda: chat.label() == "Stopping…", "after a reload it is still being stopped")
    assert chat.answer() == "Half of it"
    run.end.release("stopped")
    chat.becomes_idle()
    assert chat.chip() == "stopped" and chat.answer() == "Half of it"


def hold(run):
    """Keeps a run from ending when its client leaves, until it is released."""
    end = run.end

    def nothing(*_, **__):
        pass

    nothing.release = lambda state: (setattr(run, "end", end), end(state))
    return nothing


def test_two_tabs_settle_from_the_same_event(driver, gateway):
    run = gateway.start(state="streaming")
    runs = Page(driver, gateway.url).open()
    first = driver.current_window_handle
    driver.switch_to.new_window("window")
    Page(driver, gateway.url).open()
    second = driver.current_window_handle
    stop_button(runs, run).click()
    for window in (first, second):
        driver.switch_to.window(window)
        runs.until(lambda: stop_button(runs, run).text == "Stopping…", "the other tab does not know")
    run.end("stopped")
    for window in (first, second):
        driver.switch_to.window(window)
        runs.sees(f'#live [data-run="{run.id}"] .chip', "stopped")
    assert len(gateway.stops) == 1


def test_a_chat_that_is_stopped_from_the_list(driver, chat, gateway):
    turn = answering(chat, gateway, "Half of it")
    tab = driver.current_window_handle
    driver.switch_to.new_window("window")
    runs = Page(driver, gateway.url).open()
    stop_button(runs, turn.run).click()
    driver.switch_to.window(tab)
    chat.until(lambda: chat.label() == "Stopping…", "the chat does not know that it is being stopped")
    turn.run.end("stopped")
    chat.becomes_idle()
    # Who ends first, the stream or the run's event, is open; only the event tells where the stop came from.
    chat.until(lambda: chat.status() == "Stopped elsewhere, from the dashboard. 1 token kept.", "it does not say from where")
    assert chat.chip() == "stopped"


def test_cancel_before_the_first_token(chat, gateway):
    chat.open().ask("Hello")
    turn = gateway.next_turn()
    assert not turn.started, "the gateway has not even sent the head"
    chat.stop()
    chat.until(lambda: turn.run.state == "stopping", "the page must know the run's id before the answer begins")
    assert gateway.stops[0][1] == f"/v1/runs/{turn.run.id}/stop"
    turn.run.end("stopped")
    chat.becomes_idle()
    assert chat.chip() == "stopped" and chat.status() == "Stopped by you. 0 tokens kept."


def test_late_tokens_are_not_shown(chat, gateway):
    turn = answering(chat, gateway, "Before.")
    chat.stop()
    chat.until(lambda: turn.run.state == "stopping")
    turn.write("After.")
    turn.run.end("stopped")
    chat.becomes_idle()
    assert chat.answer() == "Before."


def test_a_stop_says_where_it_came_from(chat, gateway):
    answering(chat, gateway)
    chat.stop()
    chat.until(lambda: gateway.stops)
    _, _, body, headers = gateway.stops[0]
    assert body["source"] == "dashboard" and headers["X-Loopguard-Source"] == "dashboard"
    assert headers["Content-Type"] == "application/json"


def test_looking_away_stops_nothing(chat, gateway):
    turn = answering(chat, gateway)
    chat.script(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    chat.until(lambda: gateway.listeners == 0, "a page that nobody sees gives its event stream back")
    turn.write("there was a wolf.")
    chat.until(lambda: "wolf" in chat.script("return document.querySelector('.message.assistant .body').textContent"))
    chat.script("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    chat.until(lambda: gateway.listeners == 1)
    assert turn.run.state == "streaming" and not gateway.stops
    turn.finish()
    chat.becomes_idle()


def colour(element):
    """Red, green and blue of an element's ground."""
    value = element.value_of_css_property("background-color")
    return [float(part) for part in value[value.index("(") + 1 : -1].split(",")[:3]]
