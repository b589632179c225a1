"""Hook for vLLM's v1 engine, model runner v1.

    LOOPGUARD_BOARD=/run/loopguard VLLM_USE_V2_MODEL_RUNNER=0 \\
        vllm serve MODEL --logits-processors loopguard_board.vllm:CancelBoardLogitsProcessor

The gateway sends the handle as `vllm_xargs: {"loopguard_cancel": "<handle>"}`. A run whose flag is raised gets the end of
the text as its next token; vLLM then says `stop`, and the gateway says `length` to its client.

Limits that are vLLM's: no custom logits processors beside speculative decoding; a request with `ignore_eos` and without
`stop_token_ids` cannot be ended in this way, and one with `min_tokens` not before that many. The connection's end remains
for these.
"""

from vllm.v1.sample.logits_processor import LogitsProcessor, MoveDirectionality

from .follower import BoardFollower
from .handle import Handle, HandleError

KEY = "loopguard_cancel"


class CancelBoardLogitsProcessor(LogitsProcessor):
    """One per worker; that of the first tensor-parallel rank reads the board, and its token is the one that counts."""

    @classmethod
    def validate_params(cls, sampling_params):
        text = (sampling_params.extra_args or {}).get(KEY)
        if text is not None:
            try:
                Handle.parse(text)
            except HandleError as error:
                raise ValueError(f"vllm_xargs.{KEY}: {error}") from None

    def __init__(self, vllm_config, device, is_pin_memory):
        parallel = vllm_config.parallel_config
        reads = parallel.rank % parallel.tensor_parallel_size == 0
        self._follower = BoardFollower() if reads else None
        self._rows = {}

    def is_argmax_invariant(self):
        return False

    def update_state(self, batch_update):
        """vLLM tells which rows came, went and moved, in this order: removed, added, moved."""
        if batch_update is None or self._follower is None:
            return
        for index in batch_update.removed:
            self._drop(index)
        for index, params, _, output in batch_update.added:
            self._drop(index)
            run = self._follower.admit((params.extra_args or {}).get(KEY))
            if run is not None:
                self._rows[index] = (run, self._end_of_text(params), output)
        for first, second, direction in batch_update.moved:
            moved, other = self._rows.pop(first, None), self._rows.pop(second, None)
            if moved is not None:
                self._rows[second] = moved
            if direction == MoveDirectionality.SWAP:
                if other is not None:
                    self._rows[first] = other
            elif other is not None:
                self._finish(other)

    def apply(self, logits):
        for index, (run, end_of_text, _) in self._rows.items():
            if end_of_text is not None and run.is_to_end:
                logits[index, :] = float("-inf")
                logits[index, end_of_text] = 0.0
        return logits

    @staticmethod
    def _end_of_text(params):
        """A token at which vLLM ends this request."""
        return min(params.all_stop_token_ids, default=None)

    def _drop(self, index):
        row = self._rows.pop(index, None)
        if row is not None:
            self._finish(row)

    @staticmethod
    def _finish(row):
        run, _, output = row
        run.finish(len(output))
