"""Reads loopguard's cancel board.

The gateway gives each request a slot on a board in shared memory and sends its handle to the engine. An engine looks at
the slot once per token and ends the generation when the flag is raised. Nothing but the standard library is needed; the
hooks for engines are modules of their own: `huggingface`, `llama_cpp`, `vllm`, `sglang`.
"""

from .board import Admission, Board, BoardError, Outcome, State
from .follower import BoardFollower, Run
from .handle import Handle, HandleError

__all__ = ["Admission", "Board", "BoardError", "BoardFollower", "Handle", "HandleError", "Outcome", "Run", "State"]
