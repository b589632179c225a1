"""The hooks, against stand-ins for the engines' own classes; Integration/engines runs one inside a real engine."""

import enum
import importlib
import os
import sys
import types

import pytest

from gateway import Gateway
from loopguard_board import BoardFollower, HandleError, Outcome, layout
from loopguard_board.huggingface import BoardLogitsProcessor, BoardStoppingCriteria
from loopguard_board.llama_cpp import BoardStopping


class Scores:
    """As much of a tensor as the hooks touch."""

    def __init__(self, rows, width):
        self.rows = [[0.5] * width for _ in range(rows)]
        self.shape = (rows, width)
        self.device = "cpu"

    def __setitem__(self, place, value):
        row, column = place
        if isinstance(column, slice):
            self.rows[row][column] = [value] * len(self.rows[row])
        else:
            self.rows[row][column] = value

    def only(self, row):
        """The one token that is left in a row, or None when all are."""
        left = [token for token, score in enumerate(self.rows[row]) if score != float("-inf")]
        return left[0] if len(left) == 1 else None


@pytest.fixture
def torch(monkeypatch):
    module = types.ModuleType("torch")
    module.bool = bool
    module.tensor = lambda values, dtype, device: list(values)
    monkeypatch.setitem(sys.modules, "torch", module)


def test_llama_cpp_stops_at_the_next_token(gateway, follower):
    run = gateway.claim()
    stop = BoardStopping(follower, str(run))
    assert [stop([1] * count, None) for count in range(3)] == [False] * 3
    gateway.cancel(run)
    assert stop([1] * 3, None)
    # llama-cpp-python asks once more at the end.
    assert stop([1] * 3, None)
    stop.finish()
    assert gateway.acknowledgement(run) == (layout.FINAL, Outcome.CANCELLED, 4, 0)


def test_an_end_that_came_before_the_flag_was_seen_is_natural(gateway, follower):
    run = gateway.claim()
    stop = BoardStopping(follower, str(run))
    assert not stop([1], None)
    gateway.cancel(run)
    stop.finish()
    assert gateway.acknowledgement(run)[:3] == (layout.FINAL, Outcome.NATURAL, 1)


def test_a_run_whose_slot_went_on_ends_as_an_orphan(gateway, follower):
    run = gateway.claim()
    stop = BoardStopping(follower, str(run))
    gateway.free(run)
    assert stop([1], None)
    stop.finish()
    assert gateway.acknowledgement(run)[:2] == (layout.FINAL, Outcome.ORPHAN)


def test_runs_without_a_board_go_on(tmp_path, monkeypatch):
    monkeypatch.delenv("LOOPGUARD_BOARD", raising=False)
    for follower in [BoardFollower(), BoardFollower(str(tmp_path / "nowhere"))]:
        stop = BoardStopping(follower, "0123456789abcdef:0:1")
        assert not stop([1], None)
        stop.finish()
        assert "board" in follower.problem
    with pytest.raises(HandleError):
        BoardStopping(BoardFollower(str(tmp_path)), "nonsense")


def test_a_new_gateway_is_followed(gateway):
    follower = BoardFollower(gateway.directory, seconds_between_tries=0)
    old = follower.admit(str(gateway.claim()))
    second = Gateway(gateway.directory, epoch=7)
    new = follower.admit(str(second.claim()))
    assert new.board is not old.board
    second.cancel(new.handle)
    assert new.is_to_end and new.finish(1)
    assert second.acknowledgement(new.handle)[1] == Outcome.CANCELLED
    assert not old.is_to_end
    assert follower.admit(str(old.handle)) is None
    follower.close()


def test_hugging_face_criteria_end_their_rows_alone(gateway, follower, torch):
    first, second = gateway.claim(0), gateway.claim(1)
    criteria = BoardStoppingCriteria(follower, [str(first), None, str(second)])
    scores = Scores(3, 5)
    assert criteria(scores, None) == [False, False, False]
    gateway.cancel(second)
    assert criteria(scores, None) == [False, False, True]
    assert criteria(scores, None) == [False, False, True]
    criteria.finish()
    assert gateway.acknowledgement(first)[:3] == (layout.FINAL, Outcome.NATURAL, 3)
    assert gateway.acknowledgement(second)[:3] == (layout.FINAL, Outcome.CANCELLED, 2)
    with pytest.raises(ValueError, match="3 handles were given for 2 rows"):
        criteria(Scores(2, 5), None)


def test_the_hugging_face_processor_leaves_only_the_end_of_the_text(gateway, follower):
    run = gateway.claim()
    processor = BoardLogitsProcessor(follower, [None, str(run)], eos_token_id=[3, 4])
    scores = processor(None, Scores(2, 5))
    assert [scores.only(row) for row in range(2)] == [None, None]
    gateway.cancel(run)
    scores = processor(None, Scores(2, 5))
    assert [scores.only(row) for row in range(2)] == [None, 3]
    processor.finish()
    assert gateway.acknowledgement(run)[:3] == (layout.FINAL, Outcome.CANCELLED, 1)


class Params:
    def __init__(self, handle=None, ends=(2,)):
        self.extra_args = None if handle is None else {"loopguard_cancel": str(handle)}
        self.all_stop_token_ids = set(ends)


class Update:
    def __init__(self, added=(), removed=(), moved=()):
        self.added, self.removed, self.moved = added, removed, moved


