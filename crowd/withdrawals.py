"""What a commune takes back of what it declared: superseded by a withdrawal, never erased."""

import hashlib
import json
from datetime import datetime
from typing import Any

import psycopg

from catalog import live
from catalog.database.queries import query
from catalog.observations import Nature, Observation
from config.errors import Refused
from crowd import audit, declarations, publishing
from crowd.declarations import SOURCE
from crowd.mandate_sessions import Mandate
from crowd.roles import chain_text, speaks


async def withdraw(
    aconn: psycopg.AsyncConnection[Any], mandate: Mandate, service: str, base: int, now: datetime
) -> bool:
    """Withdraw the declaration `base` of a service; False: the commune declared otherwise since.

    The caller then has `catalog.live.settle` score the pair. Raises Refused when the mandate does
    not cover it.
    """
    number = mandate.commune_number
    if not mandate.covers(service):
        raise Refused(f"This mandate does not cover {service}.")
    async with aconn.transaction():
        await aconn.execute(query("crowd", "declaration_lock"), {"number": number})
        held = (await declarations.latest(aconn, number)).get(service)
        if held is None or held.id != base or held.state is None:
            return False
        content = {
            "commune_number": number,
            "service": service,
            "withdraws": base,
            "said_by": mandate.actor,
            "role": mandate.role.value,
            "chain": chain_text(mandate.chain),
            "at": now.isoformat(timespec="seconds"),
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        evidence_id = await publishing.evidence(
            aconn, SOURCE, release=now.date().isoformat(), url=f"urn:guichet:commune:{number}",
            document=text, at=now,
        )  # fmt: skip
        who = speaks(mandate.role, mandate.commune)
        withdrawal = Observation(
            service=service, state=None, nature=Nature.AGENT, source_id=SOURCE,
            evidence_id=evidence_id, seen=f"{who} retire ce qu’elle avait déclaré", observed_at=now,
            commune_number=number, supersedes=base,
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
