"""Pages that are told what is new: server-sent events, and the same JSON for those that ask.

What is new is read anew each time, from the database: it survives a restart of this process and
shows what the others do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from tornado.iostream import StreamClosedError

LOOK_EVERY = 1.0  # seconds between two looks, for each page that watches
STREAM_FOR = timedelta(minutes=2)  # then the browser asks again, and its right is looked at again
QUIET_FOR = 15.0  # seconds without news after which a proxy might think the stream dead


async def tell(page: Any, news: Callable[[], Awaitable[bytes]]) -> None:
    """Answer with what is new: once as JSON, or as events to whoever accepts them.

    `page` is a handler that sets `_gone` when its visitor left.
    """
    if "text/event-stream" not in page.request.headers.get("Accept", ""):
        page.send(await news(), "application/json")
        return
    page.set_header("Content-Type", "text/event-stream; charset=utf-8")
    page.set_header("X-Accel-Buffering", "no")
    page.write("retry: 3000\n\n")
    page.site.in_flight -= 1  # a stop of the server does not wait for it: browsers come back
    page._counted = False
    loop = asyncio.get_running_loop()
    end, last, said = loop.time() + STREAM_FOR.total_seconds(), b"", loop.time()
    try:
        while not page._gone and loop.time() < end:
            found = await news()
            if found != last:
                page.write(b"data: " + found + b"\n\n")
                last, said = found, loop.time()
            elif loop.time() - said > QUIET_FOR:
                page.write(": still here\n\n")
                said = loop.time()
            await page.flush()
            await asyncio.sleep(LOOK_EVERY)
        page.finish()
    except StreamClosedError:
        return
