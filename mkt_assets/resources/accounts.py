"""Accounts are hashed with a key that stays outside the warehouse: people are not in the tables.

Not here: account ids in texts and paths (crawlers/redact).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path

KEY_NAME = "poster.key"
# MediaCrawler writes this in place of the id since 2026-07: the first 16 hex digits of its SHA-256.
_CREATOR_HASH = re.compile(r"[0-9a-f]{16}")


class AccountHasher:
    """HMAC-SHA256 of an account id, 24 hex digits, under the key in `key_path` (made on first use, mode 600).

    A plain id and MediaCrawler's `creator_hash` of it give the same hash: a person stays the same one after
    the crawler was upgraded.
    """

    def __init__(self, key_path: Path) -> None:
        self._key = _load_or_create(key_path)
        self.hash = lru_cache(maxsize=100_000)(self._hash)

    @property
    def fingerprint(self) -> str:
        """Of the key, 32 hex digits: two keys are the same one if these are, and it tells nothing else of them."""
        return hmac.new(self._key, b"fingerprint of the key", hashlib.sha256).hexdigest()[:32]

    def _hash(self, account_id: str) -> str:
        return hmac.new(self._key, creator_hash(account_id).encode(), hashlib.sha256).hexdigest()[:24]


def creator_hash(account_id: str) -> str:
    """MediaCrawler's hash of an account id, 16 hex digits; of such a hash, itself."""
    if _CREATOR_HASH.fullmatch(account_id):
        return account_id
    return hashlib.sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _load_or_create(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".key-")
        try:
            os.write(handle, secrets.token_hex(32).encode())
            os.close(handle)
            # link, not rename: when two processes make a key at once, the first one's stays
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            Path(aside).unlink(missing_ok=True)
    key = path.read_bytes().strip()
    if len(key) < 32:
        raise ValueError(
            f"the key in {path} is damaged: restore it from a backup, or poster ids will change."
        )
    return key
