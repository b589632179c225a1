"""Hook for SGLang: a custom logit processor.

    LOOPGUARD_BOARD=/run/loopguard python -m sglang.launch_server --enable-custom-logit-processor ...

The gateway sends `custom_logit_processor` (what `CancelBoardLogitProcessor.to_str()` gives, a constant of the installed
SGLang) and `custom_params: {"loopguard_cancel": "<handle>", "loopguard_eos": <token>}`. A run whose flag is raised gets
the end of the text as its next token; SGLang then says `stop`, and the gateway says `length` to its client.

SGLang does not tell a processor that a request has ended. A cancelled run is acknowledged when its last token is forced;
one that ends by itself keeps its slot until the gateway's quarantine has passed.
"""

from sglang.srt.sampling.custom_logit_processor import CustomLogitProcessor

from .follower import BoardFollower

KEY = "loopguard_cancel"
END_OF_TEXT_KEY = "loopguard_eos"

# The processor itself travels with each request; what it knows stays in the scheduler's process.
_follower = None
_runs = {}
_MOST_RUNS = 65536


def _run(text):
    global _follower
    if text not in _runs:
        if _follower is None:
            _follower = BoardFollower()
        # Runs that ended by themselves are forgotten oldest first.
        while len(_runs) >= _MOST_RUNS:
            _runs.pop(next(iter(_runs)))
        _runs[text] = _follower.admit(text)
    return _runs[text]


def _end_of_text(parameters):
    if END_OF_TEXT_KEY in parameters:
        return int(parameters[END_OF_TEXT_KEY])
    request = parameters.get("__req__")
    tokens = getattr(request, "eos_token_ids", None)
    return min(tokens) if tokens else None


class CancelBoardLogitProcessor(CustomLogitProcessor):
    """Ends the runs of a batch whose flags are raised."""

    def __call__(self, logits, custom_param_list):
        for row, parameters in enumerate(custom_param_list or []):
            text = (parameters or {}).get(KEY)
            if text is None:
                continue
            run = _run(text)
            if run is None or not run.is_to_end:
                continue
            end_of_text = _end_of_text(parameters)
            if end_of_text is None:
                continue
            logits[row, :] = float("-inf")
            logits[row, end_of_text] = 0.0
            request = parameters.get("__req__")
            run.finish(len(getattr(request, "output_ids", ()) or ()))
        return logits
