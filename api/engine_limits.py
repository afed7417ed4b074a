"""What one process grants to its engines, from the settings."""

import os

from config.settings import Settings
from simulators.openfisca_france.pool import Limits


def engine_limits(settings: Settings) -> Limits:
    wanted = settings.simulators
    return Limits(
        workers=wanted.engine_workers or os.cpu_count() or 1,
        memory_bytes=wanted.engine_memory_bytes,
        deadline_seconds=wanted.deadline_seconds,
        most_waiting=wanted.most_waiting_rows,
        most_together=wanted.most_together_rows,
    )
