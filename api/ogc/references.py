"""Inputs that an execution gives by reference: fetched by the guarded client, within small limits.

The standard asks for it (OGC 18-062r2, /req/core/job-creation-inputs). Nothing of our own network
is ever reached, and each reference spends the budget of whoever sends it.
"""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.errors import GuichetError, Invalid
from harvest import fetch
from harvest.outbound_guard import Guard
from simulators.contract import strict_json
from simulators.contract.faults import Faulty

GUARD = Guard()  # what a test replaces, to let its own server through
LARGEST = 100_000  # bytes of one value
MOST = 4  # references of one execution
LIMITS = fetch.Limits(connect=5, silence=5, total=10, sent=LARGEST, unpacked=LARGEST)
JSON = "application/json"


async def inlined(body: Any, spend: Callable[[], None]) -> Any:
    """The body with what its inputs refer to in their place. `spend` may raise, once for each.

    Raises Invalid naming the input that cannot be had, and Faulty for JSON that is none.
    """
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, dict):
        return body
    links = {name: one for name, one in inputs.items() if isinstance(one, dict) and "href" in one}
    if len(links) > MOST:
        raise Invalid(f"At most {MOST} inputs by reference.", parameter="inputs")
    for name, link in links.items():
        href, said = link["href"], link.get("type", "")
        if not isinstance(href, str) or not isinstance(said, str):
            raise Invalid("`href` is the address of a web server.", parameter=name[:80])
        spend()
        try:
            inputs[name] = await asyncio.to_thread(_value, href, said)
        except Faulty:
            raise
        except GuichetError as error:
            raise Invalid(str(error), parameter=name[:80]) from None
    return body


def _value(href: str, said: str) -> Any:
    """What a reference leads to: JSON, or else a text."""
    with tempfile.TemporaryDirectory(prefix="guichet-reference-") as folder:
        file = Path(folder) / "value"
        found = fetch.fetch(href, file, LIMITS, GUARD, accept=said or f"{JSON}, text/plain")
        data = fetch.unpacked(file, LARGEST) if found.gzipped else file.read_bytes()
    kind = (said or found.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if kind == JSON or kind.endswith("+json"):
        return strict_json.read(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("The reference leads to neither JSON nor a text in UTF-8.") from None
