"""Hook for llama-cpp-python: pass it as `stopping_criteria`.

    stop = BoardStopping(follower, handle)
    try:
        text = llama.create_completion(prompt, stopping_criteria=stop)
    finally:
        stop.finish()

llama-cpp-python asks after each token that it has sampled and before it gives it out, so a flag that is raised during a
step ends the text within that step.
"""


class BoardStopping:
    """Ends a generation when its flag is raised. A run without a slot is never ended."""

    def __init__(self, follower, handle):
        self.run = follower.admit(handle)
        self.tokens = 0
        self._length = None

    def __call__(self, tokens, logits) -> bool:
        # Asked once more when the text has ended, with as many tokens as before.
        if len(tokens) != self._length:
            self._length = len(tokens)
            self.tokens += 1
        return self.run is not None and self.run.is_to_end

    def finish(self, failed=False):
        """Tells the gateway that the generation is over."""
        if self.run is not None:
            self.run.finish(self.tokens, failed=failed)
