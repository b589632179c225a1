"""Replays a folder of recordings of any size with loopguard, spread over a Spark cluster.

    spark-submit loopguard_sweep.py s3a://bucket/recordings --loopguard /usr/local/bin/loopguard \\
        --rules new.yaml --against old.yaml --output s3a://bucket/verdicts

Every task pipes its recordings as JSON Lines through `loopguard replay -`, the very program that replays on one machine,
and reads JSON Lines back: one line per recording, which go to --output, and totals, which are printed. They are the
same totals as `loopguard replay FOLDER --format json` prints, but for empty files, which Spark skips.
"""

import argparse
import base64
import json
import subprocess
import sys
import threading

from pyspark import SparkFiles
from pyspark.sql import SparkSession

BODIES = (".sse", ".ndjson")
REQUEST = ".request.json"
CORPUS = ".corpus.jsonl"
VERDICTS = ("stop", "warn", "observe", "pass")
CHANGES = ("newly_stopped", "no_longer_stopped", "earlier", "later", "otherwise", "same")


def stem(path):
    """The path without the ending that says what is in the file."""
    return next((path[: -len(ending)] for ending in (*BODIES, REQUEST) if path.endswith(ending)), path)


def line(path, body, request):
    """A recording as `loopguard replay -` reads it."""
    record = {"id": path, "b64": base64.b64encode(body).decode()}
    if request is not None:
        record["request"] = request.decode("utf-8", "replace")
    return json.dumps(record)


def recordings(spark, folder, partitions):
    """Every recording below a folder, as lines."""

    def files(*endings):
        frame = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(folder)
        rows = frame.select("path", "content").rdd
        return rows.filter(lambda row: row.path.endswith(endings)).map(lambda row: (stem(row.path), row))

    bodies = files(*BODIES)
    requests = files(REQUEST).mapValues(lambda row: bytes(row.content))
    lines = bodies.leftOuterJoin(requests).values().map(
        lambda pair: line(pair[0].path, bytes(pair[0].content), pair[1])
    )
    corpora = spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", f"*{CORPUS}").text(folder).rdd
    return lines.union(corpora.map(lambda row: row.value).filter(str.strip)).repartition(partitions)


def replay(command, shipped):
    """What a task does with its lines: pipes them through loopguard."""

    def run(lines):
        # Files that were sent along lie elsewhere on every machine.
        arguments = [SparkFiles.get(word) if word in shipped else word for word in command]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

        def feed():
            with process.stdin:
                for text in lines:
                    process.stdin.write(text + "\n")

        feeder = threading.Thread(target=feed)
        feeder.start()
        for result in process.stdout:
            yield result.rstrip("\n")
        feeder.join()
        # 1 says that recordings could not be replayed; their lines say which.
        if process.wait() > 1:
            raise RuntimeError(f"{arguments} ended with status {process.returncode}")

    return run


def count(result):
    """The totals of one line."""
    totals = {"recordings": 1}
    if result["error"] is not None:
        return totals | {"errors": 1}
    totals[result["verdict"]] = 1
    totals["changed"] = 0 if result["unchanged"] else 1
    for name in ("bytes", "saved_bytes", "tokens", "saved_tokens"):
        totals[name] = result[name]
    if result["saved_seconds"] is not None:
        totals["saved_seconds"] = result["saved_seconds"]
    if "change" in result:
        totals[result["change"]] = 1
        totals["before_stop"] = 1 if result["before"]["verdict"] == "stop" else 0
    return totals


def add(left, right):
    return {name: left.get(name, 0) + right.get(name, 0) for name in left.keys() | right.keys()}


def sweep(spark, folder, loopguard="loopguard", rules=None, against=None, output=None, partitions=None):
    """Replays a folder; returns the totals as `loopguard replay --format json` tells them under `summary`."""
    command = [loopguard, "replay", "-", "--format", "jsonl", "--jobs", "1"]
    shipped = set()
    for option, path in (("--rules", rules), ("--against", against)):
        if path:
            spark.sparkContext.addFile(path)
            name = path.rsplit("/", 1)[-1]
            if name in shipped:
                raise ValueError(f"{rules} and {against} need different file names")
            shipped.add(name)
            command += [option, name]
    partitions = partitions or spark.sparkContext.defaultParallelism * 4
    results = recordings(spark, folder, partitions).mapPartitions(replay(command, shipped))
    if output:
        # Written once and read back, so that nothing is replayed twice.
        results.saveAsTextFile(output)
        results = spark.sparkContext.textFile(output)
    found = results.map(lambda text: count(json.loads(text))).fold({}, add)
    names = ("recordings", *VERDICTS, "changed", "errors", "bytes", "saved_bytes", "tokens", "saved_tokens")
    totals = {name: found.get(name, 0) for name in names}
    totals["saved_seconds"] = found.get("saved_seconds")
    if against:
        totals["before"] = {"stop": found.get("before_stop", 0)}
        totals["changes"] = {name: found.get(name, 0) for name in CHANGES}
    return totals


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a folder of recordings, on any file system that Spark reads")
    parser.add_argument("--loopguard", default="loopguard", help="the program, where every worker has it")
    parser.add_argument("--rules", help="a rules file; it is sent to the workers")
    parser.add_argument("--against", help="rules to compare with; they are sent to the workers")
    parser.add_argument("--output", help="a folder for one line of JSON per recording; it must not exist")
    parser.add_argument("--partitions", type=int, help="how many pieces of work; four per core when nothing is said")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("loopguard sweep").getOrCreate()
    try:
        json.dump(sweep(spark, **vars(options)), sys.stdout)
        print()
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
