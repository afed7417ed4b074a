"""Income tax: what is asked, which years are known, and how OpenFisca's answer is told."""

from collections.abc import Mapping
from datetime import date

from simulators.contract.faults import Fault, Faulty, pointer
from simulators.contract.fields import Choice, Field, Flag, Number, Value, Whole, number_of
from simulators.contract.results import Figure, Line, Outcome
from simulators.contract.simulator import Call, Model, Simulator
from simulators.contract.texts import Law, Text
from simulators.openfisca_france.engine.columns import (
    INCOME_TAX,
    INCOME_TAX_INPUTS,
    INCOME_TAX_OUTPUTS,
)
from simulators.openfisca_france.model import Outputs, Program

# The years whose own scale is in the model. A year without one would silently get the scale of
# the year before (OpenFisca carries the last value on): it is refused. tests/simulators compares
# this list with the parameters of the installed model.
YEARS = range(2016, 2026)
LATEST = YEARS[-1]
TRANSITION_YEAR = 2018  # its tax was cancelled by a credit when withholding began
STEP = 100.0  # euros of salary: the tax is rounded to the euro, less would be noise
MOST = 10_000_000  # euros: beyond, float32 cannot tell one euro from the next
HIGH_INCOME = 250_000.0  # euros of reference income, where the differential contribution begins

ART_197 = Law(
    "Code général des impôts, article 197",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000046860759/2026-02-21/",
)
ART_194 = Law(
    "Code général des impôts, article 194",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000049371120",
)
ART_83 = Law(
    "Code général des impôts, article 83, 3°",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000036429189",
)
ART_158 = Law(
    "Code général des impôts, article 158, 5",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000042158853",
)
ART_157_BIS = Law(
    "Code général des impôts, article 157 bis",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000047622555",
)
ART_200 = Law(
    "Code général des impôts, article 200",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000045764695",
)
ART_199_SEXDECIES = Law(
    "Code général des impôts, article 199 sexdecies",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000046861251",
)
ART_1657 = Law(
    "Code général des impôts, article 1657, 1 bis",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000006312659",
)

_PARTNER = ("salary_2", "pension_2", "work_expenses_2", "disabled_2", "birth_year_2")


def _euros(name: str, fr: str, en: str, box: str, law: Law | None = None,
           group: str = "income") -> Whole:  # fmt: skip
    return Whole(
        name=name, title=Text(fr, en), group=group, law=law, unit="EUR/year",
        description=Text(
            f"Montant annuel en euros, {box} de la déclaration 2042.",
            f"Yearly amount in euros, {box} of form 2042.",
        ),
        minimum=0, maximum=MOST, default=0, example=0,
    )  # fmt: skip


def _salary(name: str, fr: str, en: str, box: str, example: float) -> Number:
    return Number(
        name=name, title=Text(fr, en), group="income", law=ART_83, unit="EUR/year",
        description=Text(
            f"Salaires, allocations de chômage et indemnités imposables de l'année, {box} de la "
            "déclaration 2042, avant l'abattement de 10 %.",
            f"Taxable wages, unemployment and sickness benefits of the year, {box} of form 2042, "
            "before the 10% allowance.",
        ),
        minimum=0, maximum=MOST, default=0, example=example,
    )  # fmt: skip


def _pension(name: str, fr: str, en: str, box: str) -> Number:
    return Number(
        name=name, title=Text(fr, en), group="income", law=ART_158, unit="EUR/year",
        description=Text(
            f"Retraites et pensions imposables de l'année, {box} de la déclaration 2042.",
            f"Taxable pensions of the year, {box} of form 2042.",
        ),
        minimum=0, maximum=MOST, default=0, example=0,
    )  # fmt: skip


def _people(name: str, fr: str, en: str, box: str, most: int = 15) -> Whole:
    return Whole(
        name=name, title=Text(fr, en), group="dependants", law=ART_194, unit="people",
        description=Text(f"{box} de la déclaration 2042.", f"{box} of form 2042."),
        minimum=0, maximum=most, default=0, example=0,
    )  # fmt: skip


def _flag(name: str, fr: str, en: str, box: str) -> Flag:
    return Flag(
        name=name, title=Text(fr, en), group="household", law=ART_194,
        description=Text(f"{box} de la déclaration 2042.", f"{box} of form 2042."),
        default=False, example=False,
    )  # fmt: skip


def _born(name: str, fr: str, en: str) -> Whole:
    return Whole(
        name=name, title=Text(fr, en), group="household", law=ART_157_BIS, unit="year",
        description=Text(
            "Compte pour l'abattement des personnes de 65 ans et plus.",
            "Counts for the allowance of people aged 65 and over.",
        ),
        minimum=1900, maximum=2010, default=1985, example=1985,
    )  # fmt: skip


