"""OpenFisca by itself, in its own environment: no module of ours is imported.

Reads on the standard input {"income_tax": {"year": ..., "households": [...]}, "hiring_cost":
{"month": ..., "employees": [...]}}, and writes the taxes and the costs. Households are described
as people describe them to OpenFisca's web API: persons with dates of birth, yearly wages.
"""

import json
import sys

from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_france import FranceTaxBenefitSystem

MARITAL = {"single": "celibataire", "couple": "marie", "widowed": "veuf"}


def income_tax(system, year, households):
    persons, tax_homes, families, homes = {}, {}, {}, {}
    for number, household in enumerate(households):
        adults = ["1", "2"] if household["situation"] == "couple" else ["1"]
        for rank in adults:
            persons[f"{number}a{rank}"] = {
                "date_naissance": {"ETERNITY": f"{household['birth_year_' + rank]}-01-01"},
                "statut_marital": {
                    f"{year}-{month:02d}": MARITAL[household["situation"]] for month in range(1, 13)
                },
                "salaire_imposable": {str(year): household["salary_" + rank]},
                "retraite_imposable": {str(year): household["pension_" + rank]},
                "frais_reels": {str(year): household["work_expenses_" + rank]},
            }
        children = []
        for kind, count in (
            ("full", household["children"]),
            ("shared", household["children_shared"]),
        ):
            for rank in range(count):
                children.append(f"{number}{kind}{rank}")
                persons[children[-1]] = {
                    "date_naissance": {"ETERNITY": f"{year - 5}-06-01"},
                    "garde_alternee": {f"{year}-01": kind == "shared"},
                }
        names = [f"{number}a{rank}" for rank in adults]
        tax_homes[str(number)] = {
            "declarants": names,
            "personnes_a_charge": children,
            "f4ba": {str(year): household["property_income"]},
            "f6gu": {str(year): household["alimony_paid"]},
            "f7uf": {str(year): household["donations"]},
            "f7ud": {str(year): household["aid_donations"]},
            "f7db": {str(year): household["home_services"]},
            "caseT": {str(year): household["lone_parent"]},
            "caseP": {str(year): household["disabled_1"]},
        }
        families[str(number)] = {"parents": names, "enfants": children}
        homes[str(number)] = {
            "personne_de_reference": names[0],
            "conjoint": names[1:],
            "enfants": children,
        }
    situation = {
        "individus": persons,
        "foyers_fiscaux": tax_homes,
        "familles": families,
        "menages": homes,
    }
    simulation = SimulationBuilder().build_from_entities(system, situation)
    found = simulation.calculate("impot_revenu_restant_a_payer", str(year))
    ids = simulation.populations["foyer_fiscal"].ids
    by_id = dict(zip(ids, (-found).tolist(), strict=True))
    return [by_id[str(number)] for number in range(len(households))]


def hiring_cost(system, month, employees):
    persons = {}
    for number, employee in enumerate(employees):
        persons[str(number)] = {
            "salaire_de_base": {month: employee["gross_salary"]},
            "categorie_salarie": {
                month: "prive_cadre" if employee["executive"] else "prive_non_cadre"
            },
            "effectif_entreprise": {month: employee["workforce"]},
            "taux_accident_travail": {month: employee["accident_rate"]},
            "complementaire_sante_montant": {month: employee["health_insurance"]},
            "complementaire_sante_part_employeur": {month: 0.5},
            "salarie_regime_alsace_moselle": {month: employee["alsace_moselle"]},
            "allegement_general_mode_recouvrement": {month: "anticipe"},
            "allegement_cotisation_allocations_familiales_mode_recouvrement": {month: "anticipe"},
            "allegement_cotisation_maladie_mode_recouvrement": {month: "anticipe"},
        }
    ids = list(persons)
    situation = {
        "individus": persons,
        "foyers_fiscaux": {one: {"declarants": [one]} for one in ids},
        "familles": {one: {"parents": [one]} for one in ids},
        "menages": {one: {"personne_de_reference": one} for one in ids},
    }
    simulation = SimulationBuilder().build_from_entities(system, situation)
    names = (
        "salaire_super_brut", "salaire_net", "salaire_imposable", "ags", "csg_deductible_salaire",
        "csg_imposable_salaire", "prevoyance_obligatoire_cadre", "plafond_securite_sociale",
        "assiette_cotisations_sociales",
    )  # fmt: skip
    found = {name: simulation.calculate(name, month).tolist() for name in names}
    return [dict(zip(names, row, strict=True)) for row in zip(*found.values(), strict=True)]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    france = FranceTaxBenefitSystem()
    json.dump(
        {
            "income_tax": [income_tax(france, one["year"], one["households"]) for one in asked["income_tax"]],
            "hiring_cost": [hiring_cost(france, one["month"], one["employees"]) for one in asked["hiring_cost"]],
            "scale_dates": [
                value.instant_str
                for value in france.parameters.impot_revenu.bareme_ir_depuis_1945.bareme.brackets[1].threshold.values_list
            ],
            "reduction_confirmed": str(
                france.parameters.prelevements_sociaux.reductions_cotisations_sociales.allegement_general
                .ensemble_des_entreprises.smic_reference.metadata["last_value_still_valid_on"]
            ),
        },
        sys.stdout,
    )  # fmt: skip
