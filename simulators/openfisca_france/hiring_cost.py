"""Hiring cost: one month of one employee of the private sector, from the employer's side."""

from collections.abc import Mapping
from datetime import date

from simulators.contract.faults import Fault, Faulty
from simulators.contract.fields import Choice, Field, Flag, Number, Value, Whole, number_of
from simulators.contract.results import Figure, Line, Outcome
from simulators.contract.simulator import Call, Model, Simulator
from simulators.contract.texts import Law, Text
from simulators.openfisca_france.engine.columns import (
    HIRING_COST,
    HIRING_COST_INPUTS,
    HIRING_COST_OUTPUTS,
)
from simulators.openfisca_france.model import Outputs, Program

# The days whose rates were read in the model: the reference minimum wage of the general
# reduction, which changed last, is confirmed there until October 2026.
FIRST, LAST = date(2024, 1, 1), date(2026, 10, 31)
REDUCTION_OF_2026 = 2026  # decree 2026-509: the minimum wage of 1 January holds all year
MOBILITY_WORKFORCE = 11  # employees, from which the mobility payment is due where there is one
STEP = 10.0  # euros of gross salary

# What OpenFisca-France 176.1.8 does not know, and what it must be corrected by (docs/simulators.md;
# modele-social has both). The AGS rate has been 0.25 % since 1 July 2024, of at most four ceilings:
# it has 0.20 %. CSG and CRDS are due on the employer's share of executives' compulsory insurance.
AGS_SINCE, AGS_MISSING, AGS_CEILINGS = date(2024, 7, 1), 0.0005, 4
CSG_DEDUCTIBLE, CSG_CRDS_NOT_DEDUCTIBLE = 0.068, 0.029

L241_13 = Law(
    "Code de la sécurité sociale, article L241-13",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000051285243",
)
D241_7 = Law(
    "Code de la sécurité sociale, article D241-7 (décret 2026-509)",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000054252241",
)
D242_3 = Law(
    "Code de la sécurité sociale, article D242-3",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000036679615",
)
D242_4 = Law(
    "Code de la sécurité sociale, article D242-4",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000029924557",
)
D241_3_1 = Law(
    "Code de la sécurité sociale, article D241-3-1",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000036475197",
)
ACCIDENTS = Law(
    "Arrêté du 29 avril 2025, tarification des accidents du travail",
    "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000051533180",
)
AGIRC_ARRCO = Law(
    "Accord du 17 novembre 2017, régime Agirc-Arrco",
    "https://www.legifrance.gouv.fr/conv_coll/id/KALITEXT000036731682/",
)
UNEDIC = Law(
    "Circulaire Unédic 2025-05",
    "https://www.unedic.org/ged/documents/circulars/pdf/PRE-CIRC-Circulaire_n_2025-05_du_1er_mai_2025.pdf",
)
AGS = Law(
    "Cotisation AGS (entreprendre.service-public.fr, fiche F31409)",
    "https://entreprendre.service-public.fr/vosdroits/F31409",
)
PREVOYANCE = Law(
    "Accord du 17 novembre 2017, prévoyance des cadres",
    "https://www.legifrance.gouv.fr/conv_coll/id/KALITEXT000036732007/",
)
HEALTH = Law(
    "Loi 2013-504, article 1er, II",
    "https://www.legifrance.gouv.fr/jorf/article_jo/JORFARTI000027546718",
)
L6331_1 = Law(
    "Code du travail, article L6331-1",
    "https://www.legifrance.gouv.fr/codes/id/LEGIARTI000043701773",
)
L6241_1_1 = Law(
    "Code du travail, article L6241-1-1",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000044981935",
)
HOUSING = Law(
    "Code de la construction et de l'habitation, article L313-1",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000038610274",
)
FNAL = Law(
    "Loi 2019-486, article 11", "https://www.legifrance.gouv.fr/loda/id/JORFTEXT000038496102/"
)
UNIONS = Law(
    "Décret 2014-1718",
    "https://www.legifrance.gouv.fr/affichTexte.do?cidTexte=JORFTEXT000030005593",
)
L136_8 = Law(
    "Code de la sécurité sociale, article L136-8",
    "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000042683546",
)

