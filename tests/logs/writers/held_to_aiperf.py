"""AIPerf's own loader and models over what we write: `make aiperf`, in an environment of its own since AIPerf wants other versions.

python -m tests.logs.writers.held_to_aiperf FOLDER      of exports: aiperf-dag.jsonl, weka/, mooncake.jsonl
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOADERS = "aiperf.dataset.loader"


def accepted(folder: Path) -> list[str]:
    """A line a format on what AIPerf makes of it. Raises what AIPerf raises."""
    dag: Any = importlib.import_module(f"{LOADERS}.dag_jsonl")
    weka: Any = importlib.import_module(f"{LOADERS}.weka_trace_models")
    models: Any = importlib.import_module(f"{LOADERS}.models")
    loader = dag.DagJsonlLoader(folder / "aiperf-dag.jsonl")
    conversations = loader.load()
    turns = sum(len(each.turns) for each in conversations)
    told = [f"aiperf-dag: {turns} turns of {len(conversations)} conversations, {len(loader.root_session_ids())} of them roots"]
    traces = [weka.WekaTrace.model_validate_json(file.read_text(encoding="utf-8")) for file in sorted((folder / "weka").iterdir())]
    calls = sum(len(getattr(each, "requests", [each])) for trace in traces for each in trace.requests)
    told.append(f"weka: {calls} calls of {len(traces)} traces")
    lines = (folder / "mooncake.jsonl").read_text(encoding="utf-8").splitlines()
    read = [models.MooncakeTrace.model_validate(json.loads(line)) for line in lines]
    return [*told, f"mooncake: {len(read)} calls, {sum(each.input_length for each in read)} input tokens"]


def main(words: Sequence[str]) -> None:
    """Print them."""
    print("\n".join(accepted(Path(words[0]))))


if __name__ == "__main__":
    main(sys.argv[1:])
