"""Mail providers where anybody opens a mailbox: the one list, for those who believe mailboxes (is
it the town hall's?) and for those who publish them (is it a person's?)."""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")


@cache
def domains() -> frozenset[str]:
    """The providers' domains, in lower case."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def open_to_anybody(email: str) -> bool:
    """Whether an address is at such a provider, or at a subdomain of one."""
    labels = email.rpartition("@")[2].casefold().rstrip(".").split(".")
    return any(".".join(labels[start:]) in domains() for start in range(len(labels) - 1))