CONTRACT = Choice(
    name="contract", title=Text("Contrat", "Contract"), group="job",
    description=Text(
        "Seul le contrat à durée indéterminée est simulé ; les autres sont refusés.",
        "Only the permanent contract is simulated; others are refused.",
    ),
    options={
        "permanent": Text("Durée indéterminée (CDI)", "Permanent (CDI)"),
        "fixed-term": Text("Durée déterminée (CDD)", "Fixed-term (CDD)"),
        "apprenticeship": Text("Apprentissage", "Apprenticeship"),
        "professionalisation": Text("Professionnalisation", "Professionalisation"),
        "internship": Text("Stage", "Internship"),
    },
    default="permanent", example="permanent",
)  # fmt: skip

FIELDS: tuple[Field, ...] = (
    Number(
        name="gross_salary", title=Text("Salaire brut mensuel", "Gross monthly salary"),
        description=Text("Salaire de base brut du mois, sans prime.",
                         "Gross basic salary of the month, without bonuses."),
        group="job", unit="EUR/month", minimum=1, maximum=1_000_000, example=2500,
    ),
    CONTRACT,
    Flag(
        name="executive", title=Text("Cadre", "Executive status (cadre)"), group="job",
        description=Text("Ajoute l'Apec et la prévoyance obligatoire des cadres.",
                         "Adds the Apec contribution and compulsory insurance."),
        default=False, example=False,
    ),
    Number(
        name="working_time", title=Text("Part d'un temps plein", "Share of full time"),
        group="job", unit="share", minimum=0.1, maximum=1, default=1.0, example=0.8,
        description=Text("1 pour un temps plein, 0,8 pour 80 %.", "1 for full time, 0.8 for 80%."),
    ),
    Whole(
        name="workforce", title=Text("Effectif de l'entreprise", "Employees of the company"),
        description=Text("Nombre de salariés, celui-ci compris.",
                         "Number of employees, this one included."),
        group="company", unit="people", minimum=1, maximum=1_000_000, default=10, example=10,
    ),
    Number(
        name="accident_rate", law=ACCIDENTS,
        title=Text("Taux accidents du travail", "Work-accident rate"),
        description=Text(
            "Le taux notifié par la caisse régionale, en part du salaire (0,0208 pour 2,08 %, la "
            "moyenne de 2026).",
            "The rate notified by the regional fund, as a share of the salary (0.0208 for 2.08%, "
            "the average of 2026).",
        ),
        group="company", unit="share", minimum=0, maximum=0.5, default=0.0208, example=0.0208,
    ),
    Number(
        name="health_insurance", law=HEALTH,
        title=Text("Complémentaire santé, par mois", "Complementary health insurance, per month"),
        description=Text("Cotisation mensuelle totale, parts employeur et salarié.",
                         "Whole monthly premium, of employer and employee."),
        group="company", unit="EUR/month", minimum=0, maximum=2000, default=40.0, example=40,
    ),
    Number(
        name="health_insurance_employer_share", law=HEALTH,
        title=Text("Part de l'employeur dans la complémentaire",
                   "Employer's share of the health insurance"),
        description=Text("Au moins la moitié.", "At least a half."),
        group="company", unit="share", minimum=0.5, maximum=1, default=0.5, example=0.5,
    ),
    Flag(
        name="alsace_moselle", title=Text("Régime d'Alsace-Moselle", "Alsace-Moselle scheme"),
        description=Text("Le salarié travaille en Alsace ou en Moselle.",
                         "The employee works in Alsace or Moselle."),
        group="company", default=False, example=False,
    ),
    Number(
        name="withholding_rate",
        title=Text("Taux de prélèvement à la source", "Income-tax withholding rate"),
        description=Text(
            "Celui de l'avis d'impôt, en part du net imposable (0,05 pour 5 %).",
            "The one of the tax notice, as a share of the taxable net (0.05 for 5%).",
        ),
        group="job", unit="share", minimum=0, maximum=0.55, default=0.0, example=0.05,
    ),
)  # fmt: skip

