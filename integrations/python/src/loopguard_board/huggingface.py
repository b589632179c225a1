"""Hooks for Hugging Face transformers' `generate`.

    criteria = BoardStoppingCriteria(follower, [handle])
    model.generate(**inputs, stopping_criteria=[criteria])
    criteria.finish()

Handles are one per row of the batch, None for rows without a slot; with several sequences per row name each as often.
transformers asks for nothing but callables, so it is not imported here; torch is, at the first call.
"""


class _Rows:
    def __init__(self, follower, handles):
        self.runs = [follower.admit(handle) for handle in handles]
        self._tokens = [0] * len(self.runs)
        self._ended = [False] * len(self.runs)

    def _look(self, count):
        """Which rows are to end; rows that have ended stay so and count no tokens."""
        if count != len(self.runs):
            raise ValueError(f"{len(self.runs)} handles were given for {count} rows")
        for row, run in enumerate(self.runs):
            if run is not None and not self._ended[row]:
                self._ended[row] = run.is_to_end
        return self._ended

    def _count(self):
        for row, ended in enumerate(self._ended):
            if not ended:
                self._tokens[row] += 1

    def finish(self, failed=False):
        """Tells the gateway that the generation is over."""
        for run, tokens in zip(self.runs, self._tokens):
            if run is not None:
                run.finish(tokens, failed=failed)


class BoardStoppingCriteria(_Rows):
    """Ends rows whose flags are raised: for `stopping_criteria`. Asked after each token."""

    def __call__(self, input_ids, scores, **_):
        import torch

        self._count()
        return torch.tensor(self._look(input_ids.shape[0]), dtype=torch.bool, device=input_ids.device)


class BoardLogitsProcessor(_Rows):
    """Leaves rows whose flags are raised nothing but the end of the text: for `logits_processor`, where the caller has no
    say in the criteria. Asked before each token."""

    def __init__(self, follower, handles, eos_token_id):
        super().__init__(follower, handles)
        self._eos = eos_token_id[0] if isinstance(eos_token_id, (list, tuple)) else eos_token_id

    def __call__(self, input_ids, scores):
        for row, ended in enumerate(self._look(scores.shape[0])):
            if ended:
                scores[row, :] = float("-inf")
                scores[row, self._eos] = 0.0
        self._count()
        return scores
