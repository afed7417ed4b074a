"""The territory: npm `@etalab/decoupage-administratif`, a JSON edition of INSEE's COG.

Mapping
| theirs | ours |
|---|---|
| communes.json, type `commune-actuelle`, with a SIREN | commune (the COM of the catalogue) |
| .nom, .codesPostaux, .population, .siren | commune.name, postal_codes, population, siren |
| .departement, .region; epci.json .membres | commune.departement_code, region_code, epci_code |
| .anciensCodes | former_code, kind merged |
| type `commune-deleguee`, `commune-associee`, `arrondissement-municipal` | former_code |

Territories without communes of their own kind (the collectivities of the Pacific...) have no
SIREN in that file and are not COM rows: they are left out, and the map says so by name.
"""

import json
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.ingest import CommuneRow, EpciRow, FormerCodeRow, NamedCode, Territory
from config.errors import Invalid
from geo.cog import is_code

KINDS = {
    "commune-deleguee": "delegated",
    "commune-associee": "associated",
    "arrondissement-municipal": "district",
}
FILES = ("communes", "departements", "regions", "epci")


def read(file: Path) -> Territory:
    """The whole territory of one release. Raises Invalid when the file is not of that form."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            tables = {name: _table(archive, name) for name in FILES}
        return _territory(tables)
    except (
        KeyError,
        TypeError,
        ValueError,
        EOFError,
        OSError,
        zlib.error,
        tarfile.TarError,
    ) as error:
        raise Invalid(f"{file.name} is not an edition of the COG: {error!r}") from error


def _table(archive: tarfile.TarFile, name: str) -> list[dict[str, Any]]:
    member = archive.extractfile(f"package/data/{name}.json")
    if member is None:
        raise Invalid(f"The package has no {name}.json.")
    rows: list[dict[str, Any]] = json.load(member)
    return rows


def _territory(tables: Mapping[str, list[dict[str, Any]]]) -> Territory:
    epci_of = {
        member["code"]: group["code"] for group in tables["epci"] for member in group["membres"]
    }
    communes: list[CommuneRow] = []
    former: list[FormerCodeRow] = []
    for row in tables["communes"]:
        if not is_code(row["code"]):
            raise Invalid(f"{row['code']!r} is not the code of a commune.")
        if row["type"] == "commune-actuelle":
            if "siren" not in row:
                continue
            communes.append(
                CommuneRow(
                    code=row["code"],
                    name=row["nom"],
                    departement_code=row["departement"],
                    region_code=row["region"],
                    epci_code=epci_of.get(row["code"]),
                    population=row.get("population"),
                    siren=row["siren"],
                    postal_codes=tuple(sorted(row.get("codesPostaux", ()))),
                )
            )
            former.extend(
                FormerCodeRow(code=old, kind="merged", name="", commune_code=row["code"])
                for old in row.get("anciensCodes", ())
                if old != row["code"]
            )
        else:
            holder = row.get("chefLieu") or row["commune"]
            former.append(
                FormerCodeRow(
                    code=row["code"], kind=KINDS[row["type"]], name=row["nom"], commune_code=holder
                )
            )
    # The source lists former codes without their names. One that lives on as a délégée has its
    # own name there; the others have none ("") until an older directory says it: never the
    # successor's, which they did not bear.
    own_names = {row.code: row.name for row in former if row.kind != "merged"}
    former = [
        row if row.kind != "merged" else row.named(own_names.get(row.code, "")) for row in former
    ]
    used = {row.departement_code for row in communes}
    regions = {row.region_code for row in communes}
    groups = {row.epci_code for row in communes}
    return Territory(
        regions=tuple(
            NamedCode(row["code"], row["nom"])
            for row in tables["regions"]
            if row["code"] in regions
        ),
        departements=tuple(
            NamedCode(row["code"], row["nom"], row["region"])
            for row in tables["departements"]
            if row["code"] in used
        ),
        epcis=tuple(
            EpciRow(row["code"], row["nom"], row["type"])
            for row in tables["epci"]
            if row["code"] in groups
        ),
        communes=tuple(sorted(communes, key=lambda row: row.code)),
        former_codes=tuple(former),
    )
