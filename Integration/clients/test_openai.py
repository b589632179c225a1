"""The official openai package, streaming through `loopguard serve` in front of the embedded engine."""

import json
import shutil
import subprocess
import threading
import time

import openai
import pytest

from conftest import HEALTHY, LOOPING

MODEL = "loopguard-small"
STORY = "Once upon a time there was an agent that"


def read(stream):
    """Text, finish reason, extra fields of the finish chunk, chunk id and usage of a whole stream."""
    text, reason, extra, usage, chunk_id = "", None, {}, None, None
    for chunk in stream:
        chunk_id = chunk.id
        if chunk.usage:
            usage = chunk.usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            if choice.finish_reason:
                reason = choice.finish_reason
                extra = {**(choice.model_extra or {}), **(chunk.model_extra or {})}
    return text, reason, extra, chunk_id, usage


def engine_sequence(loopguard, chunk_id):
    return loopguard.sequence(chunk_id.split("-", 1)[1])


def test_a_healthy_generation_passes(client, loopguard):
    text, reason, extra, chunk_id, usage = read(
        client.chat.completions.create(model=MODEL, stream=True, stream_options={"include_usage": True}, **HEALTHY)
    )
    assert len(text) > 100
    assert reason in ("stop", "length")
    assert "stop_reason" not in extra
    assert usage.completion_tokens <= 120
    assert engine_sequence(loopguard, chunk_id)["state"] == "completed"


def test_the_bytes_are_those_of_the_engine(client, loopguard):
    """The same seed, with the guard on and switched off by header: the same text."""
    guarded = read(client.chat.completions.create(model=MODEL, stream=True, **HEALTHY))[0]
    free = read(
        client.chat.completions.create(
            model=MODEL, stream=True, extra_headers={"X-Loopguard-Mode": "off"}, **HEALTHY
        )
    )[0]
    assert guarded == free


def test_a_looping_generation_is_ended_and_the_engine_stops(client, loopguard):
    text, reason, extra, chunk_id, usage = read(
        client.chat.completions.create(model=MODEL, stream=True, stream_options={"include_usage": True}, **LOOPING)
    )
    assert reason == "length"
    assert extra["stop_reason"].startswith("guard:")
    assert extra["guard"]["evidence"]
    assert usage.completion_tokens > 0
    sequence = engine_sequence(loopguard, chunk_id)
    assert sequence["state"] == "cancelled"
    assert sequence["tokens_after_cancel"] <= 1
    assert sequence["generated_tokens"] < LOOPING["max_tokens"]


def test_a_guard_that_only_suppresses_output_would_leave_the_engine_running(client, loopguard):
    """The negative control: the same loop, seen but not cancelled. The client stops showing text where the guard would
    have ended it, and the engine writes on to its limit."""
    settings = {**LOOPING, "max_tokens": 1500}
    _, reason, extra, chunk_id, _ = read(
        client.chat.completions.create(
            model=MODEL,
            stream=True,
            extra_headers={"X-Loopguard-Mode": "observe"},
            extra_body={"ignore_eos": True},
            **settings,
        )
    )
    assert reason == "length"
    assert "stop_reason" not in extra
    assert engine_sequence(loopguard, chunk_id)["generated_tokens"] == 1500


def test_the_stream_helper_raises_what_it_documents(client):
    with pytest.raises(openai.LengthFinishReasonError):
        with client.chat.completions.stream(model=MODEL, **LOOPING) as stream:
            for _ in stream:
                pass
            stream.get_final_completion()


def test_completions_are_guarded_too(client, loopguard):
    chunks = list(
        client.completions.create(model=MODEL, prompt=STORY, stream=True, temperature=0, max_tokens=1900)
    )
    assert chunks[-1].choices[0].finish_reason == "length"
    assert chunks[-1].choices[0].model_extra["stop_reason"].startswith("guard:")
    assert engine_sequence(loopguard, chunks[-1].id)["tokens_after_cancel"] <= 1


