"""What a commune takes back of what it declared: superseded by a withdrawal, never erased."""

import hashlib
import json
from datetime import datetime
from typing import Any

import psycopg

from catalog import live
from catalog.database.queries import query
from catalog.observations import Nature, Observation
from crowd import audit, declarations, publishing
from crowd.declarations import SOURCE
from crowd.mandates import Mandate

SEEN = "La commune retire ce qu’elle avait déclaré"


async def withdraw(
    aconn: psycopg.AsyncConnection[Any], mandate: Mandate, service: str, base: int, now: datetime
) -> bool:
    """Withdraw the declaration `base` of a service; False: the commune declared otherwise since.

    The caller then has `catalog.live.settle` score the pair.
    """
    number = mandate.commune_number
    async with aconn.transaction():
        await aconn.execute(query("crowd", "declaration_lock"), {"number": number})
        held = (await declarations.latest(aconn, number)).get(service)
        if held is None or held.id != base or held.state is None:
            return False
        content = {"commune_number": number, "service": service, "withdraws": base,
                   "said_by": mandate.actor, "at": now.isoformat(timespec="seconds")}  # fmt: skip
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        evidence_id = await publishing.evidence(
            aconn, SOURCE, release=now.date().isoformat(), url=f"urn:guichet:commune:{number}",
            document=text, at=now,
        )  # fmt: skip
        withdrawal = Observation(
            service=service, state=None, nature=Nature.AGENT, source_id=SOURCE,
            evidence_id=evidence_id, seen=SEEN, observed_at=now, commune_number=number,
            supersedes=base,
        )  # fmt: skip
        (observation,) = await live.append(aconn, [withdrawal])
        values = {
            "observation": observation, "mandate": mandate.id,
            "sha256": hashlib.sha256(text.encode()).hexdigest(), "document": text,
        }  # fmt: skip
        await aconn.execute(query("crowd", "declaration_add"), values)
        subject = f"commune:{number}"
        await audit.write(aconn, mandate.actor, "withdraw", subject, services=[service])
    return True
