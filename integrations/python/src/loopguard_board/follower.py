"""What the hooks for engines are made of: runs that are taken up, looked at per token and finished."""

import os
import threading
import time

from . import layout
from .board import Admission, Board, BoardError, Outcome, State
from .handle import Handle


class Run:
    """A run that is on the board."""

    def __init__(self, board: Board, handle: Handle, admission: Admission):
        self.board = board
        self.handle = handle
        self._words = board.words
        self._index = layout.slot_index(handle.slot)
        self._running = handle.generation << 16 | layout.CLAIMED
        self._ending = admission is Admission.CANCELLED

    @property
    def is_to_end(self) -> bool:
        """Whether the run is to end: its flag is raised, or its slot is not its own any more. One read, per token."""
        if self._words[self._index] == self._running:
            return False
        self._ending = True
        return True

    @property
    def reason(self):
        """Why, as a number; see `Board.reason`."""
        return self.board.reason(self.handle)

    def finish(self, tokens: int, step: int = 0, failed: bool = False) -> bool:
        """Tells the gateway how it went: cancelled if that is what the engine saw before the end, else natural."""
        if failed:
            outcome = Outcome.FAILED
        elif not self._ending:
            outcome = Outcome.NATURAL
        elif self.board.state(self.handle) is State.CANCELLED:
            outcome = Outcome.CANCELLED
        else:
            outcome = Outcome.ORPHAN
        return self.board.finish(self.handle, outcome, tokens, step)


class BoardFollower:
    """The board in a directory or behind a door, through restarts of the gateway. An engine has one.

    A board that is not there, or not yet, is no error: runs then go on without one.
    """

    def __init__(self, place=None, gateway_user=None, seconds_between_tries=1.0):
        """See `Board`. The environment variables LOOPGUARD_BOARD and LOOPGUARD_BOARD_USER stand for what is not named."""
        self.place = place or os.environ.get("LOOPGUARD_BOARD")
        user = os.environ.get("LOOPGUARD_BOARD_USER")
        self._user = int(user) if gateway_user is None and user else gateway_user
        self.problem = None if self.place else "neither a place nor LOOPGUARD_BOARD names a board"
        self._between = seconds_between_tries
        self._board = None
        self._tried = None
        self._lock = threading.Lock()

    def admit(self, handle):
        """Takes up a run.

        Takes the handle's text as it came with the request, or None.
        Returns a Run, or None when the run has no slot on a board that can be read; `problem` then says why.
        A Run may have to end at once: look at `is_to_end` before the first token.
        """
        if handle is None or not self.place:
            return None
        handle = handle if isinstance(handle, Handle) else Handle.parse(handle)
        with self._lock:
            if self._board is None or handle.epoch != self._board.epoch:
                self._open()
            if self._board is None:
                return None
            admission = self._board.admit(handle)
        if admission is Admission.FOREIGN:
            self.problem = f"{handle} is of another gateway than the board at '{self.place}'"
            return None
        return Run(self._board, handle, admission)

    def close(self):
        """Takes this engine's name off the board."""
        with self._lock:
            if self._board is not None:
                self._board.close()
                self._board = None

    def _open(self):
        now = time.monotonic()
        if self._tried is not None and now - self._tried < self._between:
            return
        if self._board is not None and not self._board.is_replaced:
            return
        self._tried = now
        try:
            # Runs of the old board keep it; nobody but they reads it any more.
            self._board = Board(self.place, self._user)
            self._board.keep_beating()
            self.problem = None
        except BoardError as error:
            self.problem = str(error)
