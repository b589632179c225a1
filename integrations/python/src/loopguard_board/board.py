"""One board, from the engine's side."""

import enum
import fcntl
import mmap
import os
import stat
import threading
import time

from . import layout
from .handle import Handle

STEPS_BETWEEN_LOOKS = 64
NANOSECONDS_BETWEEN_LOOKS = 250_000_000
LONGEST_SILENCE = 5_000_000_000


class BoardError(Exception):
    """A board cannot be opened; the message says why and what to do."""


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
    """The board in a directory.

    A word is read and written as one aligned 64-bit access of `memoryview`, which no other process can see half done.
    Calls about one run come one after the other; otherwise any thread may call. One thread polls.
    """

    def __init__(self, directory):
        """Opens the board and announces this engine to the gateway. Raises BoardError."""
        self.directory = directory
        facts = _look(directory)
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
            raise BoardError(f"'{directory}' is not safe: it must be a directory of your own with mode 0700")
        path = os.path.join(directory, "board.cmd")
        self.words, header = _map(path, layout.COMMAND_MAGIC)
        self._identity = _identity(path)
        self.slots, self.epoch, self.owner = header
        self._path = os.path.join(directory, "board.ack")
        self._bound = 0
        self._steps = self._last_look = self._last_look_step = self._last_step = 0
        self._last_bell = self.words[layout.DOORBELL]
        self._fence = threading.Lock()
        self._heart = None
        with _locked(directory):
            _refuse_the_living(self._path)
            self._acknowledgements = self._publish()

    def _publish(self):
        draft = self._path + ".new"
        if os.path.lexists(draft):
            os.unlink(draft)
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            size = layout.region_size(self.slots)
            os.ftruncate(file, size)
            words = memoryview(mmap.mmap(file, size)).cast("Q")
        finally:
            os.close(file)
        words[layout.VERSION_AND_HEADER_SIZE] = layout.pair(layout.VERSION, layout.HEADER_SIZE)
        words[layout.SLOTS_AND_STRIDE] = layout.pair(self.slots, layout.STRIDE)
        words[layout.EPOCH] = self.epoch
        words[layout.PROCESS] = os.getpid()
        words[layout.PROCESS_START] = _process_start(os.getpid())
        words[layout.HEARTBEAT] = time.monotonic_ns()
        words[layout.MAGIC] = layout.ACKNOWLEDGEMENT_MAGIC
        os.rename(draft, self._path)
        self._own_identity = _identity(self._path)
        return words

    @property
    def is_replaced(self):
        """Whether another gateway has put its board where this one was."""
        identity = _identity(os.path.join(self.directory, "board.cmd"))
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
        try:
            with _locked(self.directory):
                if _identity(self._path) == self._own_identity:
                    os.unlink(self._path)
        except FileNotFoundError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _look(path):
    try:
        return os.lstat(path)
    except FileNotFoundError:
        raise BoardError(f"there is no cancel board at '{path}'; the gateway creates it") from None


def _identity(path):
    try:
        facts = os.lstat(path)
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def _map(path, magic):
    """Words and (slots, epoch, process) of a region that another process wrote."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise BoardError(f"there is no cancel board at '{path}'; the gateway creates it") from None
    except OSError as error:
        raise BoardError(f"cannot open '{path}': {error.strerror}") from None
    try:
        facts = os.fstat(file)
        if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077:
            raise BoardError(f"'{path}' is not safe to use: it must be your own file with mode 0600")
        if not stat.S_ISREG(facts.st_mode) or facts.st_size <= layout.HEADER_SIZE or facts.st_size % 8:
            raise BoardError(f"'{path}' is no cancel board that can be read: it has {facts.st_size} bytes")
        words = memoryview(mmap.mmap(file, facts.st_size, prot=mmap.PROT_READ)).cast("Q")
    finally:
        os.close(file)
    if words[layout.MAGIC] != magic:
        raise BoardError(f"'{path}' is no cancel board that can be read: it does not begin with its magic")
    if words[layout.VERSION_AND_HEADER_SIZE] != layout.pair(layout.VERSION, layout.HEADER_SIZE):
        version = words[layout.VERSION_AND_HEADER_SIZE] & 0xFFFFFFFF
        raise BoardError(f"'{path}' cannot be read: its layout is version {version}, this package reads {layout.VERSION}")
    slots, stride = words[layout.SLOTS_AND_STRIDE] & 0xFFFFFFFF, words[layout.SLOTS_AND_STRIDE] >> 32
    if not 1 <= slots <= layout.MOST_SLOTS or stride != layout.STRIDE or facts.st_size != layout.region_size(slots):
        raise BoardError(f"'{path}' cannot be read: {slots} slots of {stride} bytes do not fit its {facts.st_size} bytes")
    return words, (slots, words[layout.EPOCH], (words[layout.PROCESS], words[layout.PROCESS_START]))


def _process_start(process):
    """When a process started, in ticks since the machine's start; 0 when it does not run or nobody says."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return 0 if fields[0] == b"Z" else int(fields[19])
    except (OSError, IndexError):
        return 0


def _refuse_the_living(path):
    try:
        _, (_, _, (process, start)) = _map(path, layout.ACKNOWLEDGEMENT_MAGIC)
    except BoardError:
        return
    if process == os.getpid():
        return
    try:
        os.kill(process, 0)
    except PermissionError:
        pass
    except OSError:
        return
    if start == 0 or start == _process_start(process):
        raise BoardError(f"'{path}' belongs to process {process}, which is running; one engine reads a board")


class _locked:
    """The lock under which names in the directory change; the kernel lets go of it when its holder dies."""

    def __init__(self, directory):
        self._directory = directory

    def __enter__(self):
        self._file = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self._file)