OUT_OF_SCOPE = (
    Text("Contrats à durée déterminée", "Fixed-term contracts"),
    Text("Apprentis, contrats de professionnalisation et stages",
         "Apprentices, professionalisation contracts and interns"),
    Text("Versement mobilité", "Mobility payment"),
    Text("Exonérations de zone et de secteur, jeunes entreprises innovantes",
         "Exemptions of zones and sectors, young innovative companies"),
    Text("Primes, heures supplémentaires, avantages en nature, titres-restaurant",
         "Bonuses, overtime, benefits in kind, meal vouchers"),
    Text("Secteur public, agriculture, intermittents, particuliers employeurs",
         "Public sector, agriculture, performing arts, household employers"),
    Text("Outre-mer", "Overseas territories"),
)  # fmt: skip

# OpenFisca's variable, our name, the words, the law, and whether its base is capped.
_EMPLOYER: tuple[tuple[tuple[str, ...], str, Text, Law, bool], ...] = (
    (("mmid_employeur", "allegement_cotisation_maladie"), "health",
     Text("Maladie", "Health"), D242_3, False),
    (("contribution_solidarite_autonomie",), "autonomy",
     Text("Solidarité autonomie", "Autonomy solidarity"), D242_3, False),
    (("vieillesse_plafonnee_employeur",), "pension_capped",
     Text("Retraite de base, plafonnée", "Basic pension, capped"), D242_4, True),
    (("vieillesse_deplafonnee_employeur",), "pension_uncapped",
     Text("Retraite de base, déplafonnée", "Basic pension, uncapped"), D242_4, False),
    (("famille", "allegement_cotisation_allocations_familiales"), "family",
     Text("Allocations familiales", "Family benefits"), D241_3_1, False),
    (("accident_du_travail",), "accidents",
     Text("Accidents du travail", "Work accidents"), ACCIDENTS, False),
    (("chomage_employeur",), "unemployment", Text("Chômage", "Unemployment"), UNEDIC, False),
    (("ags",), "wage_guarantee", Text("Garantie des salaires (AGS)", "Wage guarantee"), AGS,
     False),
    (("agirc_arrco_employeur",), "supplementary_pension",
     Text("Retraite complémentaire Agirc-Arrco", "Supplementary pension"), AGIRC_ARRCO, False),
    (("contribution_equilibre_general_employeur", "contribution_equilibre_technique_employeur"),
     "supplementary_balance", Text("Contributions d'équilibre Agirc-Arrco",
                                   "Supplementary balance contributions"), AGIRC_ARRCO, False),
    (("apec_employeur",), "apec", Text("Apec", "Apec (executives)"), AGIRC_ARRCO, False),
    (("prevoyance_obligatoire_cadre",), "executive_insurance",
     Text("Prévoyance des cadres", "Executives' insurance"), PREVOYANCE, True),
    (("complementaire_sante_employeur",), "health_insurance",
     Text("Complémentaire santé", "Complementary health insurance"), HEALTH, False),
    (("forfait_social",), "social_levy", Text("Forfait social", "Social levy"), L136_8, False),
    (("fnal",), "housing_fund", Text("Aide au logement (FNAL)", "Housing fund"), FNAL, False),
    (("participation_effort_construction",), "housing_effort",
     Text("Effort de construction", "Housing construction effort"), HOUSING, False),
    (("contribution_formation_professionnelle",), "training",
     Text("Formation professionnelle", "Vocational training"), L6331_1, False),
    (("taxe_apprentissage", "contribution_supplementaire_apprentissage"), "apprenticeship_tax",
     Text("Taxe d'apprentissage", "Apprenticeship tax"), L6241_1_1, False),
    (("financement_organisations_syndicales",), "unions",
     Text("Dialogue social", "Social dialogue"), UNIONS, False),
)  # fmt: skip
_EMPLOYEE: tuple[tuple[tuple[str, ...], str, Text, Law, bool], ...] = (
    (("mmid_salarie",), "employee_health",
     Text("Maladie (Alsace-Moselle)", "Health (Alsace-Moselle)"), D242_3, False),
    (("vieillesse_plafonnee_salarie",), "employee_pension_capped",
     Text("Retraite de base, plafonnée", "Basic pension, capped"), D242_4, True),
    (("vieillesse_deplafonnee_salarie",), "employee_pension_uncapped",
     Text("Retraite de base, déplafonnée", "Basic pension, uncapped"), D242_4, False),
    (("agirc_arrco_salarie",), "employee_supplementary_pension",
     Text("Retraite complémentaire Agirc-Arrco", "Supplementary pension"), AGIRC_ARRCO, False),
    (("contribution_equilibre_general_salarie", "contribution_equilibre_technique_salarie"),
     "employee_supplementary_balance", Text("Contributions d'équilibre Agirc-Arrco",
                                            "Supplementary balance contributions"),
     AGIRC_ARRCO, False),
    (("apec_salarie",), "employee_apec", Text("Apec", "Apec (executives)"), AGIRC_ARRCO, False),
    (("complementaire_sante_salarie",), "employee_health_insurance",
     Text("Complémentaire santé", "Complementary health insurance"), HEALTH, False),
    (("csg_deductible_salaire",), "csg_deductible",
     Text("CSG déductible", "CSG, deductible"), L136_8, False),
    (("csg_imposable_salaire", "crds_salaire"), "csg_crds",
     Text("CSG non déductible et CRDS", "CSG, not deductible, and CRDS"), L136_8, False),
)  # fmt: skip


