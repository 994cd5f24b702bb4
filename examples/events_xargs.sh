#!/usr/bin/env bash
# The trace of logs that are read file by file, several at a time: the same bytes as of one run over all of them.
#
#   examples/events_xargs.sh INPUT... -- [OPTION of tracer export]...
#
# INPUT: files and directories of logs. Audit logs may have been cut at any record, watch logs by file. What `tracer export`
# writes without -o goes to stdout. Needs tracer in the PATH; JOBS sets how many run at a time, TMPDIR where streams wait.
#
# Each stream goes to a file of its own: what several programs write to one pipe at a time is torn. GNU parallel keeps lines
# whole, so there `find … | parallel -q -0 tracer events -q` may be piped on; on several machines, its --sshlogin.
set -euo pipefail

inputs=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  inputs+=("$1")
  shift
done
if [ ${#inputs[@]} -eq 0 ]; then
  echo "usage: $0 INPUT... -- [OPTION of tracer export]..." >&2
  exit 2
fi
[ $# -eq 0 ] || shift

streams=$(mktemp -d)
trap 'rm -rf "$streams"' EXIT

find "${inputs[@]}" -type f -print0 |
  xargs -0 -n1 -P"${JOBS:-$(nproc)}" sh -c 'tracer events -q "$1" -o "$(mktemp "$0/XXXXXXXX.jsonl")"' "$streams"

# Any order of lines gives the same trace; in that of time they are good to look at.
find "$streams" -name '*.jsonl' -print0 | LC_ALL=C sort -o "$streams/all" --files0-from=-
tracer export "$@" "$streams/all"
