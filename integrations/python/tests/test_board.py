import os
import subprocess
import sys

import pytest

from gateway import Gateway, SwiftGateway
from loopguard_board import Admission, Board, BoardError, Handle, Outcome, State, layout
from loopguard_board.__main__ import main


def test_a_run_that_ends_by_itself_is_acknowledged(gateway, board):
    run = gateway.claim(2)
    assert gateway.acknowledgement(run) is None
    assert board.admit(run) is Admission.ADMITTED
    assert gateway.acknowledgement(run) == (layout.BOUND, 0, 0, 0)
    assert board.state(run) is State.RUNNING and board.reason(run) is None
    assert board.finish(run, Outcome.NATURAL, tokens=12, step=34)
    assert gateway.acknowledgement(run) == (layout.FINAL, Outcome.NATURAL, 12, 34)
    assert not board.finish(run, Outcome.CANCELLED, tokens=1)


def test_a_cancel_is_seen_with_its_reason(gateway, board):
    run, other = gateway.claim(0), gateway.claim(1)
    board.admit(run)
    board.admit(other)
    gateway.cancel(run, reason=36)
    assert board.state(run) is State.CANCELLED and board.reason(run) == 36
    assert board.state(other) is State.RUNNING


def test_a_cancel_that_came_first_is_seen_at_admission(gateway, board):
    run = gateway.claim()
    gateway.cancel(run)
    assert board.admit(run) is Admission.CANCELLED
    assert board.finish(run, Outcome.CANCELLED, tokens=0)


def test_another_owner_of_the_slot_is_another_run(gateway, board):
    first = gateway.claim()
    board.admit(first)
    gateway.free(first)
    assert board.state(first) is State.ORPHAN
    second = gateway.claim()
    gateway.cancel(second)
    assert board.state(first) is State.ORPHAN
    assert board.admit(first) is Admission.ORPHAN
    assert board.admit(second) is Admission.CANCELLED
    assert not board.finish(first, Outcome.ORPHAN, tokens=99)
    assert gateway.acknowledgement(second) == (layout.BOUND, 0, 0, 0)


def test_handles_of_no_run_here_are_harmless(gateway, board):
    run = gateway.claim()
    foreign = run._replace(epoch=1)
    assert board.admit(foreign) is Admission.FOREIGN
    assert board.state(foreign) is State.ORPHAN
    outside = run._replace(slot=65535)
    assert board.admit(outside) is Admission.ORPHAN
    assert not board.finish(outside, Outcome.NATURAL, tokens=0)
    assert not board.finish(run, Outcome.NATURAL, tokens=0)


def test_flags_are_looked_at_when_the_bell_rings_or_it_is_time(gateway, board):
    run = gateway.claim()
    board.admit(run)
    assert board.poll(now=10**12)
    assert not board.poll(now=10**12)
    gateway.cancel(run)
    assert board.poll(now=10**12)
    gateway.cancel(run, bell=False)
    assert [board.poll(now=10**12) for _ in range(64)] == [False] * 63 + [True]
    assert not board.poll(now=10**12 + 249_999_999)
    assert board.poll(now=10**12 + 250_000_000)


def test_a_heartbeat_is_kept(gateway, board):
    before = board._acknowledgements[layout.HEARTBEAT]
    board.keep_beating(seconds=0.001)
    while board._acknowledgements[layout.HEARTBEAT] == before:
        pass
    assert board.gateway_is_well()


def test_names_and_modes(gateway):
    with Board(gateway.directory):
        path = os.path.join(gateway.directory, "board.ack")
        assert os.stat(path).st_mode & 0o777 == 0o600
    assert sorted(os.listdir(gateway.directory)) == ["board.cmd"]


def test_a_replaced_board_is_noticed(gateway, board):
    assert not board.is_replaced
    Gateway(gateway.directory, epoch=5)
    assert board.is_replaced


def test_no_board_is_a_clear_error(tmp_path):
    with pytest.raises(BoardError, match="there is no cancel board"):
        Board(str(tmp_path / "nowhere"))
    tmp_path.chmod(0o700)
    with pytest.raises(BoardError, match="the gateway creates it"):
        Board(str(tmp_path))


def test_what_others_could_change_is_refused(gateway):
    os.chmod(gateway.directory, 0o777)
    with pytest.raises(BoardError, match="not safe"):
        Board(gateway.directory)
    os.chmod(gateway.directory, 0o700)
    os.chmod(os.path.join(gateway.directory, "board.cmd"), 0o644)
    with pytest.raises(BoardError, match="not safe"):
        Board(gateway.directory)


