"""How each real case of ../shared/data/simulators/oracles.json is asked of our contract.

A case that cannot be asked, or whose answer differs, has its reason here, in words that the
page of the method repeats.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from simulators.contract.results import Outcome
from simulators.contract.simulator import Simulator
from simulators.retirement.careers import generation
from simulators.retirement.months import month_of
from simulators.retirement.tables import tables

ORACLES = Path(__file__).resolve().parents[2] / "../shared/data/simulators/oracles.json"

# The default work-accident rates of modele-social, which its snapshots use without saying so:
# the national averages of the year.
ACCIDENT_RATES = {2024: 0.0223, 2025: 0.0212, 2026: 0.0208}

APPRENTICE = (
    "Hors du champ, refusé par son nom : apprentissage. / Out of scope, refused by name: "
    "apprenticeship."
)
DECREE = (
    "Le décret 2026-509 du 12 juin 2026 impose pour toute l'année 2026 le Smic du 1er janvier ; "
    "modele-social prend celui de juin. Nous suivons le décret. / Decree 2026-509 fixes the "
    "minimum wage of 1 January for the whole of 2026; modele-social takes that of June. We follow "
    "the decree."
)
HOURS = (
    "OpenFisca compte 151,67 heures par mois, le texte 151,6667 : le seuil diffère de 0,13 EUR. / "
    "OpenFisca counts 151.67 hours a month, the text 151.6667."
)
LOW_ACCIDENT_RATE = (
    "Sous 0,4 % de taux d'accident, la réduction générale baisse d'autant ; OpenFisca ne le fait "
    "pas. / Below 0.4% of accident rate the general reduction falls as much; not in OpenFisca."
)
OLD_THRESHOLD = (
    "La source cite le seuil de la loi de finances pour 2020 (1 286 EUR) ; pour les revenus de "
    "2020, celle pour 2021 l'a porté à 1 289 EUR. / The source quotes the threshold of the "
    "finance act for 2020; the one for 2021 raised it to 1,289 EUR for the income of 2020."
)


@dataclass(frozen=True)
class Asked:
    """One case in our words: what to ask, and where its expected figures are in an outcome.

    `solve` asks for the value of an input at which a figure has a value: (input, figure, value).
    """

    simulator: str
    inputs: dict[str, Any]
    law_date: date | None
    expected: dict[str, float]
    solve: tuple[str, str, float] | None = None
    note: str | None = None  # how the case had to be asked, published although it agrees
    of_tables: bool = False  # the contract refuses the departure: only its tables are asked


def cases() -> list[dict[str, Any]]:
    """The cases of the three simulators."""
    found: list[dict[str, Any]] = json.loads(ORACLES.read_text(encoding="utf-8"))["cases"]
    return found


def translate(case: dict[str, Any]) -> Asked | str:
    """The case in our words, or the reason why it cannot be asked."""
    ways = {"income_tax": _income_tax, "hiring_cost": _hiring_cost, "pension": _retirement}
    return ways[case["simulator"]](case)


_SITUATIONS = {"couple": "couple", "marie": "couple", "veuf": "widowed", "celibataire": "single"}
_TAX_FIGURES = {
    "impot_brut": "gross_tax", "droits_par_part": "gross_tax", "impot_net": "tax",
    "impot_apres_decote": "tax_after_decote", "decote": "decote", "nombre_parts": "shares",
    "revenu_fiscal_reference": "reference_income",
}  # fmt: skip
_BOXES = {
    "caseF": "disabled_2", "caseG": "war_widow", "caseL": "raised_child_alone",
    "caseP": "disabled_1", "caseS": "veteran", "caseW": "veteran", "caseT": "lone_parent",
    "nbF": "children", "nbG": "disabled_children", "nbR": "disabled_dependants",
}  # fmt: skip


def _income_tax(case: dict[str, Any]) -> Asked | str:
    given = case["input"]
    inputs: dict[str, Any] = {
        "situation": _SITUATIONS[given.get("situation", "celibataire")],
        "income_year": case["year"],
    }
    expected = {_TAX_FIGURES[name]: value for name, value in case["expected"].items()}
    if "impot_brut" in given:
        solve = ("property_income", "gross_tax", float(given["impot_brut"]))
        return Asked("income-tax", inputs, None, expected, solve)
    if "salaire_imposable" in given:
        for rank, salary in enumerate(given["salaire_imposable"], 1):
            inputs[f"salary_{rank}"] = salary
        for rank, year in enumerate(
            given.get("annees_naissance", [])[: len(given["salaire_imposable"])], 1
        ):
            inputs[f"birth_year_{rank}"] = int(year)
    else:
        # Net property income has no allowance: it is the taxable income.
        taxable = given.get("revenu_net_imposable", given.get("quotient_familial"))
        inputs["property_income"] = round(taxable)
        inputs["children"] = given.get("enfants_a_charge", 0)
        inputs["raised_child_alone"] = given.get("case_L", False)
    for box, value in given.get("cases_2042", {}).items():
        inputs[_BOXES[box]] = value
    return Asked("income-tax", inputs, None, expected)


_SALARY = "salarié . contrat . salaire brut"


def _hiring_cost(case: dict[str, Any]) -> Asked | str:
    given, year = case["input"], case["year"]
    if "apprentice" in case["stage"] or "apprentissage" in json.dumps(given):
        return APPRENTICE
    day = date.fromisoformat(given["date"] + "-01")
    inputs: dict[str, Any] = {"accident_rate": ACCIDENT_RATES[year], "workforce": 5}
    if "situation_publicodes" in given:
        return _snapshot(case, day, inputs)
    if "effectif" in given:
        inputs["workforce"] = given["effectif"]
    if case["stage"] == "RGDU threshold":
        return HOURS
    salary = given.get("salaire_brut_mensuel", given.get("assiette"))
    inputs |= {"gross_salary": salary, "health_insurance": given.get("prevoyance_sante", 40)}
    names = {"net_avant_impot": "net_before_tax", "coefficient_RGDU": "general_reduction_rate",
             "RGDU_mensuelle": "general_reduction"}  # fmt: skip
    return Asked(
        "hiring-cost", inputs, day, {names[key]: value for key, value in case["expected"].items()}
    )


def _snapshot(case: dict[str, Any], day: date, inputs: dict[str, Any]) -> Asked:
    said = case["input"]["situation_publicodes"]
    solve = None
    for name, text in said.items():
        number = float(text.split()[0]) if text[0].isdigit() else 0.0
        if name == _SALARY:
            inputs["gross_salary"] = number
        elif name.endswith("à payer avant impôt"):
            solve = ("gross_salary", "net_before_tax", number)
        elif name.endswith("coût total employeur"):
            solve = ("gross_salary", "employer_cost", number)
        elif name.endswith("effectif"):
            inputs["workforce"] = int(number)
        elif name.endswith("taux ATMP"):
            inputs["accident_rate"] = number / 100
        elif name.endswith("statut cadre"):
            inputs["executive"] = True
        else:
            raise KeyError(name)
    names = {"cout_total_employeur": "employer_cost", "salaire_brut": "gross",
             "net_avant_impot": "net_before_tax"}  # fmt: skip
    expected = {names[key]: value for key, value in case["expected"].items()}
    return Asked("hiring-cost", inputs, day, expected, solve)


UNFIT = (
    "Hors du champ, refusé par son nom : départ pour inaptitude, et personne née avant 1955. / Out "
    "of scope, refused by name: departure for incapacity, and a person born before 1955."
)
BORN_BEFORE_1955 = (
    "Refusé par son nom : personne née avant 1955, dont les règles ne sont pas connues ici. / "
    "Refused by name: a person born before 1955, whose rules are not known here."
)
CIVIL_SERVICE = (
    "Hors du champ, refusé par son nom : fonction publique. / Out of scope, refused by name: civil "
    "service."
)
GMP = (
    "Refusé par son nom : avant 2019 les points sont ceux du relevé, la GMP de l'Agirc n'est pas "
    "calculée. / Refused by name: before 2019 points are those of the statement, the guaranteed "
    "Agirc points are not computed."
)
ROUNDED_POINT = (
    "La source arrondit la valeur du point à 1,25 EUR ; elle était de 1,2513 EUR. Base et total "
    "s'accordent. / The source rounds the value of the point to 1.25 EUR; it was 1.2513 EUR. Base "
    "and total agree."
)
OF_TABLES = (
    "Le départ est avant l'âge légal, donc refusé en disant cet âge : l'âge et la durée sont lus "
    "dans nos tables. / The departure is before the legal age, and refused naming it: the age and "
    "the duration are read in our tables."
)
SAME_RULE = (
    "Demandé au premier départ connu (octobre 2017) : la règle n'avait pas changé depuis l'année "
    "du cas. / Asked at the first known departure (October 2017): the rule had not changed since "
    "the year of the case."
)
_BORN_1955 = {"birth_date": "1955-06-15", "liquidation_date": "2017-10-01"}
_FULL = {**_BORN_1955, "quarters": 166, "contributed_quarters": 166}


def _retirement(case: dict[str, Any]) -> Asked | str:
    given, expected, stage = case["input"], case["expected"], case["stage"]
    if given.get("motif") == "inapte":
        return UNFIT
    if str(given.get("naissance", "1955")) < "1955":
        return BORN_BEFORE_1955
    if given.get("regime") == "fonction publique":
        return CIVIL_SERVICE
    if "GMP" in stage:
        return GMP
    if stage.startswith("age & duration"):
        return _age_and_duration(given, expected)
    inputs: dict[str, Any]
    if stage == "surcote":
        # Age 62 in June 2017: quarters beyond 166 are given as they are.
        more = given["trimestres_surcote"]
        inputs = _FULL | {"average_salary": given["salaire_annuel_moyen"], "quarters": 166 + more,
                          "contributed_quarters": 166 + more, "increase_quarters": more}  # fmt: skip
        figures = {"increase": expected["surcote"],
                   "base_before_minimum": expected["pension_base_annuelle"]}  # fmt: skip
    elif stage == "Arrco minoration":
        inputs = _FULL | {"average_salary": 20000, "quarters": 166 - given["trimestres_decote"],
                          "contributed_quarters": 150}  # fmt: skip
        figures = {"complementary_coefficient": expected["coefficient_minoration_arrco"]}
    elif stage == "pension from points":
        inputs = _FULL | {"average_salary": 20000, "points": given["points_arrco"],
                          "agirc_points": given["points_agirc"], "children": given["enfants"],
                          "dependent_children": given["enfants_a_charge"]}  # fmt: skip
        figures = {"line_points": expected["arrco_pension_brute"],
                   "line_agirc_points": expected["agirc_pension_brute"]}  # fmt: skip
    elif stage == "points":
        # The contributions of a year over the call rate are what the slices make at their rates.
        salary = given["cotisations_complementaires_annuelles"] / given["taux_appel"] / 0.062
        inputs = {"birth_date": "1963-06-15", "liquidation_date": "2026-10-01",
                  "salaries": {"2026": salary}, "points_through": 2018}  # fmt: skip
        return Asked("retirement", inputs, None, dict(expected))
    else:
        inputs = _FULL | {"average_salary": given["salaire_annuel_moyen"],
                          "points": given["points"]}  # fmt: skip
        figures = {"base_pension": expected["pension_base_annuelle"],
                   "monthly_base_pension": expected["pension_base_mensuelle"],
                   "complementary_pension": expected["complementaire_annuelle"],
                   "monthly_pension": expected["total_mensuel"]}  # fmt: skip
        return Asked("retirement", inputs, None, figures)
    return Asked("retirement", inputs, None, figures, note=SAME_RULE)


def _age_and_duration(given: dict[str, Any], expected: dict[str, float]) -> Asked:
    """A month of birth is asked as its fifteenth."""
    inputs = {"birth_date": f"{given['naissance']}-15", "liquidation_date": given["effet"],
              "average_salary": 20000, "quarters": 172, "contributed_quarters": 172}  # fmt: skip
    figures = {"legal_age_months": expected["age_legal_mois"],
               "required_quarters": expected["trimestres_taux_plein"]}  # fmt: skip
    birth, effect = (
        date.fromisoformat(str(inputs["birth_date"])),
        date.fromisoformat(given["effet"]),
    )
    early = month_of(effect) <= month_of(birth) + expected["age_legal_mois"]
    note = OF_TABLES if early else None
    return Asked("retirement", inputs, None, figures, note=note, of_tables=early)


def _from_tables(asked: Asked) -> dict[str, float]:
    birth = date.fromisoformat(asked.inputs["birth_date"])
    effect = date.fromisoformat(asked.inputs["liquidation_date"])
    age, quarters = generation(np.array([month_of(birth)]), np.array([birth.day]),
                               np.array([month_of(effect)]), tables())  # fmt: skip
    return {"legal_age_months": float(age[0]), "required_quarters": float(quarters[0])}


async def found(simulator: Simulator, asked: Asked) -> dict[str, float]:
    """The figures that we answer, those of the breakdown too (`line_` and their name)."""
    if asked.of_tables:
        return _from_tables(asked)
    outcome = await answer(simulator, asked)
    lines = {f"line_{line.id}": line.amount for line in outcome.breakdown}
    return {**figures(outcome), **lines}


def known_difference(case: dict[str, Any], asked: Asked) -> str | None:
    """Why a case may differ from us, when we know it."""
    if asked.simulator == "retirement":
        return ROUNDED_POINT if case["id"] == "pension-001" else None
    if asked.simulator != "hiring-cost":
        return OLD_THRESHOLD if case["id"] == "income_tax-017" else None
    if asked.law_date is not None and asked.law_date >= date(2026, 6, 1):
        return DECREE
    if asked.inputs["accident_rate"] < 0.004:
        return LOW_ACCIDENT_RATE
    return None


async def answer(simulator: Simulator, asked: Asked) -> Outcome:
    """What we answer. With `solve`, the input is found by bisection, as a caller would."""
    if asked.solve is None:
        return await _one(simulator, asked, {})
    name, figure, wanted = asked.solve
    low, high = 1.0, 100_000.0
    for _ in range(40):
        middle = (low + high) / 2
        found = await _one(simulator, asked, {name: _typed(simulator, name, middle)})
        if figures(found)[figure] < wanted:
            low = middle
        else:
            high = middle
    return await _one(simulator, asked, {name: _typed(simulator, name, high)})


def _typed(simulator: Simulator, name: str, value: float) -> float:
    whole = simulator.by_name[name].shape("fr")["type"] == "integer"
    return round(value) if whole else round(value, 2)


async def _one(simulator: Simulator, asked: Asked, more: dict[str, Any]) -> Outcome:
    call = simulator.read({**asked.inputs, **more}, asked.law_date)
    found = (await simulator.model(None).compute([call]))[0]
    assert isinstance(found, Outcome)
    return found


def figures(outcome: Outcome) -> dict[str, float]:
    return {one.id: one.value for one in outcome.figures if one.value is not None}
