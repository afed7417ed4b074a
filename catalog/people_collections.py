"""What people brought, as collections: only what became public, and nothing of who said it.

No words, no photo, no address, no reference that a person holds, and days instead of instants:
what is left is what the map itself shows because of them.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from catalog.collection_shapes import Collection, Field, read_number
from catalog.database.contribution_tables import contribution, publication
from catalog.database.outline_tables import commune_outline as outline
from catalog.database.tables import commune
from catalog.database.voice_tables import difficulty, procedure


def _day(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day in Paris: an instant could be matched with somebody's visit."""
    return cast(func.timezone(literal_column("'Europe/Paris'"), moment), Date)


_COMMUNE = ("Commune (code)", "Commune (code)")
_became = (
    select(
        func.coalesce(
            func.array_agg(cast(publication.c.observation_id, Text)),
            literal_column("'{}'::text[]"),
        )
    )
    .where(
        and_(
            publication.c.contribution_id == contribution.c.id, publication.c.reverted_by.is_(None)
        )
    )
    .scalar_subquery()
)
_of_contribution = contribution.join(commune, commune.c.number == contribution.c.commune_number)
CONTRIBUTIONS = Collection(
    id="contributions",
    title=("Contributions publiées", "Published contributions"),
    description=(
        "Ce que des personnes ont dit d'un service d'une commune et qui a été publié : ce qu'elles "
        "ont dit est dans les constats, jamais qui l'a dit. Le point est un point intérieur de la "
        "commune.",
        "What people said of a service of a commune and that was published: what they said is in "
        "the observations, never who said it. The point is one inside the commune.",
    ),
    fields=(
        Field("id", "integer", ("Identifiant", "Identifier"), contribution.c.id),
        Field("kind", "string", ("Ce qui est dit", "What is said"), contribution.c.kind,
              enum=("exists", "wrong", "dead-link", "hours")),
        Field("speaker", "string", ("En tant que", "As"), contribution.c.speaker,
              enum=("resident", "agent", "moderator")),
        Field("commune", "string", _COMMUNE, commune.c.code),
        Field("commune_name", "string", ("Commune", "Commune"), commune.c.name),
        Field("departement", "string", ("Département", "Département"), commune.c.departement_code),
        Field("service", "string", ("Service", "Service"), contribution.c.service),
        Field("sent_on", "date", ("Envoyée le", "Sent on"), _day(contribution.c.created_at)),
        Field("decided_on", "date", ("Publiée le", "Published on"),
              _day(contribution.c.decided_at)),
        Field("observations", "array", ("Constats qu'elle est devenue", "Observations it became"),
              cast(_became, ARRAY(Text)), queryable=False, detail=True),
        Field("proof", "string", ("Preuves", "Proofs"),
              func.concat(bindparam("origin", type_=Text), "/api/v1/communes/", commune.c.code,
                          "/proofs?service=", contribution.c.service), queryable=False),
    ),
    rows=_of_contribution.outerjoin(outline, outline.c.number == commune.c.number),
    details=_of_contribution.outerjoin(outline, outline.c.number == commune.c.number),
    listed=contribution.c.state == literal_column("'accepted'"),
    always_listed=True,
    keys=(contribution.c.id,),
    key_names=("id",),
    item_id=cast(contribution.c.id, Text),
    identified=contribution.c.id == bindparam("item", type_=BigInteger),
    read_id=read_number,
    geometry=outline.c.centre,
    geometry_type="point",
    time="none",
    searched=(commune.c.search_name,),
    folded=True,
    counted=contribution,
    version=None,
)  # fmt: skip

# The procedure of a commune's own services is `commune-` and its code (crowd.procedures).
_code = func.substr(difficulty.c.procedure_id, 9)
_of_difficulty = difficulty.outerjoin(
    commune,
    and_(
        difficulty.c.procedure_id.like(literal_column("'commune-%%'")),
        commune.c.code == _code,
        commune.c.valid_to.is_(None),
    ),
).outerjoin(outline, outline.c.number == commune.c.number)
DIFFICULTIES = Collection(
    id="difficulties",
    title=("Difficultés signalées", "Reported difficulties"),
    description=(
        "Les difficultés signalées qu'une personne a lues, sans leurs mots ni leur page. Celles "
        "des services d'une commune ont un point intérieur de la commune ; les autres n'ont pas de "
        "lieu.",
        "Reported difficulties that somebody has read, without their words or their page. Those of "
        "a commune's services have a point inside the commune; others have no place.",
    ),
    fields=(
        Field("id", "integer", ("Identifiant", "Identifier"), difficulty.c.id),
        Field("kind", "string", ("Nature", "Kind"), difficulty.c.kind,
              enum=("unclear", "broken", "idea")),
        Field("procedure", "string", ("Démarche", "Procedure"), difficulty.c.procedure_id),
        Field("commune", "string", _COMMUNE, commune.c.code),
        Field("channel", "string", ("Par", "Through"), difficulty.c.channel,
              enum=("page", "embed", "poster")),
        Field("state", "string", ("Suite", "What became of it"), difficulty.c.state,
              enum=("seen", "done")),
        Field("reported_on", "date", ("Signalée le", "Reported on"), _day(difficulty.c.at)),
    ),
    rows=_of_difficulty,
    details=_of_difficulty,
    listed=and_(
        difficulty.c.state.in_([literal_column("'seen'"), literal_column("'done'")]),
        ~exists().where(
            and_(procedure.c.id == difficulty.c.procedure_id, procedure.c.hidden_at.is_not(None))
        ),
    ),
    always_listed=True,
    keys=(difficulty.c.id,),
    key_names=("id",),
    item_id=cast(difficulty.c.id, Text),
    identified=difficulty.c.id == bindparam("item", type_=BigInteger),
    read_id=read_number,
    geometry=outline.c.centre,
    geometry_type="point",
    time="none",
    searched=(difficulty.c.procedure_id,),
    counted=difficulty,
    version=None,
)  # fmt: skip