def test_a_stream_cancelled_by_id_ends_legally(client, loopguard):
    response = client.chat.completions.with_raw_response.create(
        model=MODEL, stream=True, extra_headers={"X-Loopguard-Mode": "off"}, **LOOPING
    )
    run_id = response.headers["x-loopguard-run-id"]
    reason, extra, chunk_id = None, {}, None
    for number, chunk in enumerate(response.parse()):
        chunk_id = chunk.id
        if number == 5:
            status, answer = loopguard.request("POST", f"/v1/cancel/{run_id}")
            assert (status, answer["cancelled"], answer["state"]) == (200, True, "stopping")
        for choice in chunk.choices:
            reason = choice.finish_reason or reason
            extra = choice.model_extra or extra
    assert reason == "length"
    assert extra["stop_reason"] == "user_stop"
    sequence = engine_sequence(loopguard, chunk_id)
    assert sequence["state"] == "cancelled"
    assert sequence["tokens_after_cancel"] <= 1
    status, answer = loopguard.request("POST", f"/v1/cancel/{run_id}")
    assert (status, answer["error"]["code"]) == (404, 404)


def test_a_client_that_leaves_stops_the_engine(client, loopguard):
    stream = client.chat.completions.create(
        model=MODEL, stream=True, extra_headers={"X-Loopguard-Mode": "off"}, **LOOPING
    )
    for number, chunk in enumerate(stream):
        if number == 5:
            break
    stream.close()
    sequence = engine_sequence(loopguard, chunk.id)
    assert sequence["state"] == "cancelled"
    assert sequence["generated_tokens"] < LOOPING["max_tokens"]


def test_a_non_streaming_client_that_leaves_stops_the_engine(client, loopguard):
    before = loopguard.get("/slots")["cancelled"]
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.3).chat.completions.create(model=MODEL, **LOOPING)
    deadline = time.monotonic() + 10
    while loopguard.get("/slots")["cancelled"] == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert loopguard.get("/slots")["cancelled"] == before + 1


def test_several_choices_at_once(client):
    ends = {}
    for chunk in client.chat.completions.create(model=MODEL, stream=True, n=3, **HEALTHY):
        for choice in chunk.choices:
            if choice.finish_reason:
                ends[choice.index] = choice.finish_reason
    assert sorted(ends) == [0, 1, 2]


def test_many_clients_at_once(client):
    """Sixteen streams, half of them looping: each gets what belongs to it."""
    results = {}

    def run(number):
        looping = number % 2 == 0
        results[number] = read(
            client.chat.completions.create(model=MODEL, stream=True, **(LOOPING if looping else HEALTHY))
        )[2]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(results) == 16
    for number, extra in results.items():
        assert ("stop_reason" in extra) == (number % 2 == 0), number


def test_an_error_of_the_engine_reaches_the_client_as_it_is(client):
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=MODEL, messages="not a list", stream=True)
    assert error.value.status_code == 400


def test_curl_sees_each_event_when_it_comes(loopguard):
    curl = subprocess.run(
        [
            "curl", "-sN", "--max-time", "60", loopguard.url + "/v1/chat/completions",
            "-H", "Content-Type: application/json",
            "-d", json.dumps({**LOOPING, "stream": True}),
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert curl.stdout.endswith("data: [DONE]\n\n")
    assert '"stop_reason":"guard:' in curl.stdout


def test_metrics_tell_what_happened(client, loopguard):
    read(client.chat.completions.create(model=MODEL, stream=True, **LOOPING))
    text = loopguard.get("/metrics")
    trips = [line for line in text.splitlines() if line.startswith("loopguard_trips_total") and 'mode="stop"' in line]
    assert sum(float(line.split()[-1]) for line in trips) >= 1
    assert "# HELP loopguard_time_to_first_token_seconds" in text
    assert "Not described" not in text
    late = [line for line in text.splitlines() if line.startswith("loopguard_tokens_after_cancel_total")]
    stopped = [line for line in text.splitlines() if line.startswith("loopguard_engine_sequences_total{outcome=\"cancelled\"")]
    assert float(late[0].split()[-1]) <= float(stopped[0].split()[-1])
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed")
    check = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert (check.returncode, check.stdout + check.stderr) == (0, "")