SITUATION = Choice(
    name="situation",
    title=Text("Situation de famille", "Marital situation"),
    description=Text(
        "Au 31 décembre de l'année des revenus ; une imposition commune est supposée pour un "
        "couple marié ou pacsé.",
        "On 31 December of the year of income; a married couple or civil partners are "
        "supposed to be taxed together.",
    ),
    group="household",
    law=ART_194,
    example="couple",
    options={
        "single": Text("Célibataire, divorcé ou séparé", "Single, divorced or separated"),
        "couple": Text("Marié ou pacsé", "Married or in a civil partnership"),
        "widowed": Text("Veuf", "Widowed"),
    },
)

FIELDS: tuple[Field, ...] = (
    Whole(
        name="income_year", title=Text("Année des revenus", "Year of the income"),
        description=Text(
            "L'impôt sur les revenus de cette année, déclaré et calculé l'année suivante.",
            "The tax on the income of this year, declared and computed the year after.",
        ),
        group="household", law=ART_197, unit="year", minimum=1900, maximum=2100,
        default=LATEST, example=LATEST,
    ),
    SITUATION,
    _salary("salary_1", "Salaires du déclarant 1", "Wages of person 1", "case 1AJ", 30000),
    _salary("salary_2", "Salaires du déclarant 2", "Wages of person 2", "case 1BJ", 25000),
    _pension("pension_1", "Pensions du déclarant 1", "Pensions of person 1", "case 1AS"),
    _pension("pension_2", "Pensions du déclarant 2", "Pensions of person 2", "case 1BS"),
    _euros("work_expenses_1", "Frais réels du déclarant 1", "Actual work expenses of person 1",
           "case 1AK", ART_83),
    _euros("work_expenses_2", "Frais réels du déclarant 2", "Actual work expenses of person 2",
           "case 1BK", ART_83),
    _euros("property_income", "Revenus fonciers nets", "Net property income", "case 4BA"),
    _euros("alimony_paid", "Pensions alimentaires versées", "Alimony paid", "case 6GU",
           group="deductions"),
    _euros("donations", "Dons aux œuvres d'intérêt général", "Gifts to charities", "case 7UF",
           ART_200, "deductions"),
    _euros("aid_donations", "Dons d'aide aux personnes en difficulté",
           "Gifts to organisations that help people in difficulty", "case 7UD", ART_200,
           "deductions"),
    _euros("home_services", "Emploi à domicile", "Services at home", "case 7DB",
           ART_199_SEXDECIES, "deductions"),
    _people("children", "Enfants mineurs à charge", "Dependent minor children", "Case F"),
    _people("children_shared", "Enfants en résidence alternée",
            "Children who live alternately with both parents", "Case H"),
    _people("disabled_children", "dont enfants handicapés", "of whom disabled", "Case G"),
    _people("disabled_children_shared", "dont handicapés, en résidence alternée",
            "of whom disabled, living alternately", "Case I"),
    _people("disabled_dependants", "Personnes handicapées recueillies",
            "Disabled people taken in", "Case R", 5),
    _people("adult_children", "Enfants majeurs rattachés", "Adult children attached", "Case J"),
    _flag("lone_parent", "Parent isolé", "Lone parent", "Case T"),
    _flag("raised_child_alone", "A élevé seul un enfant cinq ans",
          "Raised a child alone for five years", "Case L"),
    _flag("disabled_1", "Déclarant 1 handicapé", "Person 1 is disabled", "Case P"),
    _flag("disabled_2", "Déclarant 2 handicapé", "Person 2 is disabled", "Case F (conjoint)"),
    _flag("veteran", "Ancien combattant", "War veteran", "Case W ou S"),
    _flag("war_widow", "Pension de veuve de guerre", "War widow's pension", "Case G (veuf)"),
    _born("birth_year_1", "Année de naissance du déclarant 1", "Year of birth of person 1"),
    _born("birth_year_2", "Année de naissance du déclarant 2", "Year of birth of person 2"),
)  # fmt: skip

OUT_OF_SCOPE = (
    Text("Revenus des indépendants et agricoles", "Self-employed and farm income"),
    Text("Revenus de capitaux mobiliers et plus-values", "Investment income and capital gains"),
    Text("Locations meublées", "Furnished lettings"),
    Text("Outre-mer et non-résidents", "Overseas territories and non-residents"),
    Text("Année du mariage, du divorce ou du décès", "The year of a marriage, divorce or death"),
    Text(
        "Contribution différentielle sur les hauts revenus", "Differential high-income contribution"
    ),
    Text("Autres réductions et crédits d'impôt", "Other reductions and tax credits"),
)


