"""The memory behind a board: whose it is, whether it can be read, who may change names."""

import fcntl
import mmap
import os
import stat
import time

from . import layout

# Linux; the last one is in fcntl only from Python 3.13.
F_ADD_SEALS, F_GET_SEALS = 1033, 1034
F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_FUTURE_WRITE = 1, 2, 4, 16
SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE


class BoardError(Exception):
    """A board cannot be opened; the message says why and what to do."""


def begin(file, slots, epoch):
    """Makes a new file an acknowledgement region of this engine."""
    size = layout.region_size(slots)
    os.ftruncate(file, size)
    words = memoryview(mmap.mmap(file, size)).cast("Q")
    words[layout.VERSION_AND_HEADER_SIZE] = layout.pair(layout.VERSION, layout.HEADER_SIZE)
    words[layout.SLOTS_AND_STRIDE] = layout.pair(slots, layout.STRIDE)
    words[layout.EPOCH] = epoch
    words[layout.PROCESS] = os.getpid()
    words[layout.PROCESS_START] = process_start(os.getpid())
    words[layout.HEARTBEAT] = time.monotonic_ns()
    words[layout.MAGIC] = layout.ACKNOWLEDGEMENT_MAGIC
    return words


def seal(file):
    """Forbids memory that is to be passed on to change its size, and everybody else to write to it."""
    fcntl.fcntl(file, F_ADD_SEALS, SEALS | F_SEAL_SEAL)


def look(path):
    try:
        return os.lstat(path)
    except FileNotFoundError:
        raise BoardError(f"there is no cancel board at '{path}'; the gateway creates it") from None


def identity(path):
    try:
        facts = os.lstat(path)
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def map_region(path, magic):
    """Words and (slots, epoch, process) of a region that another process wrote."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise BoardError(f"there is no cancel board at '{path}'; the gateway creates it") from None
    except OSError as error:
        raise BoardError(f"cannot open '{path}': {error.strerror}") from None
    return map_file(file, path, magic)


def map_file(file, name, magic, sealed=False):
    """The same of an open file, which is closed. Memory that was passed on must be sealed, a file be one's own."""
    try:
        facts = os.fstat(file)
        if sealed and fcntl.fcntl(file, F_GET_SEALS) & SEALS != SEALS:
            raise BoardError(f"{name} is not safe to use: it is not sealed and could change its size")
        if not sealed and (facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077):
            raise BoardError(f"'{name}' is not safe to use: it must be your own file with mode 0600")
        if not stat.S_ISREG(facts.st_mode) or facts.st_size <= layout.HEADER_SIZE or facts.st_size % 8:
            raise BoardError(f"'{name}' is no cancel board that can be read: it has {facts.st_size} bytes")
        words = memoryview(mmap.mmap(file, facts.st_size, prot=mmap.PROT_READ)).cast("Q")
    finally:
        os.close(file)
    if words[layout.MAGIC] != magic:
        raise BoardError(f"'{name}' is no cancel board that can be read: it does not begin with its magic")
    if words[layout.VERSION_AND_HEADER_SIZE] != layout.pair(layout.VERSION, layout.HEADER_SIZE):
        version = words[layout.VERSION_AND_HEADER_SIZE] & 0xFFFFFFFF
        raise BoardError(f"'{name}' cannot be read: its layout is version {version}, this package reads {layout.VERSION}")
    slots, stride = words[layout.SLOTS_AND_STRIDE] & 0xFFFFFFFF, words[layout.SLOTS_AND_STRIDE] >> 32
    if not 1 <= slots <= layout.MOST_SLOTS or stride != layout.STRIDE or facts.st_size != layout.region_size(slots):
        raise BoardError(f"'{name}' cannot be read: {slots} slots of {stride} bytes do not fit its {facts.st_size} bytes")
    return words, (slots, words[layout.EPOCH], (words[layout.PROCESS], words[layout.PROCESS_START]))


def process_start(process):
    """When a process started, in ticks since the machine's start; 0 when it does not run or nobody says."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return 0 if fields[0] == b"Z" else int(fields[19])
    except (OSError, IndexError):
        return 0


def refuse_the_living(path):
    try:
        _, (_, _, (process, start)) = map_region(path, layout.ACKNOWLEDGEMENT_MAGIC)
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
    if start == 0 or start == process_start(process):
        raise BoardError(f"'{path}' belongs to process {process}, which is running; one engine reads a board")


class locked:
    """The lock under which names in the directory change; the kernel lets go of it when its holder dies."""

    def __init__(self, directory):
        self._directory = directory

    def __enter__(self):
        self._file = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self._file)
