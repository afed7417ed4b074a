"""What a large batch leaves behind goes back to the system."""

import os
from pathlib import Path

from config.memory import give_back


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_free_memory_between_used_pieces_is_given_back() -> None:
    pieces = [bytes(2000) for _ in range(100_000)]  # too small for a mapping of their own
    kept = pieces[::100]
    full = resident()
    del pieces
    give_back()
    assert full - resident() > 100_000_000
    assert len(kept) == 1000