def settle(values: Mapping[str, Value], given: frozenset[str], asked: date | None) -> date:
    """31 December of the year of income. Raises Faulty."""
    faults: list[Fault] = []
    year = int(number_of(values, "income_year"))
    if asked is not None and asked.year != year:
        text = Text(
            "« law_date » et « income_year » disent des années différentes.",
            "law_date and income_year say different years.",
        )
        faults.append(Fault(pointer="/income_year", code="inconsistent", message=text))
    if year not in YEARS:
        known = tuple(str(one) for one in YEARS)
        text = Text(
            f"Le barème de l'année {year} n'est pas connu ; années : {', '.join(known)}.",
            f"The scale of the year {year} is not known; years: {', '.join(known)}.",
        )
        faults.append(
            Fault(pointer="/income_year", code="unsupported-date", message=text, supported=known)
        )
    else:
        faults += _inconsistent(values, year)
    if faults:
        raise Faulty(faults)
    return date(year, 12, 31)


def _inconsistent(values: Mapping[str, Value], year: int) -> list[Fault]:
    """Inputs that are each possible and cannot be so together."""
    faults = []

    def wrong(name: str, fr: str, en: str) -> None:
        faults.append(Fault(pointer=pointer(name), code="inconsistent", message=Text(fr, en)))

    couple = values["situation"] == "couple"
    if not couple:
        for name in _PARTNER[:-1]:
            if values[name]:
                wrong(name, "Il n'y a de déclarant 2 que pour un couple.",
                      "There is a person 2 only in a couple.")  # fmt: skip
    else:
        for name in ("lone_parent", "raised_child_alone", "war_widow"):
            if values[name]:
                wrong(name, "Ne concerne pas un couple.", "Not for a couple.")
    for part, whole in (("disabled_children", "children"),
                        ("disabled_children_shared", "children_shared")):  # fmt: skip
        if number_of(values, part) > number_of(values, whole):
            wrong(part, f"Plus que « {whole} ».", f"More than {whole}.")
    for name in ("birth_year_1", "birth_year_2") if couple else ("birth_year_1",):
        if number_of(values, name) > year - 15:
            wrong(name, "Moins de 15 ans l'année des revenus.",
                  "Under 15 in the year of income.")  # fmt: skip
    return faults


def _row(call: Call) -> list[float]:
    return [
        SITUATION.rank(call.values[name]) if name == "situation" else number_of(call.values, name)
        for name in INCOME_TAX_INPUTS
    ]


