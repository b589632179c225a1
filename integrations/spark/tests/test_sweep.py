"""The sweep over a cluster comes to the same totals as one process. Needs Java, and LOOPGUARD: the built program."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pyspark
import pytest
from pyspark.sql import SparkSession

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))
import loopguard_sweep  # noqa: E402

LOOPGUARD = str(pathlib.Path(os.environ.get("LOOPGUARD", ".build/release/loopguard")).resolve())
OBSERVE = str(REPOSITORY / "rules/observe.yaml")


def one_process(folder, *options):
    run = subprocess.run(
        [LOOPGUARD, "replay", str(folder), "--format", "json", *options], capture_output=True, text=True
    )
    assert run.returncode <= 1, run.stderr
    return json.loads(run.stdout)["summary"]


@pytest.fixture(scope="session")
def spark():
    """Two workers of one core each: processes of their own, as on a cluster."""
    os.environ["SPARK_HOME"] = str(pathlib.Path(pyspark.__file__).parent)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .appName("test")
        .config("spark.ui.enabled", "false")
        .config("spark.executorEnv.PYTHONPATH", str(HERE.parent))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture
def folder(tmp_path):
    """Bodies with and without their requests, corpora, nested, one that is not there to be read."""
    recordings = tmp_path / "recordings"
    (recordings / "deep/er").mkdir(parents=True)
    for path in sorted((REPOSITORY / "fixtures/healthy").glob("*.sse")):
        if path.stat().st_size > 0:  # Spark skips empty files.
            shutil.copy(path, recordings / "deep")
    for name in ("loop-word", "loop-history-cycle", "healthy-prose"):
        shutil.copy(REPOSITORY / f"fixtures/corpus/{name}.corpus.jsonl", recordings / "deep/er")
    chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "round and round "}}]}
    body = f"data: {json.dumps(chunk)}\n\n" * 400
    (recordings / "alone.sse").write_text(body)
    (recordings / "asked.sse").write_text(body)
    (recordings / "asked.request.json").write_text('{"response_format":{"type":"json_object"}}')
    return recordings


def test_a_cluster_comes_to_the_totals_of_one_process(spark, folder, tmp_path):
    output = tmp_path / "verdicts"
    totals = loopguard_sweep.sweep(spark, str(folder), LOOPGUARD, output=str(output))
    assert totals == one_process(folder)
    assert totals["stop"] > 20 and totals["pass"] > 20
    lines = [json.loads(line) for part in output.glob("part-*") for line in part.read_text().splitlines()]
    assert len(lines) == totals["recordings"]
    events = {line["id"].rsplit("/", 1)[-1]: line["event"] for line in lines if "id" in line}
    # The request beside one of two equal bodies has reached the detectors.
    assert events["asked.sse"] > events["alone.sse"]


def test_rules_are_compared_on_a_cluster(spark, folder):
    totals = loopguard_sweep.sweep(spark, str(folder), LOOPGUARD, against=OBSERVE, partitions=3)
    alone = one_process(folder, "--against", OBSERVE)
    assert totals["changes"] == alone["changes"] and totals["changes"]["newly_stopped"] > 20
    assert totals["before"]["stop"] == alone["before"]["stop"] == 0
