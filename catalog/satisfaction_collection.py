"""What visitors think of procedures, as a collection: n and an interval always, and nothing else
below the threshold.

The interval is crowd.ratings.wilson and the rule crowd.ratings.rate, in SQL: a test compares them.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)

from catalog.collection_shapes import Collection, Field
from catalog.database.outline_tables import commune_outline as outline
from catalog.database.tables import commune
from catalog.database.voice_tables import face, face_day, procedure

_Z = literal_column("1.959963984540054", Float)  # of 95 %, two-sided
_counted = (
    select(
        cast(func.coalesce(func.sum(face_day.c.n), 0), Integer).label("n"),
        *(
            cast(func.coalesce(func.sum(face_day.c.n).filter(face_day.c.level == one), 0), Integer)
            .label(f"level_{one}")
            for one in range(1, 6)
        ),
    )
    .where(face_day.c.procedure_id == procedure.c.id)
    .lateral("counted")
)  # fmt: skip
_set_apart = (
    select(cast(func.count(), Integer).label("n"))
    .where(and_(face.c.procedure_id == procedure.c.id, face.c.held.is_not(None)))
    .lateral("set_apart")
)
_n = cast(_counted.c.n, Float)
_enough = _counted.c.n >= func.greatest(1, bindparam("satisfaction_threshold", type_=Integer))
_share = cast(_counted.c.level_4 + _counted.c.level_5, Float) / func.nullif(_n, 0.0)
_square = _Z * _Z
_middle = (_share + _square / (2 * _n)) / (1 + _square / _n)
_half = (_Z / (1 + _square / _n)) * func.sqrt(_share * (1 - _share) / _n + _square / (4 * _n * _n))


def _when_enough(value: Any) -> ColumnElement[Any]:
    """A figure, or null below the threshold: with three voices it tells what a person said."""
    return case((_enough, value), else_=null())


# The commune that stands behind: the one rated, or the one whose mandate verified the owner.
_behind = func.coalesce(
    procedure.c.verified_commune,
    select(commune.c.number)
    .where(and_(procedure.c.kind == "commune", procedure.c.id == "commune-" + commune.c.code))
    .scalar_subquery(),
)
_rows = (
    procedure.join(_counted, true())
    .join(_set_apart, true())
    .outerjoin(outline, outline.c.number == _behind)
)


def _read_id(text: str) -> dict[str, Any] | None:
    return {"item": text} if 0 < len(text) <= 60 else None


SATISFACTION = Collection(
    id="satisfaction",
    title=("Satisfaction des usagers", "What visitors think"),
    description=(
        "Les avis reçus sur chaque démarche : leur nombre toujours ; la part des satisfaits et son "
        "intervalle de Wilson à 95 % au-dessus du seuil, absents au-dessous. Ceux qui répondent ne "
        "sont pas un échantillon. Le point est celui de la commune, quand il y en a une.",
        "The opinions received on each procedure: their number always; the share of satisfied "
        "visitors and its Wilson interval at 95 % above the threshold, null below. Those who "
        "answer are no sample. The point is the commune's, when there is one.",
    ),
    fields=(
        Field("id", "string", ("Démarche", "Procedure"), procedure.c.id),
        Field("kind", "string", ("Nature", "Kind"), procedure.c.kind,
              enum=("site", "commune", "registered")),
        Field("name", "string", ("Nom", "Name"), procedure.c.name),
        Field("owner", "string", ("Responsable déclaré", "Declared owner"), procedure.c.owner),
        Field("url", "string", ("Adresse", "Address"), procedure.c.url),
        Field("verified_at", "date-time",
              ("Responsable vérifié le (absent : non vérifié)",
               "Owner verified at (null: not verified)"), procedure.c.verified_at),
        Field("n", "integer", ("Avis comptés", "Opinions counted"), _counted.c.n),
        Field("held", "integer",
              ("Avis reçus et non comptés : ils ressemblent à un bourrage",
               "Opinions received and not counted: they look like stuffing"), _set_apart.c.n),
        Field("share_satisfied", "number",
              ("Part des satisfaits, de 0 à 1 (absente sous le seuil)",
               "Share of satisfied visitors, 0 to 1 (null below the threshold)"),
              _when_enough(_share), queryable=False),
        Field("wilson95_low", "number", ("Bas de l’intervalle", "Low end of the interval"),
              _when_enough(func.greatest(0.0, _middle - _half)), queryable=False),
        Field("wilson95_high", "number", ("Haut de l’intervalle", "High end of the interval"),
              _when_enough(func.least(1.0, _middle + _half)), queryable=False),
        *(
            Field(f"level_{one}", "integer",
                  (f"Avis du visage {one} (1 très mécontent, 5 très satisfait)",
                   f"Opinions of face {one} (1 very unhappy, 5 very happy)"),
                  _when_enough(_counted.c[f"level_{one}"]), queryable=False)
            for one in range(1, 6)
        ),
    ),
    rows=_rows,
    details=_rows,
    listed=and_(
        procedure.c.hidden_at.is_(None),
        or_(
            procedure.c.kind == "registered",
            exists().where(face.c.procedure_id == procedure.c.id),
        ),
    ),
    keys=(procedure.c.id,),
    key_names=("id",),
    item_id=procedure.c.id,
    identified=and_(
        procedure.c.id == bindparam("item", type_=Text), procedure.c.hidden_at.is_(None)
    ),
    read_id=_read_id,
    geometry=outline.c.centre,
    geometry_type="point",
    time="none",
    searched=(procedure.c.name, procedure.c.owner),
    counted=procedure,
    version=None,
)  # fmt: skip
