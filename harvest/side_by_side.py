"""Several sources at once in one process: a few threads, and no two at one host.

A thread that waited for a busy host would keep others from work; so the next source is one whose
host is free. Threads are daemons: Ctrl-C ends the process at once, and the database undoes what
was under way, as after any death.
"""

import queue
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field


@dataclass
class _Waiting[T]:
    """What nobody works at yet. `host` of an item: None has no limit."""

    items: list[T]
    host: Callable[[T], Hashable | None]
    per_host: int
    busy: Counter[Hashable] = field(default_factory=Counter)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self) -> T | None:
        """The first item whose host is free; waits for one; None when nothing waits any more."""
        with self.changed:
            while self.items:
                for item in self.items:
                    host = self.host(item)
                    if host is None or self.busy[host] < self.per_host:
                        self.busy[host] += 1
                        self.items.remove(item)
                        return item
                self.changed.wait()
            return None

    def give_back(self, item: T) -> None:
        with self.changed:
            self.busy[self.host(item)] -= 1
            self.changed.notify_all()


def each[T, R](
    items: Iterable[T],
    work: Callable[[T], R],
    *,
    most: int,
    host: Callable[[T], Hashable | None],
    per_host: int,
) -> list[R]:
    """What `work` gives for each item, in their order. An exception in one is raised here, and
    what was not begun is not done."""
    wanted = list(items)
    if len(wanted) < 2:
        return [work(item) for item in wanted]
    numbered = list(enumerate(wanted))
    waiting = _Waiting(list(numbered), lambda one: host(one[1]), per_host)
    done: queue.SimpleQueue[tuple[int, R | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        while (one := waiting.take()) is not None:
            number, item = one
            try:
                done.put((number, work(item), None))
            except BaseException as error:
                done.put((number, None, error))
            finally:
                waiting.give_back(one)

    for _ in range(min(most, len(wanted))):
        threading.Thread(target=run, daemon=True).start()
    results: dict[int, R] = {}
    while len(results) < len(wanted):
        number, result, error = done.get()
        if error is not None:
            with waiting.changed:
                waiting.items.clear()
            raise error
        results[number] = result  # type: ignore[assignment]
    return [results[number] for number in range(len(wanted))]
