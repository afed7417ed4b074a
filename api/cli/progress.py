"""Progress for people: bars on a terminal, one plain line per step elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

# (what is being done, how much is done, out of how much or None when nobody knows)
Tell = Callable[[str, int, int | None], None]


@contextlib.contextmanager
def told(console: Console | None = None) -> Iterator[Tell]:
    """A function to call as work goes on; a step that reaches its total is done."""
    console = console or Console(stderr=True)
    if console.is_terminal:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as bars:
            yield _on_terminal(bars)
    else:
        yield _in_lines(console)


def _on_terminal(bars: Progress) -> Tell:
    tasks: dict[str, TaskID] = {}

    def tell(what: str, done: int, total: int | None) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    return tell


def _in_lines(console: Console, every_seconds: float = 10.0) -> Tell:
    """A line when a step begins, when it ends, and every ten seconds between."""
    last: dict[str, float] = {}
    ended: set[str] = set()

    def tell(what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        over = total is not None and done >= total
        if what in ended or (what in last and not over and now - last[what] < every_seconds):
            return
        last[what] = now
        if over:
            ended.add(what)
        count = f"{done}" if total is None else f"{done}/{total}"
        console.print(f"{what}: {count}", markup=False, highlight=False, soft_wrap=True)

    return tell