@pytest.fixture
def vllm(gateway, monkeypatch):
    class MoveDirectionality(enum.Enum):
        UNIDIRECTIONAL = 0
        SWAP = 1

    names = ["vllm", "vllm.v1", "vllm.v1.sample", "vllm.v1.sample.logits_processor"]
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    module = sys.modules[names[-1]]
    module.LogitsProcessor = object
    module.MoveDirectionality = MoveDirectionality
    monkeypatch.setenv("LOOPGUARD_BOARD", gateway.directory)
    monkeypatch.delitem(sys.modules, "loopguard_board.vllm", raising=False)
    hook = importlib.import_module("loopguard_board.vllm")

    def make(rank=0):
        parallel = types.SimpleNamespace(rank=rank, tensor_parallel_size=2)
        return hook.CancelBoardLogitsProcessor(types.SimpleNamespace(parallel_config=parallel), "cpu", False)

    made = make()
    yield types.SimpleNamespace(hook=hook, processor=made, make=make, Move=MoveDirectionality)
    made._follower.close()


def test_vllm_ends_the_flagged_row_wherever_it_has_moved(gateway, vllm):
    runs = [gateway.claim(slot) for slot in range(3)]
    outputs = [[1], [1, 2], [1, 2, 3]]
    added = [(index, Params(runs[index]), [], outputs[index]) for index in range(3)] + [(3, Params(), [], [])]
    vllm.processor.update_state(Update(added=added))
    assert [vllm.processor.apply(Scores(4, 5)).only(row) for row in range(4)] == [None] * 4
    gateway.cancel(runs[2])
    assert [vllm.processor.apply(Scores(4, 5)).only(row) for row in range(4)] == [None, None, 2, None]
    # Row 0 is gone, 3 takes its place, and 1 and 2 change places.
    moves = [(3, 0, vllm.Move.UNIDIRECTIONAL), (1, 2, vllm.Move.SWAP)]
    vllm.processor.update_state(Update(removed=[0], moved=moves))
    assert gateway.acknowledgement(runs[0])[:3] == (layout.FINAL, Outcome.NATURAL, 1)
    assert [vllm.processor.apply(Scores(3, 5)).only(row) for row in range(3)] == [None, 2, None]
    vllm.processor.update_state(None)
    vllm.processor.update_state(Update(removed=[1, 2]))
    assert gateway.acknowledgement(runs[2])[:3] == (layout.FINAL, Outcome.CANCELLED, 3)
    assert gateway.acknowledgement(runs[1])[:3] == (layout.FINAL, Outcome.NATURAL, 2)


def test_vllm_rows_that_take_the_place_of_others_end_them(gateway, vllm):
    first, second, third = (gateway.claim(slot) for slot in range(3))
    vllm.processor.update_state(Update(added=[(0, Params(first), [], [1]), (1, Params(second), [], [1])]))
    vllm.processor.update_state(Update(added=[(0, Params(third), [], [])]))
    assert gateway.acknowledgement(first)[0] == layout.FINAL
    vllm.processor.update_state(Update(moved=[(0, 1, vllm.Move.UNIDIRECTIONAL)]))
    assert gateway.acknowledgement(second)[0] == layout.FINAL
    assert gateway.acknowledgement(third)[0] == layout.BOUND


def test_vllm_refuses_a_bad_handle_when_the_request_comes(vllm):
    vllm.hook.CancelBoardLogitsProcessor.validate_params(Params())
    vllm.hook.CancelBoardLogitsProcessor.validate_params(Params("0123456789abcdef:0:1"))
    with pytest.raises(ValueError, match="vllm_xargs.loopguard_cancel"):
        vllm.hook.CancelBoardLogitsProcessor.validate_params(Params("nonsense"))


def test_vllm_cannot_end_what_has_no_end(gateway, vllm):
    run = gateway.claim()
    vllm.processor.update_state(Update(added=[(0, Params(run, ends=()), [], [])]))
    gateway.cancel(run)
    assert vllm.processor.apply(Scores(1, 5)).only(0) is None


def test_only_the_first_rank_reads_the_board(gateway, vllm):
    run = gateway.claim()
    other = vllm.make(rank=1)
    other.update_state(Update(added=[(0, Params(run), [], [])]))
    gateway.cancel(run)
    assert other.apply(Scores(1, 5)).only(0) is None
    assert os.listdir(gateway.directory) == ["board.cmd"]


@pytest.fixture
def sglang(gateway, monkeypatch):
    names = ["sglang", "sglang.srt", "sglang.srt.sampling", "sglang.srt.sampling.custom_logit_processor"]
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[names[-1]].CustomLogitProcessor = object
    monkeypatch.setenv("LOOPGUARD_BOARD", gateway.directory)
    monkeypatch.delitem(sys.modules, "loopguard_board.sglang", raising=False)
    hook = importlib.import_module("loopguard_board.sglang")
    yield hook
    if hook._follower is not None:
        hook._follower.close()


def test_sglang_ends_the_flagged_row(gateway, sglang):
    first, second = gateway.claim(0), gateway.claim(1)
    request = types.SimpleNamespace(eos_token_ids={4}, output_ids=[1, 2, 3])
    parameters = [
        {"loopguard_cancel": str(first), "__req__": request},
        None,
        {"loopguard_cancel": str(second), "loopguard_eos": 2},
    ]
    processor = sglang.CancelBoardLogitProcessor()
    assert [processor(Scores(3, 5), parameters).only(row) for row in range(3)] == [None] * 3
    gateway.cancel(first)
    assert [processor(Scores(3, 5), parameters).only(row) for row in range(3)] == [4, None, None]
    assert gateway.acknowledgement(first)[:3] == (layout.FINAL, Outcome.CANCELLED, 3)
    gateway.cancel(second)
    assert processor(Scores(3, 5), parameters).only(2) == 2
    assert processor(Scores(1, 5), None).only(0) is None
