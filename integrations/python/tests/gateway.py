"""A gateway's side in Python, for tests alone: it makes a board and raises flags, without the care of the real one."""

import mmap
import os
import subprocess
import time

from loopguard_board import Handle, layout


class Gateway:
    def __init__(self, directory, slots=4, epoch=0x0123456789ABCDEF):
        self.directory, self.slots, self.epoch = str(directory), slots, epoch
        os.chmod(directory, 0o700)
        path = os.path.join(self.directory, "board.cmd")
        file = os.open(path + ".new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.ftruncate(file, layout.region_size(slots))
        self.words = memoryview(mmap.mmap(file, layout.region_size(slots))).cast("Q")
        os.close(file)
        self.words[layout.VERSION_AND_HEADER_SIZE] = layout.pair(layout.VERSION, layout.HEADER_SIZE)
        self.words[layout.SLOTS_AND_STRIDE] = layout.pair(slots, layout.STRIDE)
        self.words[layout.EPOCH] = epoch
        self.words[layout.PROCESS] = os.getpid()
        self.words[layout.HEARTBEAT] = time.monotonic_ns()
        self.words[layout.MAGIC] = layout.COMMAND_MAGIC
        os.rename(path + ".new", path)
        self.generations = [0] * slots

    def claim(self, slot=0):
        self.generations[slot] += 1
        self.words[layout.slot_index(slot)] = self.generations[slot] << 16 | layout.CLAIMED
        return Handle(self.epoch, slot, self.generations[slot])

    def cancel(self, handle, reason=1, bell=True):
        word = handle.generation << 16 | reason << 8 | layout.CLAIMED | layout.RAISED
        self.words[layout.slot_index(handle.slot)] = word
        if bell:
            self.words[layout.DOORBELL] += 1

    def free(self, handle):
        self.words[layout.slot_index(handle.slot)] = handle.generation << 16

    def acknowledgement(self, handle):
        """(bits, outcome, tokens, step) if it is about this run."""
        with open(os.path.join(self.directory, "board.ack"), "rb") as file:
            file.seek(layout.slot_index(handle.slot) * 8)
            word, tokens, step = memoryview(file.read(24)).cast("Q")
        return (word & 0xFF, word >> 8 & 0xFF, tokens, step) if word >> 16 == handle.generation else None


class SwiftGateway:
    """The real gateway's side, talked to a line at a time."""

    def __init__(self, program, place, *options):
        command = [program, "board", "console", "gateway", str(place), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().startswith("ready")

    def ask(self, line):
        self.tell(line)
        return self.hear()

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
