"""A backend's prompt cache: whose prefix is kept, how much of it a call reads, until when.

An entry lives for the TTL after its last use, and is used when the prompt has been read (first token). Only
waits (tools, users, lines, backoff), another backend and a compaction make a call miss: there is no hit rate. Where the head of each
prompt is kept for an hour and the rest is not, a call that comes between the two reads the head.

An agent's own entry stands on its call (`sim.call`: `cached_tokens`, `cached_until`, `move_cache`, `keep_prefix`), where the service
writes it; entries that agents share stand here.
"""

from __future__ import annotations

import math

from sim.calendar import HOUR_S
from sim.call import Call
from sim.settings.market import BackendSettings, CacheKind


class Shared:
    """Heads of prompts that agents read from one another's entries, by system prompt: available from, until."""

    def __init__(self, most: float, ttl_s: float) -> None:
        """At most so many tokens of each."""
        self._most = most
        self._ttl_s = ttl_s
        self._entries: dict[int, tuple[float, float]] = {}

    def read(self, call: Call, prompt: int, now: float) -> int:
        """Tokens that a call can read."""
        entry = self._entries.get(call.system_id)
        if entry is None or not entry[0] <= now <= entry[1]:
            return 0
        return int(min(call.system_tokens, prompt, self._most))

    def keep(self, call: Call, now: float, first_token: float) -> None:
        """Others can read the head of a prompt served from `now` after its first token, or already could."""
        since = self._entries.get(call.system_id)
        live = since is not None and now <= since[1]
        available = min(first_token, since[0]) if since is not None and live else first_token
        self._entries[call.system_id] = (available, first_token + self._ttl_s)


class PromptCache:
    """An agent's own entries stay with its call; those shared by agents of one kind are kept here."""

    def __init__(self, settings: BackendSettings) -> None:
        self._explicit = settings.cache is CacheKind.explicit
        self.ttl_s = settings.cache_ttl_s
        self.minimum = settings.cache_min_tokens if settings.cache is not CacheKind.none else 2**63
        self.share = settings.share_system
        self._head = settings.long_lived_tokens
        self._longer_s = HOUR_S - self.ttl_s
        """How long the head outlives the rest."""
        self._shared = [Shared(math.inf, self.ttl_s), *([Shared(self._head, HOUR_S)] if self._head else [])]

    def split(self, call: Call, prompt: int, now: float) -> tuple[int, int]:
        """Tokens of a prompt that are read from the cache, and that are written to it at a price."""
        if prompt < self.minimum:
            return 0, 0
        read = 0
        if now <= call.cached_until:
            read = call.cached_tokens
            if read > prompt:  # noqa: PLR1730 - a call of min() costs as much as the rest of this method
                read = prompt
        elif self._head and now <= call.cached_until + self._longer_s:
            read = min(call.cached_tokens, prompt, self._head)
        if self.share and read < call.system_tokens:
            read = max(read, *(shared.read(call, prompt, now) for shared in self._shared))
        return read, prompt - read if self._explicit else 0

    def keep_shared(self, call: Call, now: float, first_token: float) -> None:
        """The head of a prompt served from `now` is there for others."""
        if call.system_tokens < self.minimum:
            return
        for shared in self._shared:
            shared.keep(call, now, first_token)


class RecordedCache(PromptCache):
    """Gives what a log says was read and written, where it says so."""

    def split(self, call: Call, prompt: int, now: float) -> tuple[int, int]:
        """As billed; of a prompt whose reads alone are known, an explicit cache is written all that is not read."""
        read, write = call.as_billed.read_tokens, call.as_billed.write_tokens
        if read < 0:
            return super().split(call, prompt, now)
        if write < 0:
            write = prompt - read if self._explicit and prompt >= self.minimum else 0
        return read, write
