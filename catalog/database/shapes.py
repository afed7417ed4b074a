"""Every table of the database: importing this module registers all the shapes in `metadata`.

A subject's shapes are in a file of its own; adding one is adding a line here.
"""

from catalog.database import (
    agent_tables,
    area_tables,
    contribution_tables,
    crowd_tables,
    doubt_tables,
    harvest_tables,
    mandate_tables,
    official_tables,
    ogc_tables,
    outbox_tables,
    outline_tables,
    practice_tables,
    record_tables,
    simulation_tables,
    tables,
    token_tables,
    voice_tables,
    webhook_tables,
    withheld_tables,
)

SUBJECTS = (
    tables,
    agent_tables,
    area_tables,
    contribution_tables,
    crowd_tables,
    doubt_tables,
    harvest_tables,
    mandate_tables,
    official_tables,
    ogc_tables,
    outbox_tables,
    outline_tables,
    practice_tables,
    record_tables,
    simulation_tables,
    token_tables,
    voice_tables,
    webhook_tables,
    withheld_tables,
)
metadata = tables.metadata