def _outcome(call: Call, found: Outputs, more: Outputs) -> Outcome:
    tax = -found["impot_revenu_restant_a_payer"]
    taxable = found["rni"]
    # What nothing else explains is rounding: the administration rounds to the euro.
    explained = (
        found["ir_plaf_qf"] - found["decote_gain_fiscal"] - found["reduction_ss_condition_revenus"]
    )
    lines = (
        _line("salaries_pensions", "Salaires et pensions, après abattements",
              "Wages and pensions, after allowances", found["traitements_salaires_pensions_rentes"],
              "income", ART_83),
        _line("other_income", "Autres revenus et corrections", "Other income and adjustments",
              found["rbg"] - found["traitements_salaires_pensions_rentes"], "income", ART_158),
        _line("deductions", "Charges déductibles", "Deductible expenses",
              found["rng"] - found["rbg"], "income", None),
        _line("age_allowance", "Abattement pour âge ou invalidité",
              "Allowance for age or disability", found["rni"] - found["rng"], "income",
              ART_157_BIS),
        _line("scale", "Impôt du barème, sans les demi-parts supplémentaires",
              "Tax of the scale, without extra half-shares", found["ir_ss_qf"], "tax", ART_197,
              base=taxable),
        _line("family_quotient", "Effet du quotient familial, plafonné",
              "Effect of the family quotient, capped", found["ir_plaf_qf"] - found["ir_ss_qf"],
              "tax", ART_194),
        _line("decote", "Décote", "Discount for low taxes (décote)",
              -found["decote_gain_fiscal"], "tax", ART_197),
        _line("low_income_reduction", "Réduction sous condition de revenus",
              "Reduction for modest incomes", -found["reduction_ss_condition_revenus"], "tax",
              ART_197),
        _line("rounding", "Arrondi à l'euro", "Rounding to the euro",
              found["ip_net"] - explained, "tax", ART_1657),
        _line("reductions", "Réductions d'impôt", "Tax reductions",
              found["iai"] - found["ip_net"], "tax", ART_200),
        _line("high_income", "Contribution exceptionnelle sur les hauts revenus",
              "Exceptional contribution on high incomes",
              found["contribution_exceptionnelle_hauts_revenus"], "tax", None),
        _line("credits", "Crédits d'impôt", "Tax credits", -found["credits_impot"], "tax",
              ART_199_SEXDECIES),
        _line("threshold", "Impôt trop faible pour être recouvré", "Too small to be collected",
              found["correction_ir_seuils_recouvrement"], "tax", ART_1657),
    )  # fmt: skip
    return Outcome(
        value=_cents(tax),
        unit="EUR/year",
        figures=(
            Figure(id="tax", label=Text("Impôt sur le revenu", "Income tax"),
                   value=_cents(tax), unit="EUR/year"),
            Figure(id="taxable_income", label=Text("Revenu net imposable", "Net taxable income"),
                   value=_cents(taxable), unit="EUR/year"),
            Figure(id="shares", label=Text("Nombre de parts", "Shares of the family quotient"),
                   value=found["nbptr"], unit="shares"),
            Figure(id="gross_tax", label=Text("Impôt après plafonnement, avant décote",
                                              "Tax after capping, before the discount"),
                   value=_cents(found["ir_plaf_qf"]), unit="EUR/year"),
            Figure(id="decote", label=Text("Décote", "Discount (décote)"),
                   value=_cents(found["decote_gain_fiscal"]), unit="EUR/year"),
            Figure(id="tax_after_decote", label=Text("Impôt après décote, avant réductions",
                                                     "Tax after the discount, before reductions"),
                   value=_cents(found["ip_net"]), unit="EUR/year"),
            Figure(id="bracket_rate", label=Text("Tranche marginale", "Marginal bracket"),
                   value=round(found["ir_taux_marginal"], 4), unit="share"),
            Figure(id="average_rate", label=Text("Taux moyen", "Average rate"),
                   value=round(tax / taxable, 4) if taxable > 0 else None, unit="share"),
            Figure(id="reference_income", label=Text("Revenu fiscal de référence",
                                                     "Reference tax income"),
                   value=_cents(found["rfr"]), unit="EUR/year"),
        ),
        breakdown=tuple(line for line in lines if abs(line.amount) >= 0.005),
        marginal_rate=round((-more["impot_revenu_restant_a_payer"] - tax) / STEP, 4),
        warnings=_warnings(call, found),
    )  # fmt: skip


def _warnings(call: Call, found: Outputs) -> tuple[Text, ...]:
    told = []
    if call.law_date.year == TRANSITION_YEAR:
        told.append(
            Text(
                "L'impôt sur les revenus courants de 2018 a été effacé par le crédit de "
                "modernisation du recouvrement (CIMR), qui n'est pas simulé.",
                "The tax on ordinary income of 2018 was cancelled by a credit (CIMR) that is not "
                "simulated.",
            )
        )
    if call.law_date.year >= 2025 and found["rfr"] >= HIGH_INCOME:
        told.append(
            Text(
                "La contribution différentielle sur les hauts revenus n'est pas comprise.",
                "The differential contribution on high incomes is not included.",
            )
        )
    return tuple(told)


def _line(
    identifier: str, fr: str, en: str, amount: float, group: str, law: Law | None,
    base: float | None = None,
) -> Line:  # fmt: skip
    return Line(
        id=identifier, label=Text(fr, en), amount=_cents(amount), unit="EUR/year", group=group,
        law=law, base=None if base is None else _cents(base),
    )  # fmt: skip


def _cents(amount: float) -> float:
    """To the cent, and never -0.0."""
    return round(amount, 2) + 0.0


PROGRAM = Program(
    number=INCOME_TAX,
    outputs=INCOME_TAX_OUTPUTS,
    when=lambda law_date: law_date.year,
    row=_row,
    principal=INCOME_TAX_INPUTS.index("salary_1"),
    step=STEP,
    outcome=_outcome,
)


def declare(models: tuple[Model, ...]) -> Simulator:
    """The simulator, computed by these models."""
    return Simulator(
        id="income-tax",
        title=Text("Impôt sur le revenu", "Income tax"),
        summary=Text(
            "L'impôt sur le revenu d'un foyer fiscal de métropole, salaires et pensions.",
            "The income tax of a household of mainland France, wages and pensions.",
        ),
        fields=FIELDS,
        principal="salary_1",
        settle=settle,
        models=models,
        out_of_scope=OUT_OF_SCOPE,
        law=(ART_197, ART_194),
        supported=tuple(str(year) for year in YEARS),
        year_input="income_year",
    )