@pytest.mark.parametrize(
    "word, value, reason",
    [
        (layout.MAGIC, 7, "magic"),
        (layout.VERSION_AND_HEADER_SIZE, layout.pair(2, 4096), "version 2"),
        (layout.SLOTS_AND_STRIDE, layout.pair(0, 128), "0 slots"),
        (layout.SLOTS_AND_STRIDE, layout.pair(5, 128), "do not fit"),
        (layout.SLOTS_AND_STRIDE, layout.pair(4, 64), "do not fit"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(gateway, word, value, reason):
    gateway.words[word] = value
    with pytest.raises(BoardError, match=reason):
        Board(gateway.directory)


def test_a_second_engine_is_refused_while_the_first_lives(gateway):
    code = (
        "import sys; from loopguard_board import Board; board = Board(sys.argv[1]); print('ready', flush=True); "
        "sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": os.path.join(os.path.dirname(__file__), "..", "src")}
    command = [sys.executable, "-c", code, gateway.directory]
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert first.stdout.readline() == "ready\n"
    with pytest.raises(BoardError, match=f"process {first.pid}, which is running"):
        Board(gateway.directory)
    first.kill()
    first.communicate()
    # What the dead engine left behind is replaced.
    with Board(gateway.directory) as board:
        assert board.admit(gateway.claim()) is Admission.ADMITTED


def test_no_value_is_ever_seen_half_written(gateway, board):
    """Another process changes all bytes of a word at once, as fast as it can."""
    ones, twos = 0x1111111111111111, 0x2222222222222222
    code = (
        "import mmap, os, sys\n"
        "file = os.open(sys.argv[1], os.O_RDWR)\n"
        "words = memoryview(mmap.mmap(file, 0)).cast('Q')\n"
        "print('ready', flush=True)\n"
        f"while True: words[512] = {ones}; words[512] = {twos}\n"
    )
    path = os.path.join(gateway.directory, "board.cmd")
    writer = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
    try:
        writer.stdout.readline()
        seen = set()
        words = board.words
        for _ in range(1_000_000):
            seen.add(words[512])
    finally:
        writer.kill()
        writer.communicate()
    assert seen - {0} == {ones, twos}


def test_the_command_shows_what_is_on_a_board(gateway, board, capsys):
    working, ended, unknown = gateway.claim(0), gateway.claim(1), gateway.claim(2)
    board.admit(working)
    board.admit(ended)
    gateway.cancel(ended)
    board.finish(ended, Outcome.CANCELLED, tokens=3)
    assert main([gateway.directory]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:] == [
        f"{working}, engine: at work",
        f"{ended}, to end for reason 1, engine: cancelled after 3 tokens",
        f"{unknown}, engine: nothing",
    ]
    assert main([gateway.directory, "--time"]) == 0
    assert "ns" in capsys.readouterr().out
    assert main(["/nowhere"]) == 69


def test_the_real_gateway_and_this_reader_understand_each_other(swift, tmp_path):
    with Board(str(tmp_path / "board")) as board:
        swift.ask("maintain")
        run, other = (Handle.parse(swift.ask("claim")) for _ in range(2))
        assert swift.ask(f"acknowledgement {run}") == "none"
        assert board.admit(run) is Admission.ADMITTED
        assert board.admit(other) is Admission.ADMITTED
        assert board.poll() and not board.poll()
        assert swift.ask(f"acknowledgement {run}") == "bound"
        assert swift.ask(f"cancel {run} 36") == "accepted"
        assert board.poll()
        assert board.state(run) is State.CANCELLED and board.reason(run) == 36
        assert board.state(other) is State.RUNNING
        assert board.finish(run, Outcome.CANCELLED, tokens=17, step=4)
        assert swift.ask(f"acknowledgement {run}") == "cancelled 17 4"
        assert swift.ask(f"release {run} ended") == "freed"
        assert board.admit(run) is Admission.ORPHAN
        early = Handle.parse(swift.ask("claim"))
        assert swift.ask(f"cancel {early} 4") == "accepted"
        assert board.admit(early) is Admission.CANCELLED


def test_a_sealed_board_is_had_at_the_door(program, tmp_path):
    place = str(tmp_path / "door")
    swift = SwiftGateway(program, place, "--door-for", str(os.geteuid()))
    swift.tell("answer")
    with Board(place) as board:
        assert swift.hear() == "let in"
        run = Handle.parse(swift.ask("claim"))
        assert board.admit(run) is Admission.ADMITTED
        assert swift.ask(f"cancel {run} 1") == "accepted"
        assert board.state(run) is State.CANCELLED
        assert board.finish(run, Outcome.CANCELLED, tokens=3)
        assert swift.ask(f"acknowledgement {run}") == "cancelled 3 0"
        assert not board.is_replaced
    swift.close()


def test_a_stranger_gets_no_board_and_gives_none(program, tmp_path):
    place = str(tmp_path / "door")
    swift = SwiftGateway(program, place, "--door-for", str(os.geteuid() + 1))
    with pytest.raises(BoardError, match=f"user {os.geteuid()} is behind"):
        Board(place, gateway_user=os.geteuid() + 1)
    swift.tell("answer")
    with pytest.raises(BoardError, match="no board was to be had|did not pass a board"):
        Board(place)
    assert "is at the other end, not" in swift.hear()
    swift.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_engine_of_another_user_reads_a_sealed_board(program, tmp_path):
    stranger = 65534
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:2]:
        parent.chmod(0o755)
    place = str(tmp_path / "door")
    swift = SwiftGateway(program, place, "--door-for", str(stranger))
    run = swift.ask("claim")
    code = (
        "import os, sys; os.setgid(65534); os.setuid(65534)\n"
        "from loopguard_board import Board, Handle, Outcome\n"
        "board = Board(sys.argv[1], gateway_user=0); run = Handle.parse(sys.argv[2])\n"
        "print(board.admit(run).name, board.finish(run, Outcome.NATURAL, 5))\n"
    )
    sources = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "src"))
    # The stranger may not be able to read where this package lies: it is imported before he becomes one.
    code = f"import sys; sys.path.insert(0, {sources!r}); import loopguard_board\n" + code
    swift.tell("answer")
    said = subprocess.run([sys.executable, "-c", code, place, run], capture_output=True, text=True, timeout=60)
    assert said.stdout == "ADMITTED True\n", said.stderr
    assert swift.hear() == "let in"
    assert swift.ask(f"acknowledgement {run}") == "natural 5 0"
    swift.close()
