"""The page of the chat: what is sent, what is shown, what is kept."""

import base64
import struct
import zlib

from selenium.webdriver.common.keys import Keys


def test_an_answer_comes_as_it_is_written(chat, gateway):
    chat.open()
    chat.write("Hello")
    chat.key(Keys.ENTER)
    turn = gateway.next_turn()
    assert turn.body == {"model": "tiny", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    assert turn.run.id.startswith("run_") and len(turn.run.id) == 36
    assert chat.one(".thinking").is_displayed()
    turn.write("Once ")
    chat.until(lambda: chat.answer() == "Once")
    assert not chat.shown(".thinking")
    turn.write("upon a time.")
    chat.until(lambda: chat.answer() == "Once upon a time.")
    assert chat.status() == "Generating"
    turn.finish()
    chat.becomes_idle()
    assert chat.status() == "Answered." and chat.chip() is None
    assert "2 tokens" in chat.one(".message.assistant .below").text
    assert chat.focused == chat.one("#prompt"), "whoever types stays in the composer"


def test_shift_enter_is_a_new_line(chat, gateway):
    chat.open()
    chat.write("One")
    chat.one("#prompt").send_keys(Keys.SHIFT, Keys.ENTER)
    chat.write("Two")
    chat.key(Keys.ENTER)
    assert gateway.next_turn().body["messages"][0]["content"] == "One\nTwo"


def test_escape_stops_only_from_the_composer_and_only_while_running(chat, gateway):
    chat.open()
    chat.one("#prompt").send_keys(Keys.ESCAPE)
    chat.ask()
    turn = gateway.next_turn()
    turn.write("Text")
    chat.until(lambda: chat.answer() == "Text")
    chat.one("#scroll").send_keys(Keys.ESCAPE)
    chat.one("#model").send_keys(Keys.ESCAPE)
    assert chat.label() == "Stop generation" and not gateway.stops
    chat.one("#prompt").send_keys(Keys.ESCAPE)
    chat.until(lambda: turn.run.state == "stopping")
    turn.run.end("stopped")
    chat.becomes_idle()


def test_enter_sends_nothing_while_an_answer_comes(chat, gateway):
    chat.open().ask("First")
    turn = gateway.next_turn()
    chat.write("Second")
    chat.key(Keys.ENTER)
    turn.finish()
    chat.becomes_idle()
    assert len(gateway.asked("POST", "/v1/chat/completions")) == 1
    assert chat.one("#prompt").get_attribute("value") == "Second", "what is typed is kept"


def test_regenerate_asks_the_same_again(chat, gateway):
    chat.open().ask("Hello")
    first = gateway.next_turn()
    first.write("Bad answer")
    first.finish()
    chat.becomes_idle()
    chat.one(".again").click()
    second = gateway.next_turn()
    assert second.body == first.body
    second.write("Good answer")
    second.finish()
    chat.becomes_idle()
    assert len(chat.all(".message")) == 2 and chat.answer() == "Good answer"


def test_reasoning_is_folded(chat, gateway):
    chat.open().ask()
    turn = gateway.next_turn()
    turn.write(reasoning_content="Let me think.")
    chat.sees(".message .reasoning summary", "Reasoning…")
    turn.write("The answer.")
    turn.finish()
    chat.becomes_idle()
    folded = chat.one(".message .reasoning")
    assert not folded.get_attribute("open") and not chat.shown(".message .reasoning pre")
    folded.find_element("css selector", "summary").click()
    chat.until(lambda: chat.shown(".message .reasoning pre")[0].text == "Let me think.")


def test_reasoning_in_the_text_is_folded_too(chat, gateway):
    chat.open().ask()
    turn = gateway.next_turn()
    for piece in ("<think>\nI wo", "nder.</th", "ink>\n\nThe answer."):
        turn.write(piece)
    turn.finish()
    chat.becomes_idle()
    assert chat.answer() == "The answer." and "I wonder." in chat.text(".message .reasoning pre")


def test_tool_calls_are_shown(chat, gateway):
    chat.open().ask()
    turn = gateway.next_turn()
    turn.write(tool_calls=[{"index": 0, "id": "a", "function": {"name": "read_file", "arguments": '{"path"'}}])
    turn.write(tool_calls=[{"index": 0, "function": {"arguments": ':"a.txt"}'}}])
    turn.finish("tool_calls")
    chat.becomes_idle()
    assert chat.text(".call-name") == "read_file" and chat.text(".call pre") == '{"path":"a.txt"}'
    assert not chat.all(".call.cut")


def test_a_loop_is_marked_where_it_is(chat, gateway):
    chat.open().ask()
    turn = gateway.next_turn()
    turn.write("Well: " + "over and " * 8)
    chat.until(lambda: "over" in chat.answer())
    turn.run.trip("tail_repeat", {"unit": "over and ", "period": 9, "repeats": 8})
    chat.becomes_idle()
    chat.until(lambda: len(chat.all(".message mark")) == 8)
    assert chat.chip() == "capped · tail repeat" and chat.status() == "Cut by loop guard: tail repeat."
    assert "tail repeat: 9 bytes, 8 times" in chat.text(".message .below")


def test_code_has_a_box(chat, gateway):
    chat.open().ask()
    turn = gateway.next_turn()
    turn.write("Here:\n```swift\nlet x = 1\n```\nDone.")
    turn.finish()
    chat.becomes_idle()
    assert chat.text(".message code") == "let x = 1"


def test_network_failure_keeps_the_text_and_offers_retry(chat, gateway):
    chat.open().ask()
    turn = gateway.next_turn()
    turn.write("Half of")
    chat.until(lambda: chat.answer() == "Half of")
    turn.lose()
    chat.becomes_idle()
    assert chat.answer() == "Half of" and chat.chip() == "failed"
    assert "broke off" in chat.status() or "upstream lost" in chat.status()
    assert chat.one(".again").text == "Retry"
    chat.one(".again").click()
    again = gateway.next_turn()
    assert again.body["messages"] == [{"role": "user", "content": "Hello"}]
    again.finish()
    chat.becomes_idle()


def test_no_gateway_at_all(chat, gateway):
    chat.open()
    gateway.trouble("/v1/chat/completions", lose=True)
    chat.write("Hello")
    chat.button.click()
    chat.sees("#turn-status", "Failed: The gateway cannot be reached.")
    chat.becomes_idle()
    assert chat.chip() == "failed"


def test_an_error_of_the_engine_is_told(chat, gateway):
    chat.open().ask()
    gateway.next_turn().refuse(500, "The model has no weights.")
    chat.sees("#turn-status", "Failed: The model has no weights.")
    chat.becomes_idle()


def test_options_go_into_the_request(chat, gateway):
    chat.open()
    chat.one("#options-toggle").click()
    chat.one("#system").send_keys("Be brief.")
    chat.one("#temperature").send_keys("0.5")
    chat.one("#max-tokens").send_keys("99")
    chat.one("#engine-key").send_keys("sk-1")
    chat.one("#extra").send_keys('{"tools": [')
    chat.write("Hello")
    chat.button.click()
    chat.sees("#extra-problem", "This is not a JSON object")
    assert gateway.turns.empty()
    chat.one("#extra").send_keys(']}')
    assert chat.text("#extra-problem") == ""
    chat.button.click()
    turn = gateway.next_turn()
    assert turn.body == {
        "model": "tiny", "temperature": 0.5, "max_tokens": 99, "tools": [], "stream": True,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
    }
    assert turn.handler.headers["Authorization"] == "Bearer sk-1"


def test_the_control_key_is_not_for_the_engine(chat, gateway):
    gateway.key = "secret"
    chat.driver.get(gateway.url + "/dashboard/chat")
    chat.one("dialog[open] input").send_keys("secret", Keys.ENTER)
    chat.sees("#connection-word", "Live")
    chat.ask()
    turn = gateway.next_turn()
    assert "X-Loopguard-Key" not in turn.handler.headers
    chat.stop()
    chat.until(lambda: turn.run.state == "stopping", "the key is used for the stop")


def test_models_to_choose_from(chat, gateway):
    chat.open()
    chat.until(lambda: [one.text for one in chat.all("#model option")] == ["tiny", "large"])
    chat.one('#model option[value="large"]').click()
    chat.ask()
    assert gateway.next_turn().body["model"] == "large"
    chat.open()
    chat.until(lambda: chat.one("#model").get_attribute("value") == "large", "the choice outlives a reload")


def test_a_picture(chat, gateway):
    chat.open()
    chat.script("document.getElementById('image-mode').click()")
    chat.ask("A cat")
    turn = gateway.next_turn()
    assert turn.body == {"model": "tiny", "prompt": "A cat", "n": 1, "response_format": "b64_json"}
    turn.picture(dot())
    chat.becomes_idle()
    width = "const image = document.querySelector('.message img'); return image?.complete && image.naturalWidth"
    chat.until(lambda: chat.script(width) == 1)


def test_a_picture_that_is_cancelled(chat, gateway):
    chat.open()
    chat.script("document.getElementById('image-mode').click()")
    chat.ask("A cat")
    turn = gateway.next_turn()
    chat.stop()
    chat.until(lambda: turn.run.state == "stopping")
    turn.run.end("stopped")
    chat.becomes_idle()
    assert chat.text(".placeholder") == "Cancelled" and chat.chip() == "stopped"


def test_an_engine_without_pictures(chat, gateway):
    chat.open()
    chat.script("document.getElementById('image-mode').click()")
    chat.ask("A cat")
    gateway.next_turn().refuse(404, "nothing here")
    chat.sees("#turn-status", "This engine makes no pictures.")
    assert not chat.one("#image-mode").is_enabled() and not chat.one("#image-mode").is_selected()


def test_a_reload_keeps_the_conversation(chat, gateway):
    chat.open().ask("Hello")
    turn = gateway.next_turn()
    turn.write("World")
    turn.finish()
    chat.becomes_idle()
    chat.open()
    assert [one.text for one in chat.all(".message .body")] == ["Hello", "World"]
    chat.one("#clear").click()
    chat.until(lambda: not chat.all(".message"))
    chat.open()
    assert not chat.all(".message")


def test_a_reload_in_the_middle_of_an_answer(chat, gateway):
    chat.open().ask("Hello")
    turn = gateway.next_turn()
    turn.write("Half of it")
    chat.until(lambda: chat.answer() == "Half of it")
    chat.open()
    chat.becomes_idle()
    assert chat.answer() == "Half of it" and chat.chip() == "disconnected"


def test_what_is_said_while_it_is_read_stays_in_sight(chat, gateway):
    chat.open().ask("Tell me")
    turn = gateway.next_turn()
    for number in range(80):
        turn.write(f"Line {number}\n")
    turn.finish()
    chat.becomes_idle()
    bottom = "const box = document.getElementById('scroll'); return box.scrollHeight - box.scrollTop - box.clientHeight"
    chat.until(lambda: chat.script(bottom) < 4)
    chat.script("document.getElementById('scroll').scrollTop = 0")
    chat.ask("More")
    assert chat.one("#composer").is_displayed()
    gateway.next_turn().finish()


def dot():
    """A PNG of one pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    pixel = chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + header + pixel + chunk(b"IEND", b"")).decode()