def settle(values: Mapping[str, Value], given: frozenset[str], asked: date | None) -> date:
    """The day whose law applies; the last known one by default. Raises Faulty."""
    faults = []
    day = asked or LAST
    if not FIRST <= day <= LAST:
        known = tuple(str(year) for year in range(FIRST.year, LAST.year + 1))
        text = Text(
            f"Les taux du {day} ne sont pas connus ; du {FIRST} au {LAST}.",
            f"The rates of {day} are not known; from {FIRST} to {LAST}.",
        )
        faults.append(
            Fault(pointer="/law_date", code="unsupported-date", message=text, supported=known)
        )
    if values["contract"] != "permanent":
        words = CONTRACT.options[str(values["contract"])]
        text = Text(f"Hors du champ : {words.fr}.", f"Out of scope: {words.en}.")
        faults.append(Fault(pointer="/contract", code="out-of-scope", message=text))
    if faults:
        raise Faulty(faults)
    return day


def _row(call: Call) -> list[float]:
    return [number_of(call.values, name) for name in HIRING_COST_INPUTS]


def corrected(law_date: date, found: Outputs) -> dict[str, float]:
    """OpenFisca's figures, with what it does not know."""
    right = dict(found)
    if law_date >= AGS_SINCE:
        ceiling = AGS_CEILINGS * found["plafond_securite_sociale"]
        missing = AGS_MISSING * min(found["assiette_cotisations_sociales"], ceiling)
        right["ags"] -= missing
        right["salaire_super_brut"] += missing
    insurance = -found["prevoyance_obligatoire_cadre"]
    right["csg_deductible_salaire"] -= CSG_DEDUCTIBLE * insurance
    right["csg_imposable_salaire"] -= CSG_CRDS_NOT_DEDUCTIBLE * insurance
    right["salaire_imposable"] -= CSG_DEDUCTIBLE * insurance
    right["salaire_net"] -= (CSG_DEDUCTIBLE + CSG_CRDS_NOT_DEDUCTIBLE) * insurance
    return right


