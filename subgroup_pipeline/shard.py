"""A shard: which districts a home takes where several homes share one registry (docs/scaling.md).

The rule is the district's key alone, so that every home knows it without asking: the first eight hex digits of the key's SHA-256,
modulo the number of shards.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Shard:
    """Shard `number` of `of`. The whole is 1 of 1; number 0 takes no district: the home that others are joined in."""

    number: int = 1
    of: int = 1

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `1/2`; an empty text is the whole. Raises ValueError in words."""
        if not text:
            return cls()
        found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
        shard = cls(int(found[1]), int(found[2])) if found else cls(1, 0)
        if not 0 <= shard.number <= shard.of or shard.of < 1:
            raise ValueError("write which shard of how many, for example 1/2; 0/2 takes no district")
        return shard

    @property
    def is_whole(self) -> bool:
        """Whether there is no other shard."""
        return self == Shard()

    @property
    def is_empty(self) -> bool:
        """Whether it takes no district."""
        return self.number == 0

    def takes(self, district_id: str) -> bool:
        """Whether a district is of this shard."""
        return self.owner(district_id) == self.number

    def owner(self, district_id: str) -> int:
        """The number of the shard that takes a district."""
        return int(hashlib.sha256(district_id.encode()).hexdigest()[:8], 16) % self.of + 1

    def __str__(self) -> str:
        return "" if self.is_whole else f"{self.number}/{self.of}"
