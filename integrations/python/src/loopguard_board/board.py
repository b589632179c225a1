"""One board, from the engine's side."""

import enum
import os
import socket
import stat
import struct
import threading
import time

from . import layout, memory
from .handle import Handle
from .memory import BoardError

STEPS_BETWEEN_LOOKS = 64
NANOSECONDS_BETWEEN_LOOKS = 250_000_000
LONGEST_SILENCE = 5_000_000_000


class Admission(enum.Enum):
    """What is to be done with a run that comes in."""

    ADMITTED = "work on it"
    CANCELLED = "its flag is raised already: do not begin, but finish it"
    ORPHAN = "its slot has another owner or none: nobody waits for it"
    FOREIGN = "its gateway is another one: work on it without this board"


class State(enum.Enum):
    """What a slot says about a run that was admitted."""

    RUNNING = "go on"
    CANCELLED = "end it like a natural end and finish it as cancelled"
    ORPHAN = "end it and finish it as an orphan, never as cancelled"


class Outcome(enum.IntEnum):
    """How a run ended."""

    NATURAL = 1
    CANCELLED = 2
    ORPHAN = 3
    FAILED = 4


class Board:
    """A board that an engine has opened.

    A word is read and written as one aligned 64-bit access of `memoryview`, which no other process can see half done.
    Calls about one run come one after the other; otherwise any thread may call. One thread polls.
    """

    def __init__(self, place, gateway_user=None):
        """Opens the board and announces this engine to the gateway. Raises BoardError.

        The place is the gateway's directory or, where the gateway is another user, the socket that is its door; then
        `gateway_user` is the number of the only user to accept a board from.
        """
        self.place = place
        facts = memory.look(place)
        self._bound = 0
        self._steps = self._last_look = self._last_look_step = self._last_step = 0
        self._fence = threading.Lock()
        self._heart = None
        if stat.S_ISSOCK(facts.st_mode):
            self._named = place
            self._knock(os.geteuid() if gateway_user is None else gateway_user)
        else:
            self._named = os.path.join(place, "board.cmd")
            self._open(facts)
        self._identity = memory.identity(self._named)
        self._last_bell = self.words[layout.DOORBELL]

    def _open(self, facts):
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
            raise BoardError(f"'{self.place}' is not safe: it must be a directory of your own with mode 0700")
        self.words, header = memory.map_region(self._named, layout.COMMAND_MAGIC)
        self.slots, self.epoch, self.owner = header
        self._path = os.path.join(self.place, "board.ack")
        with memory.locked(self.place):
            memory.refuse_the_living(self._path)
            self._acknowledgements = self._publish()

    def _knock(self, gateway_user):
        self._path = None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(10)
            try:
                door.connect(self.place)
                peer = struct.unpack("3i", door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
                if peer != gateway_user:
                    raise BoardError(f"user {peer} is behind '{self.place}', not {gateway_user}")
                tag, files, _, _ = socket.recv_fds(door, 1, 1)
                if tag != b"C" or len(files) != 1:
                    raise BoardError(f"the gateway behind '{self.place}' did not pass a board")
                self.words, header = memory.map_file(files[0], "the gateway's memory", layout.COMMAND_MAGIC, sealed=True)
                self.slots, self.epoch, self.owner = header
                file = os.memfd_create("loopguard-board-ack", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
                try:
                    self._acknowledgements = memory.begin(file, self.slots, self.epoch)
                    memory.seal(file)
                    socket.send_fds(door, [b"A"], [file])
                finally:
                    os.close(file)
            except OSError as error:
                raise BoardError(f"no board was to be had at '{self.place}': {error}") from None

    def _publish(self):
        draft = self._path + ".new"
        if os.path.lexists(draft):
            os.unlink(draft)
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            words = memory.begin(file, self.slots, self.epoch)
        finally:
            os.close(file)
        os.rename(draft, self._path)
        self._own_identity = memory.identity(self._path)
        return words

    @property
    def is_replaced(self):
        """Whether another gateway has put its board where this one was."""
        identity = memory.identity(self._named)
        return identity is not None and identity != self._identity

    # The life of a run

    def admit(self, handle: Handle) -> Admission:
        """Takes a run up and looks at its flag once, since that may have been raised before the run got here."""
        if handle.epoch != self.epoch:
            return Admission.FOREIGN
        if self.state(handle) is State.ORPHAN:
            return Admission.ORPHAN
        index = layout.slot_index(handle.slot)
        bound = handle.generation << 16 | layout.BOUND
        acknowledged = self._acknowledgements[index]
        if acknowledged != bound:
            # The word never goes back to an earlier run, nor from the end of a run to its beginning.
            if acknowledged >> 16 >= handle.generation:
                return Admission.ORPHAN
            self._acknowledgements[index] = bound
            self._bound += 1
        return {
            State.RUNNING: Admission.ADMITTED,
            State.CANCELLED: Admission.CANCELLED,
            State.ORPHAN: Admission.ORPHAN,
        }[self.state(handle)]

    def state(self, handle: Handle) -> State:
        """What the slot says now."""
        if handle.epoch != self.epoch or handle.slot >= self.slots:
            return State.ORPHAN
        word = self.words[layout.slot_index(handle.slot)]
        if word >> 16 != handle.generation or not word & layout.CLAIMED:
            return State.ORPHAN
        return State.CANCELLED if word & layout.RAISED else State.RUNNING

    def reason(self, handle: Handle):
        """Why the run is to end: 1 user stop, 2 tree stop, 3 client gone, 4 deadline, 5 shutdown, 6 engine lost, from 32
        a detector. None while its flag is not raised."""
        if self.state(handle) is not State.CANCELLED:
            return None
        return self.words[layout.slot_index(handle.slot)] >> 8 & 0xFF

    def finish(self, handle: Handle, outcome: Outcome, tokens: int, step: int = 0) -> bool:
        """Tells the gateway that the engine is done with a run; every admitted one must be. False when it was not
        admitted or is finished already."""
        if handle.epoch != self.epoch or handle.slot >= self.slots:
            return False
        index = layout.slot_index(handle.slot)
        if self._acknowledgements[index] != handle.generation << 16 | layout.BOUND:
            return False
        self._acknowledgements[index + layout.TOKENS] = tokens
        self._acknowledgements[index + layout.STEP] = step
        # The figures must be in memory before the word that says they are. Python has no such order of its own; taking
        # and leaving a lock twice puts one between them on every machine.
        for _ in range(2):
            with self._fence:
                pass
        self._acknowledgements[index] = handle.generation << 16 | int(outcome) << 8 | layout.FINAL
        self._bound -= 1
        return True

    # Once per step

    def poll(self, now=None) -> bool:
        """Whether flags are to be looked at in this step: the bell has rung, or 64 steps or 250 ms have passed. For
        engines that step many runs together; one that reads a word per token need not poll."""
        now = time.monotonic_ns() if now is None else now
        self._steps += 1
        bell = self.words[layout.DOORBELL]
        if self._bound > 0:
            if self._last_step and now - self._last_step > self._acknowledgements[layout.LONGEST_STEP]:
                self._acknowledgements[layout.LONGEST_STEP] = now - self._last_step
            self._last_step = now
        else:
            self._last_step = 0
        if (
            bell == self._last_bell
            and self._steps - self._last_look_step < STEPS_BETWEEN_LOOKS
            and now - self._last_look < NANOSECONDS_BETWEEN_LOOKS
        ):
            return False
        self._last_bell, self._last_look_step, self._last_look = bell, self._steps, now
        self._acknowledgements[layout.STEPS] = self._steps
        self._acknowledgements[layout.HEARTBEAT] = now
        return True

    @property
    def steps(self):
        """How many steps `poll` has seen."""
        return self._steps

    # Being well

    def beat(self):
        """Says that the engine is well."""
        self._acknowledgements[layout.HEARTBEAT] = time.monotonic_ns()

    def keep_beating(self, seconds=1.0):
        """Says so from a thread of its own, for engines that do not poll. Ends with `close`."""
        if self._heart is not None:
            return
        self._heart = threading.Event()

        def run(stop):
            while not stop.wait(seconds):
                self.beat()

        threading.Thread(target=run, args=(self._heart,), name="loopguard-board", daemon=True).start()

    def gateway_is_well(self):
        """Whether the gateway has said within five seconds that it is well."""
        return time.monotonic_ns() - self.words[layout.HEARTBEAT] <= LONGEST_SILENCE

    def close(self):
        """Takes this engine's name off the board. Runs that are not finished stay so."""
        if self._heart is not None:
            self._heart.set()
        if self._path is None:
            return
        try:
            with memory.locked(self.place):
                if memory.identity(self._path) == self._own_identity:
                    os.unlink(self._path)
        except FileNotFoundError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
