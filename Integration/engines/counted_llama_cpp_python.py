"""The server of llama-cpp-python as it is, with its tokens counted.

    counted_llama_cpp_python.py MODEL PORT COUNT_PORT PACE
"""

import sys

import llama_cpp
import uvicorn
from counting import Counter
from llama_cpp.server.app import create_app
from llama_cpp.server.settings import ModelSettings, ServerSettings

model, port, count_port, pace = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
counter = Counter(pace)
sample = llama_cpp.Llama.sample


def counted(self, *arguments, **options):
    counter.add()
    return sample(self, *arguments, **options)


llama_cpp.Llama.sample = counted
counter.serve(count_port)
app = create_app(
    server_settings=ServerSettings(host="127.0.0.1", port=port),
    model_settings=[ModelSettings(model=model, n_ctx=4096, n_threads=1, verbose=False)],
)
uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
