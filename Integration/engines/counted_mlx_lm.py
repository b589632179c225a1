"""The server of mlx-lm as it is, with its tokens counted.

    counted_mlx_lm.py MODEL PORT COUNT_PORT PACE
"""

import sys

import mlx_lm.server
from counting import Counter

model, port, count_port, pace = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
counter = Counter(pace)
batches, single = mlx_lm.server.BatchGenerator.next, mlx_lm.server.stream_generate


def counted_batch(self, *arguments, **options):
    prompts, tokens = batches(self, *arguments, **options)
    for _ in tokens:
        counter.add()
    return prompts, tokens


def counted_single(*arguments, **options):
    for token in single(*arguments, **options):
        counter.add()
        yield token


mlx_lm.server.BatchGenerator.next = counted_batch
mlx_lm.server.stream_generate = counted_single
counter.serve(count_port)
sys.argv = ["mlx_lm.server", "--model", model, "--port", port, "--log-level", "WARNING"]
mlx_lm.server.main()
