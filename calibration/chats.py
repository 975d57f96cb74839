"""Fits the chats of `conf/profile/`: what an agent is compared with, short, usual and long, by tokens a request.

`calibration.profiles` writes them. Only Kimi's conversations are open request by request; of the others the mean of a request was
published, and what makes up for it is the system prompt (moments matched, see `talk`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from sim.results.fitted.mixtures import quantiles
from sim.results.simulate import simulate
from sim.sampling.distributions import distribution
from sim.scenario.load import load
from sim.settings.agent import AgentKind, AgentSettings
from sim.statistics import ks_distance
from sim.theory import chat_tokens

Profile = dict[str, Any]
AZURE_TOKENS, OPENROUTER_TOKENS = 1366, 2000
"""Tokens of a request, input and output: Azure's conversations of 2023 (1,155 and 211), OpenRouter's chat apps of 2026; both reported."""
EXCHANGES, MESSAGE_TOKENS = 4, 100
BLOCK_TOKENS = 512
"""What Kimi's cache keeps: a prompt is known as far as whole blocks of it were sent before."""


def read_requests(data: Path) -> pd.DataFrame:
    """Kimi's requests; adds `goes_on`: the prompt repeats more of an earlier one than the block that all of them begin with."""
    requests = pd.read_csv(data / "mooncake_conversation.csv.gz")
    return requests.assign(goes_on=requests["prefix_hit_blocks"] > 1)


def talk(answers: pd.Series, think_time_s: Profile, request_tokens: float) -> Profile:
    """A chat of so many tokens a request in the mean: the system prompt is what is left of it (F1), to the fifty."""
    output = quantiles(answers.clip(lower=1), 21)
    size = {"exchanges": EXCHANGES, "first": MESSAGE_TOKENS, "message": MESSAGE_TOKENS, "answer": distribution(output).mean}
    rest = chat_tokens(system=0, **size).total / EXCHANGES
    return {
        "system_tokens": 50 * round((request_tokens - rest) / 50),
        "prompt_tokens": MESSAGE_TOKENS,
        "requests": EXCHANGES,
        "request_tokens": MESSAGE_TOKENS,
        "think_time_s": think_time_s,
        "turns": 1,
        "output_tokens": output,
    }


def chat_long(requests: pd.DataFrame, think_time_s: Profile) -> Profile:
    """A conversation at Kimi: every size is the recorded one, none is matched to the mean of a request."""
    first, later = requests[~requests["goes_on"]], requests[requests["goes_on"]]
    system = int(requests["input_length"].min() // 10 * 10)
    answer = requests["output_length"].mean()
    new = later["input_length"] - BLOCK_TOKENS * later["prefix_hit_blocks"] - BLOCK_TOKENS / 2 - answer
    return {
        "system_tokens": system,
        "prompt_tokens": quantiles(first["input_length"] - system, 101),
        "requests": {"dist": "geometric", "mean": round(len(requests) / len(first), 2)},
        "request_tokens": quantiles(new.clip(lower=1), 101),
        "think_time_s": think_time_s,
        "turns": 1,
        "output_tokens": quantiles(requests["output_length"].clip(lower=1), 21),
    }


def chats(data: Path, think_time_s: Profile) -> dict[str, Profile]:
    """The three, by name."""
    requests = read_requests(data)
    return {
        "chat_short": talk(requests["output_length"], think_time_s, AZURE_TOKENS),
        "chat": talk(requests["output_length"], think_time_s, OPENROUTER_TOKENS),
        "chat_long": chat_long(requests, think_time_s),
    }


KIMI = "github kvcache-ai/Mooncake 3b5a594 (Apache-2.0)"
PAUSES = "Pauses: those of people with a coding agent (see coding_session)."
ASSUMED = f"Answers: {KIMI}, 12,031 requests to Kimi.\n{PAUSES}\nAssumption: four exchanges, messages of 100 tokens."
NOTES = {
    "chat_short": f"""A conversation: question and answer, no tools, with 1.4k tokens a request in the mean, as in Azure's conversations
of November 2023 (github Azure/AzurePublicDataset: 1,155 in and 211 out; reported). Moments matched: the system prompt is what
the others leave of it, to the fifty. {ASSUMED}
Goodness: 1,353 tokens a request are expected, 1,366 were published; nothing else can be held to a recording.""",
    "chat": f"""A conversation: question and answer, no tools, with 2k tokens a request in the mean, as in chat apps on OpenRouter
(2026; reported). Moments matched: the system prompt (instructions, memory) is what the others leave of it, to the fifty.
{ASSUMED}
Goodness: 2,003 tokens a request are expected; nothing else can be held to a recording.""",
    "chat_long": f"""A conversation with documents in it: 12k tokens a request, as recorded at Kimi. {KIMI}:
an hour, 12,031 requests. A request goes on with a conversation if it repeats more than the first block of 512 tokens, which all
share; so an hour of 1.63 requests for each conversation cuts some short. request_tokens: what is new, less the last answer and
half a block. {PAUSES}
Goodness (fitted on every other request, tested on those between): KS distance of input {{input:.3f}}, of output {{output:.3f}};
{{ours:,.0f}} tokens a request, recorded {{recorded:,.0f}}.""",
}


def notes(data: Path, think_time_s: Profile) -> dict[str, str]:
    """The head of each file, with how well it fits."""
    requests = read_requests(data)
    found = goodness(chat_long(requests[::2], think_time_s), requests[1::2])
    return NOTES | {"chat_long": NOTES["chat_long"].format(**found)}


def goodness(profile: Profile, requests: pd.DataFrame, conversations: int = 4000) -> dict[str, float]:
    """Conversations simulated afresh beside the recorded requests: KS distance of input and output, tokens a request of both."""
    made = load("agent=chat", "backends=[kimi_k2_5]", "replications=1", "workload.interarrival_s=1", "seed=7", "processes=1")
    made.workload.tasks = conversations
    made.agent = AgentSettings(kind=AgentKind.chat, **profile)
    made.market.models["kimi_k2_5"].error_rate = 0.0
    calls = simulate(made).calls
    return {
        "input": ks_distance(calls["input_tokens"], requests["input_length"]),
        "output": ks_distance(calls["output_tokens"], requests["output_length"]),
        "ours": float((calls["input_tokens"] + calls["output_tokens"]).mean()),
        "recorded": float((requests["input_length"] + requests["output_length"]).mean()),
    }
