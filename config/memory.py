"""Giving memory back to the system after something large."""

import ctypes
import gc


def give_back() -> None:
    """Return what is free to the system: after a large batch, glibc keeps hundreds of megabytes of
    it between what is still used. Where the C library cannot, nothing happens. Takes some
    milliseconds: call it from a thread."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):  # not glibc
        return
