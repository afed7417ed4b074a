"""One vectorised OpenFisca simulation for any number of cases of one kind and one date.

A household is one or two persons: dependants are told by the tax form's own counts (cases F, G,
H, I, J, R), which is what the family quotient is computed from.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from openfisca_core.indexed_enums import EnumArray  # type: ignore[import-not-found]
from openfisca_core.simulation_builder import SimulationBuilder  # type: ignore[import-not-found]
from openfisca_core.simulations import Simulation  # type: ignore[import-not-found]
from openfisca_core.taxbenefitsystems import TaxBenefitSystem  # type: ignore[import-not-found]

from simulators.openfisca_france.engine.columns import (
    HIRING_COST,
    HIRING_COST_INPUTS,
    HIRING_COST_OUTPUTS,
    INCOME_TAX,
    INCOME_TAX_INPUTS,
    INCOME_TAX_OUTPUTS,
)

type Numbers = NDArray[np.float64]
type Columns = dict[str, Numbers]

COUPLE, WIDOWED = 1, 2
_MARITAL = ("celibataire", "marie", "veuf")
_ROLES = {
    "famille": ("demandeur", "conjoint"),
    "foyer_fiscal": ("declarant_principal", "conjoint"),
    "menage": ("personne_de_reference", "conjoint"),
}
# Whole numbers of the tax form that are copied as they are: our column, OpenFisca's variable.
_COUNTS = {
    "children": "nbF", "children_shared": "nbH", "disabled_children": "nbG",
    "disabled_children_shared": "nbI", "disabled_dependants": "nbR", "adult_children": "nbJ",
    "property_income": "f4ba", "alimony_paid": "f6gu", "donations": "f7uf",
    "aid_donations": "f7ud", "home_services": "f7db",
}  # fmt: skip
_FLAGS = {
    "lone_parent": "caseT", "raised_child_alone": "caseL", "disabled_1": "caseP",
    "disabled_2": "caseF", "war_widow": "caseG",
}  # fmt: skip
_EARLY = (
    "allegement_general_mode_recouvrement",
    "allegement_cotisation_allocations_familiales_mode_recouvrement",
    "allegement_cotisation_maladie_mode_recouvrement",
)


def income_tax(system: TaxBenefitSystem, year: int, rows: Numbers) -> Numbers:
    """The tax of each household on the income of `year`; a row per household."""
    given = _columns(rows, INCOME_TAX_INPUTS)
    couple = given["situation"] == COUPLE
    persons = 1 + couple.astype(np.int64)
    household = np.repeat(np.arange(len(rows)), persons)
    first = np.ones(len(household), dtype=bool)
    first[1:] = household[1:] != household[:-1]
    simulation = _build(system, household, first, len(rows))
    period = str(year)

    def of_person(name: str) -> Numbers:
        one, two = given[f"{name}_1"][household], given[f"{name}_2"][household]
        return np.where(first, one, two)

    def put(name: str, values: object, when: str = period) -> None:
        simulation.set_input(name, when, values)

    put("statut_marital", _enum(system, "statut_marital", _MARITAL,
                                given["situation"].astype(np.int64)[household]))  # fmt: skip
    born = of_person("birth_year").astype(np.int64) - 1970
    # The law asks for the age on 31 December, OpenFisca for that on 1 January: born on a first
    # of January, one has the same age on both.
    put("date_naissance", born.astype("datetime64[Y]").astype("datetime64[D]"))
    put("salaire_imposable", of_person("salary"))
    put("retraite_imposable", of_person("pension"))
    put("chomage_imposable", np.zeros(len(household)))
    # The year's sums, which OpenFisca would add up from twelve float32 months.
    put("revenu_assimile_salaire", of_person("salary"))
    put("revenu_assimile_pension", of_person("pension"))
    put("frais_reels", of_person("work_expenses"))
    for column, name in _COUNTS.items():
        put(name, given[column])
    for column, name in _FLAGS.items():
        put(name, given[column] != 0)
    put("caseW", (given["veteran"] != 0) & ~couple)
    put("caseS", (given["veteran"] != 0) & couple)
    # Nobody tells us of earlier years: what OpenFisca would find, without searching.
    for before in (year - 1, year - 2):
        put("rfr", np.zeros(len(rows)), str(before))

    found = np.empty((len(rows), len(INCOME_TAX_OUTPUTS)))
    for place, name in enumerate(INCOME_TAX_OUTPUTS):
        values = np.asarray(simulation.calculate(name, period), dtype=np.float64)
        if len(values) != len(rows):  # of persons: summed over the household
            values = np.bincount(household, weights=values, minlength=len(rows))
        found[:, place] = values
    return found


def hiring_cost(system: TaxBenefitSystem, month: int, rows: Numbers) -> Numbers:
    """The payslip of each employee for one month (202606); a row per employee."""
    given = _columns(rows, HIRING_COST_INPUTS)
    count = len(rows)
    simulation = _build(system, np.arange(count), np.ones(count, dtype=bool), count)
    period = f"{month // 100:04d}-{month % 100:02d}"

    def put(name: str, values: object) -> None:
        simulation.set_input(name, period, values)

    put("salaire_de_base", given["gross_salary"])
    put("categorie_salarie", _enum(system, "categorie_salarie", ("prive_non_cadre", "prive_cadre"),
                                   given["executive"].astype(np.int64)))  # fmt: skip
    put("effectif_entreprise", given["workforce"])
    put("taux_accident_travail", given["accident_rate"])
    put("complementaire_sante_montant", given["health_insurance"])
    put("complementaire_sante_part_employeur", given["health_insurance_employer_share"])
    put("salarie_regime_alsace_moselle", given["alsace_moselle"] != 0)
    part_time = (given["working_time"] < 1).astype(np.int64)
    times = ("temps_plein", "temps_partiel")
    put("contrat_de_travail", _enum(system, "contrat_de_travail", times, part_time))
    hours = system.parameters(period).marche_travail.salaire_minimum.smic.nb_heures_travail_mensuel
    put("heures_remunerees_volume", given["working_time"] * hours * part_time)
    for name in _EARLY:  # each month stands by itself, without the months before it
        put(name, _enum(system, name, ("anticipe",), np.zeros(count, dtype=np.int64)))

    found = np.empty((count, len(HIRING_COST_OUTPUTS)))
    for place, name in enumerate(HIRING_COST_OUTPUTS):
        found[:, place] = simulation.calculate(name, period)
    return found


type Compute = Callable[[TaxBenefitSystem, int, Numbers], Numbers]
PROGRAMS: dict[int, Compute] = {INCOME_TAX: income_tax, HIRING_COST: hiring_cost}


def _columns(rows: Numbers, names: tuple[str, ...]) -> Columns:
    return {name: rows[:, place] for place, name in enumerate(names)}


def _build(
    system: TaxBenefitSystem, group: NDArray[np.int64], first: NDArray[np.bool_], groups: int
) -> Simulation:
    """A simulation in which person i belongs to group[i], as its head or as the partner."""
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("individu", np.arange(len(group)))
    for entity, (head, partner) in _ROLES.items():
        population = builder.declare_entity(entity, np.arange(groups))
        builder.join_with_persons(population, group, np.where(first, head, partner))
    return builder.build(system)


def _enum(
    system: TaxBenefitSystem, variable: str, words: tuple[str, ...], ranks: NDArray[np.int64]
) -> EnumArray:
    """Our ranks as OpenFisca's: `words` are OpenFisca's own, in our order."""
    values = system.get_variable(variable).possible_values
    order = list(values)
    places = np.array([order.index(values[word]) for word in words], dtype=np.int16)
    return EnumArray(places[ranks], values)
