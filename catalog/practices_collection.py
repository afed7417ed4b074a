"""Published good practices as a collection: a point inside the commune where each is done."""

from sqlalchemy import BigInteger, Text, and_, bindparam, cast

from catalog.collection_shapes import Collection, Field, read_number
from catalog.database.outline_tables import commune_outline as outline
from catalog.database.practice_tables import practice, practice_version, practice_words
from catalog.database.tables import commune

_rows = (
    practice.join(practice_version, practice_version.c.id == practice.c.published_version)
    .join(practice_words, practice_words.c.version_id == practice_version.c.id)
    .join(commune, commune.c.number == practice.c.commune_number)
    .outerjoin(outline, outline.c.number == practice.c.commune_number)
)
PRACTICES = Collection(
    id="practices",
    title=("Bonnes pratiques", "Good practices"),
    description=(
        "Les fiches de bonnes pratiques publiées, dans les mots de leurs auteurs. Un coût ou une "
        "durée absents ne sont pas dits par la fiche.",
        "The published sheets of good practices, in their authors' words. A null cost or duration "
        "is not said by the sheet.",
    ),
    fields=(
        Field("id", "integer", ("Identifiant", "Identifier"), practice.c.id),
        Field("title", "string", ("Titre", "Title"), practice_words.c.title),
        Field("service", "string", ("Service", "Service"), practice.c.service),
        Field("commune", "string", ("Commune (code)", "Commune (code)"), commune.c.code),
        Field("commune_name", "string", ("Commune", "Commune"), commune.c.name),
        Field("population", "integer", ("Habitants", "Inhabitants"), commune.c.population),
        Field("said_by", "string", ("Dit par", "Said by"), practice.c.speaker,
              enum=("agent", "resident")),
        Field("what", "string", ("Ce qui a été fait", "What was done"), practice_words.c.what),
        Field("partners", "string", ("Avec qui", "With whom"), practice_words.c.partners),
        Field("went_wrong", "string", ("Ce qui a mal tourné", "What went wrong"),
              practice_words.c.wrong),
        Field("cost_euros", "integer", ("Coût en euros", "Cost in euros"),
              practice_version.c.cost),
        Field("months", "integer", ("Durée en mois", "Duration in months"),
              practice_version.c.months),
        Field("url", "string", ("Page", "Page"), practice_version.c.url),
        Field("published_at", "date-time", ("Publiée le", "Published at"),
              practice.c.published_at),
        Field("confirmed_at", "date-time", ("Confirmée le", "Confirmed at"),
              practice.c.confirmed_at),
    ),
    rows=_rows,
    details=_rows,
    listed=and_(practice.c.state == "published", practice.c.published_version.is_not(None)),
    keys=(practice.c.id,),
    key_names=("id",),
    item_id=cast(practice.c.id, Text),
    identified=practice.c.id == bindparam("item", type_=BigInteger),
    read_id=read_number,
    geometry=outline.c.centre,
    geometry_type="point",
    time="none",
    searched=(practice_words.c.title, practice_words.c.what),
    counted=practice,
    version=None,
)  # fmt: skip
