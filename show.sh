#!/bin/bash
# show.sh STEM : print survivors' diffs
cd /tmp/wt/mutants/mutants/$1
for k in $(../../.venv/bin/python - <<PY
import json,glob
for f in glob.glob("mutants/sim/**/*.meta",recursive=True):
    for k,c in json.load(open(f))["exit_code_by_key"].items():
        if c in (0,33): print(k)
PY
); do echo "## ${k##*.}"; ../../.venv/bin/mutmut show $k | grep '^[+-]' | grep -v '^+++\|^---'; done