def _outcome(call: Call, computed: Outputs, computed_more: Outputs) -> Outcome:
    found = corrected(call.law_date, computed)
    more = corrected(call.law_date, computed_more)
    values = call.values
    gross, cost, net = (
        number_of(values, "gross_salary"),
        found["salaire_super_brut"],
        found["salaire_net"],
    )
    # The employer's share of the health insurance is income for the tax (CGI, article 83, 1°
    # quater); OpenFisca leaves it out of this variable.
    taxable = found["salaire_imposable"] - found["complementaire_sante_employeur"]
    withheld = round(taxable * number_of(values, "withholding_rate"), 2)
    capped = min(gross, found["plafond_securite_sociale"])
    lines = [
        Line(id="gross", label=Text("Salaire brut", "Gross salary"), amount=_cents(gross),
             unit="EUR/month", group="employer"),
        *_lines(_EMPLOYER, found, gross, capped, "employer", -1),
        Line(id="general_reduction", unit="EUR/month", group="employer",
             label=Text("Réduction générale", "General reduction"),
             amount=_cents(-found["allegement_general"]), base=_cents(gross),
             rate=round(-found["taux_allegement_general"], 6),
             law=D241_7 if call.law_date.year >= REDUCTION_OF_2026 else L241_13),
        Line(id="gross_of_net", label=Text("Salaire brut", "Gross salary"), amount=_cents(gross),
             unit="EUR/month", group="employee"),
        *_lines(_EMPLOYEE, found, gross, capped, "employee", 1),
    ]  # fmt: skip

    def figure(identifier: str, fr: str, en: str, value: float, unit: str = "EUR/month") -> Figure:
        return Figure(id=identifier, label=Text(fr, en), value=value, unit=unit)

    return Outcome(
        value=_cents(cost),
        unit="EUR/month",
        figures=(
            figure("employer_cost", "Coût pour l'employeur", "Cost for the employer",
                   _cents(cost)),
            figure("gross", "Salaire brut", "Gross salary", _cents(gross)),
            figure("net_before_tax", "Net à payer avant impôt", "Net before tax", _cents(net)),
            figure("net_taxable", "Net imposable", "Taxable net", _cents(taxable)),
            figure("net_after_tax", "Net après prélèvement à la source",
                   "Net after withholding", _cents(net - withheld)),
            figure("general_reduction", "Réduction générale", "General reduction",
                   _cents(found["allegement_general"])),
            figure("general_reduction_rate", "Coefficient de la réduction générale",
                   "Coefficient of the general reduction",
                   round(found["taux_allegement_general"], 4), "share"),
            figure("minimum_wage", "Smic brut du mois", "Gross minimum wage of the month",
                   _cents(found["smic_proratise"])),
        ),
        breakdown=tuple(line for line in lines if abs(line.amount) >= 0.005),
        marginal_rate=round((more["salaire_super_brut"] - cost) / STEP, 4),
        warnings=_warnings(call, found, gross),
    )  # fmt: skip


def _lines(
    declared: tuple[tuple[tuple[str, ...], str, Text, Law, bool], ...],
    found: Outputs, gross: float, capped: float, group: str, sign: int,
) -> list[Line]:  # fmt: skip
    """A line per contribution; the rate is the effective one, on the whole or the capped salary."""
    lines = []
    for variables, identifier, label, law, is_capped in declared:
        amount = sign * sum(found[name] for name in variables)
        base = capped if is_capped else gross
        lines.append(
            Line(
                id=identifier, label=label, amount=_cents(amount), unit="EUR/month",
                base=_cents(base), rate=round(amount / base, 6) + 0.0, group=group, law=law,
            )
        )  # fmt: skip
    return lines


def _warnings(call: Call, found: Outputs, gross: float) -> tuple[Text, ...]:
    told = []
    if gross < found["smic_proratise"] - 0.5:
        told.append(
            Text("Ce salaire est inférieur au Smic.", "This salary is below the minimum wage.")
        )
    if number_of(call.values, "workforce") >= MOBILITY_WORKFORCE:
        told.append(
            Text(
                "Le versement mobilité, dû dans certaines communes, n'est pas compris.",
                "The mobility payment, due in some communes, is not included.",
            )
        )
    return tuple(told)


def _cents(amount: float) -> float:
    """To the cent, and never -0.0."""
    return round(amount, 2) + 0.0


PROGRAM = Program(
    number=HIRING_COST,
    outputs=HIRING_COST_OUTPUTS,
    when=lambda law_date: law_date.year * 100 + law_date.month,
    row=_row,
    principal=HIRING_COST_INPUTS.index("gross_salary"),
    step=STEP,
    outcome=_outcome,
)


def declare(models: tuple[Model, ...]) -> Simulator:
    """The simulator, computed by these models."""
    return Simulator(
        id="hiring-cost",
        title=Text("Coût d'embauche", "Hiring cost"),
        summary=Text(
            "Ce que coûte à l'employeur, et rapporte au salarié, un mois de salaire brut.",
            "What a month of gross salary costs the employer and brings the employee.",
        ),
        fields=FIELDS,
        principal="gross_salary",
        settle=settle,
        models=models,
        out_of_scope=OUT_OF_SCOPE,
        law=(L241_13, D241_7),
        invertible=("net_before_tax", "net_after_tax", "employer_cost"),
        supported=tuple(str(year) for year in range(FIRST.year, LAST.year + 1)),
    )
