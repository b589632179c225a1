import os

import pytest

from gateway import Gateway, SwiftGateway
from loopguard_board import Board, BoardFollower


@pytest.fixture
def gateway(tmp_path):
    return Gateway(tmp_path)


@pytest.fixture
def board(gateway):
    with Board(gateway.directory) as board:
        yield board


@pytest.fixture
def follower(gateway):
    follower = BoardFollower(gateway.directory)
    yield follower
    follower.close()


@pytest.fixture
def program():
    program = os.environ.get("LOOPGUARD_BENCH")
    if not program:
        pytest.skip("LOOPGUARD_BENCH does not name loopguard-bench")
    return program


@pytest.fixture
def swift(program, tmp_path):
    gateway = SwiftGateway(program, tmp_path / "board")
    yield gateway
    gateway.close()
