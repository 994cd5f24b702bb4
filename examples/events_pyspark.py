"""The trace of logs that Spark reads: the same bytes as of one run over all of them.

    pip install pyspark==3.5.*      # needs Java 17
    python examples/events_pyspark.py --audit DIR --watch DIR --out STREAM_DIR [--pieces N] [-- OPTION of tracer export ...]

Audit logs are read by Spark itself, compressed or not, from wherever Spark can read, and piped line by line through `tracer
events`: they may be cut at any record, so it does not matter how Spark cuts them. A watch log is one stream, which must not
be cut, so of those the paths are handed out and each worker reads whole files; they have to be where all workers see them.

The streams are written to STREAM_DIR, sorted; `tracer export` then makes the trace of them, and writes it to stdout unless it is
told otherwise. Needs `tracer` in the PATH of the workers and of this program.
"""

import argparse
import os
import subprocess
import sys

from pyspark.sql import SparkSession


def arguments():
    own, export = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, export = own[:at], own[at + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audit", action="append", default=[], help="a directory of audit logs, as Spark names it")
    parser.add_argument("--watch", action="append", default=[], help="a directory of watch logs, as workers see it")
    parser.add_argument("--out", required=True, help="the directory of the stream, which must not be there yet")
    parser.add_argument("--pieces", type=int, help="into how many pieces audit logs are cut at least, if not compressed")
    parser.add_argument("--master", default="local[*]")
    return parser.parse_args(own), export


def files(directories):
    for directory in directories:
        for path, _, names in os.walk(directory):
            yield from (os.path.join(path, name) for name in names if not name.startswith("."))


def main():
    options, export = arguments()
    spark = SparkSession.builder.master(options.master).appName("tracer events").getOrCreate()
    context = spark.sparkContext
    # Spark gives what it pipes to an empty environment.
    environment = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    streams = []
    for directory in options.audit:
        # Each partition is a text of its own, from a pipe.
        records = context.textFile(directory + "/*", options.pieces)
        streams.append(records.pipe("tracer events -q -", env=environment, checkCode=True))
    watches = list(files(options.watch))
    if watches:
        paths = context.parallelize(watches, len(watches))
        streams.append(paths.pipe("xargs -d '\\n' -n1 tracer events -q", env=environment, checkCode=True))
    context.union(streams).sortBy(lambda line: line).saveAsTextFile(options.out)
    spark.stop()
    return subprocess.call(["tracer", "export", *export, options.out])


if __name__ == "__main__":
    sys.exit(main())
