"""A backend's prompt cache: whose prefix is kept, how much of it a call reads, until when.

An entry lives for the TTL after its last use, and is used when the prompt has been read (first token). Only
waits (tools, users, lines, backoff), another backend and a compaction make a call miss: there is no hit rate.

An agent's own entry stands on its call (`sim.call`: `cached_tokens`, `cached_until`, `move_cache`, `keep_prefix`), where the service
writes it; entries that agents share stand here.
"""

from __future__ import annotations

from sim.call import Call
from sim.settings.market import BackendSettings, CacheKind


class PromptCache:
    """An agent's own entries stay with its call; those shared by agents of one kind are kept here."""

    def __init__(self, settings: BackendSettings) -> None:
        self._explicit = settings.cache is CacheKind.explicit
        self.ttl_s = settings.cache_ttl_s
        self.minimum = settings.cache_min_tokens if settings.cache is not CacheKind.none else 2**63
        self.share = settings.share_system
        self._shared: dict[int, tuple[float, float]] = {}
        """By system prompt: available from, until."""

    def split(self, call: Call, prompt: int, now: float) -> tuple[int, int]:
        """Tokens of a prompt that are read from the cache, and that are written to it at a price."""
        if prompt < self.minimum:
            return 0, 0
        read = 0
        if now <= call.cached_until:
            read = call.cached_tokens
            if read > prompt:  # noqa: PLR1730 - a call of min() costs as much as the rest of this method
                read = prompt
        if self.share and read < call.system_tokens:
            read = self._read_shared(call, prompt, now, read)
        return read, prompt - read if self._explicit else 0

    def _read_shared(self, call: Call, prompt: int, now: float, read: int) -> int:
        entry = self._shared.get(call.system_id)
        if entry is None or not entry[0] <= now <= entry[1]:
            return read
        return max(read, min(call.system_tokens, prompt))

    def keep_shared(self, call: Call, now: float, first_token: float) -> None:
        """Others can read the head of a prompt served from `now` after its first token, or already could."""
        if call.system_tokens < self.minimum:
            return
        since = self._shared.get(call.system_id)
        live = since is not None and now <= since[1]
        available = min(first_token, since[0]) if since is not None and live else first_token
        self._shared[call.system_id] = (available, first_token + self.ttl_s)
