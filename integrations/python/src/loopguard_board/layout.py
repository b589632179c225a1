"""Where everything lies on a board, in 64-bit words unless bytes are said; docs/cancel-board.md tells why."""

import sys

VERSION = 1
HEADER_SIZE = 4096  # bytes
STRIDE = 128  # bytes
MOST_SLOTS = 65536

COMMAND_MAGIC = int.from_bytes(b"LGCANCL1", sys.byteorder)
ACKNOWLEDGEMENT_MAGIC = int.from_bytes(b"LGACKNW1", sys.byteorder)

# Both regions.
MAGIC, VERSION_AND_HEADER_SIZE, SLOTS_AND_STRIDE, EPOCH, PROCESS, PROCESS_START, HEARTBEAT = range(7)
# The command region.
DOORBELL = 8
# The acknowledgement region.
STEPS = 8
LONGEST_STEP = 9
# A slot of the command region, from its beginning.
RUN_HASH, DEADLINE = 1, 2
# A slot of the acknowledgement region, from its beginning.
TOKENS, STEP = 1, 2

# [generation:48 | reason:8 | bits:8]
CLAIMED, RAISED = 1, 2
# [generation:48 | outcome:8 | bits:8]
BOUND, FINAL = 1, 2

LAST_GENERATION = (1 << 48) - 1


def slot_index(slot):
    """The word at which a slot begins."""
    return (HEADER_SIZE + slot * STRIDE) // 8


def region_size(slots):
    """Bytes of a region."""
    return HEADER_SIZE + slots * STRIDE


def pair(first, second):
    """Two 32-bit numbers that lie side by side."""
    return second << 32 | first
