"""What was computed for one career, in figures, lines with their law, and words."""

from datetime import date

from simulators.contract.faults import Fault, Faulty
from simulators.contract.fields import number_of
from simulators.contract.results import Figure, Line, Outcome
from simulators.contract.simulator import Call
from simulators.contract.texts import Law, Text
from simulators.retirement.inputs import departure_of
from simulators.retirement.months import first_day
from simulators.retirement.pensions import (
    MINIMUM_NOT_KNOWN,
    PARENT_OF_1955,
    TOO_EARLY,
    Pensions,
)
from simulators.retirement.tables import Tables, tables

PARENTAL_AGE = 63 * 12  # months: the legal age from which article L351-1-2-1 applies


def refusal(found: Pensions, row: int, call: Call) -> Faulty:
    """Why this career has no answer, by name."""
    reason = int(found.refused[row])
    age = int(found.rights.legal_age[row])
    required = int(found.rights.required[row])
    earliest = first_day(int(found.rights.first_possible[row]))
    years, months = divmod(age, 12)
    french = f"{years} ans" + (f" et {months} mois" if months else "")
    english = f"{years} years" + (f" and {months} months" if months else "")
    texts = {
        TOO_EARLY: Text(
            f"Départ avant l'âge légal ({french}, {required} trimestres pour le taux plein) : "
            "carrière longue, handicap et autres départs anticipés ne sont pas simulés. Premier "
            f"départ possible : {earliest:%d/%m/%Y}.",
            f"Departure before the legal age ({english}, {required} quarters for the full rate): "
            "long careers, disability and other early departures are not simulated. First "
            f"possible departure: {earliest}.",
        ),
        PARENT_OF_1955: Text(
            "Parents de trois enfants nés avant 1956 : le taux plein à 65 ans n'est pas simulé.",
            "Parents of three children born before 1956: the full rate at 65 is not simulated.",
        ),
        MINIMUM_NOT_KNOWN: Text(
            "Le minimum contributif de ce mois n'est pas confirmé, et cette pension en dépend.",
            "The minimum pension of that month is not confirmed, and this pension depends on it.",
        ),
    }
    late = number_of(call.values, "delay_months") > 0
    return Faulty(
        [
            Fault(
                pointer="/delay_months" if late else "/liquidation_date",
                code="unsupported-date" if reason == MINIMUM_NOT_KNOWN else "out-of-scope",
                message=texts[reason],
                supported=(earliest.isoformat(),) if reason == TOO_EARLY else None,
            )
        ]
    )


def outcome(found: Pensions, row: int, call: Call, gain: float | None) -> Outcome:
    """The answer for one career; `gain` is what a quarter more would add."""
    figures = tables()
    total = float(found.total[row])
    return Outcome(
        value=_cents(total),
        unit="EUR/year",
        figures=_figures(found, row, total, gain),
        breakdown=_lines(found, row, call, figures),
        marginal_rate=None if gain is None or total <= 0 else round(gain / total, 4) + 0.0,
        warnings=_warnings(found, row, call, figures),
    )


def _figures(found: Pensions, row: int, total: float, gain: float | None) -> tuple[Figure, ...]:
    rights = found.rights
    temporary = float(found.temporary[row])
    complementary = float(found.complementary[row])

    def figure(name: str, fr: str, en: str, value: float | None, unit: str) -> Figure:
        shown = None if value is None else round(float(value), 6) + 0.0
        return Figure(id=name, label=Text(fr, en), value=shown, unit=unit)

    return (
        figure("pension", "Pension brute annuelle", "Gross yearly pension", _cents(total),
               "EUR/year"),
        figure("monthly_pension", "Pension brute mensuelle", "Gross monthly pension",
               _cents(total / 12), "EUR/month"),
        figure("base_pension", "Retraite de base", "Base pension", _cents(found.base[row]),
               "EUR/year"),
        figure("monthly_base_pension", "Retraite de base, par mois", "Base pension, a month",
               _cents(found.base[row] / 12), "EUR/month"),
        figure("complementary_pension", "Retraite complémentaire Agirc-Arrco",
               "Agirc-Arrco complementary pension", _cents(complementary), "EUR/year"),
        figure("base_before_minimum", "Retraite de base avant minimum et enfants",
               "Base pension before the minimum and children",
               _cents(found.before_minimum[row] + found.increase[row]), "EUR/year"),
        figure("average_salary", "Salaire annuel moyen", "Average yearly salary",
               _cents(rights.average_salary[row]), "EUR/year"),
        figure("rate", "Taux de la pension", "Rate of the pension", found.rate[row], "share"),
        figure("legal_age_months", "Âge légal, en mois", "Legal age, in months",
               rights.legal_age[row], "months"),
        figure("required_quarters", "Trimestres pour le taux plein", "Quarters for the full rate",
               rights.required[row], "quarters"),
        figure("quarters", "Trimestres validés", "Validated quarters", rights.total[row],
               "quarters"),
        figure("contributed_quarters", "Trimestres cotisés", "Contributed quarters",
               rights.contributed[row], "quarters"),
        figure("missing_quarters", "Trimestres manquants retenus", "Missing quarters that count",
               rights.missing[row], "quarters"),
        figure("increase", "Surcote", "Increase for later quarters",
               tables().increase * rights.increase_quarters[row], "share"),
        figure("points", "Points Agirc-Arrco", "Agirc-Arrco points", found.points[row], "points"),
        figure("complementary_coefficient", "Coefficient d'anticipation Agirc-Arrco",
               "Agirc-Arrco coefficient for an early departure", found.coefficient[row], "share"),
        figure("temporary_complementary", "Retraite complémentaire, coefficient temporaire compris",
               "Complementary pension with its temporary coefficient",
               None if temporary == 1 else _cents(complementary * temporary), "EUR/year"),
        figure("one_more_quarter", "Gain d'un trimestre de travail en plus, au salaire donné",
               "Gain of working a quarter more, at the given salary",
               None if gain is None else _cents(gain), "EUR/year"),
    )  # fmt: skip


def _lines(found: Pensions, row: int, call: Call, figures: Tables) -> tuple[Line, ...]:
    rights, laws, month = found.rights, figures.laws, departure_of(call.values)
    before, rate, share = (
        float(found.before_minimum[row]), float(found.rate[row]), float(found.share[row])
    )  # fmt: skip
    average = float(rights.average_salary[row])
    full = average * figures.full_rate
    proportioned = full * share
    capped = max(float(found.capped[row]), 0.0)
    points_law = figures.point.law_at(month)

    def line(name: str, fr: str, en: str, amount: float, law: Law, group: str = "base",
             base: float | None = None, share: float | None = None) -> Line:  # fmt: skip
        return Line(
            id=name, label=Text(fr, en), amount=_cents(amount), unit="EUR/year", group=group,
            law=law, base=None if base is None else round(float(base), 2),
            rate=None if share is None else round(float(share), 6),
        )  # fmt: skip

    increase = figures.increase * float(rights.increase_quarters[row])
    lost = (float(found.coefficient[row]) - 1) * float(
        found.points_pension[row] + found.agirc_pension[row]
    )
    lines = (
        line("full_rate", "Salaire annuel moyen au taux plein", "Average salary at the full rate",
             full, laws["best_years"], base=average, share=figures.full_rate),
        line("duration", "Durée d'assurance incomplète", "Incomplete duration of insurance",
             proportioned - full, _generation_law(month, figures)),
        line("missing", "Décote", "Reduction for missing quarters",
             average * rate * share - proportioned, laws["reduction_each_quarter"],
             base=proportioned, share=rate / figures.full_rate - 1),
        line("most", "Plafond de la moitié du plafond de la sécurité sociale",
             "Limit of half the ceiling of social security", -capped, laws["most_of_ceiling"]),
        line("increase", "Surcote", "Increase for later quarters", found.increase[row],
             laws["increase_each_quarter"], base=before, share=increase),
        line("minimum", "Complément jusqu'au minimum contributif", "Supplement up to the minimum",
             found.minimum_supplement[row], figures.minimum_plain.law_at(month)),
        line("children", "Majoration pour trois enfants", "Bonus for three children",
             found.children_bonus[row], laws["children_bonus"],
             base=found.base[row] - found.children_bonus[row], share=figures.base_children_rate),
        line("points", "Points Agirc-Arrco", "Agirc-Arrco points", found.points_pension[row],
             points_law, "complementary", found.points[row], found.point[row]),
        line("agirc_points", "Points Agirc", "Agirc points", found.agirc_pension[row], points_law,
             "complementary"),
        line("anticipation", "Minoration pour départ sans le taux plein",
             "Reduction for leaving without the full rate", lost, laws["anticipation"],
             "complementary"),
        line("points_bonus", "Majoration Agirc-Arrco pour enfants", "Agirc-Arrco children bonus",
             found.points_bonus[row], laws["children"], "complementary"),
    )  # fmt: skip
    return tuple(one for one in lines if abs(one.amount) >= 0.005)


def _generation_law(month: int, figures: Tables) -> Law:
    which = int((figures.calendar_months <= month).sum()) - 1
    return figures.calendars[max(which, 0)].law


_GROSS = Text(
    "Montants bruts, avant cotisations et impôt. Toutes les retraites sont supposées demandées.",
    "Gross amounts, before social contributions and tax. All pensions are supposed to be claimed.",
)
_FEW_YEARS = Text(
    "Moins de 25 années comptent : le salaire annuel moyen est leur moyenne.",
    "Fewer than 25 years count: the average salary is their mean.",
)
_NO_POINTS = Text(
    "Aucun point Agirc-Arrco n'a été donné : la retraite complémentaire n'est pas comprise.",
    "No Agirc-Arrco points were given: the complementary pension is not included.",
)
_BONUS = Text(
    "Une part des points n'a pas de majoration pour enfants ici : celle d'avant 1999, de l'Agirc "
    "avant 2012, ou dont la période n'est pas donnée, et les majorations d'avant novembre 2024 qui "
    "ont pu atteindre un plafond.",
    "Some points have no bonus for children here: those before 1999, of Agirc before 2012, or of "
    "no given period, and bonuses before November 2024 that may have met a limit.",
)
_SAME_AVERAGE = Text(
    "Le salaire annuel moyen reste celui du relevé : les mois en plus n'y changent rien ici.",
    "The average salary stays that of the statement: the additional months do not change it here.",
)
_PARENTAL = Text(
    "La surcote parentale (article L351-1-2-1) n'est pas comprise.",
    "The parental increase (article L351-1-2-1) is not included.",
)
_TEMPORARY = Text(
    "Un coefficient temporaire s'appliquait à la retraite complémentaire : trois ans au plus s'il "
    "minorait, jusqu'au 31 mars 2024 ; un an s'il majorait. Les exonérations ne sont pas simulées.",
    "A temporary coefficient applied to the complementary pension: three years at most when it "
    "reduced it, until 31 March 2024; one year when it raised it. Exemptions are not simulated.",
)


def _warnings(found: Pensions, row: int, call: Call, figures: Tables) -> tuple[Text, ...]:
    values = call.values
    told = [_GROSS]
    if departure_of(values) > figures.last_departure:
        last: date = first_day(figures.last_departure)
        told.append(
            Text(
                f"À droit constant : barèmes du {last:%d/%m/%Y}, en euros de cette date ; la "
                "pension réelle dépendra des barèmes à venir.",
                f"At constant law: figures of {last}, in euros of that date; the real pension will "
                "depend on figures to come.",
            )
        )
    if found.rights.years_counted[row] < figures.best_years:
        told.append(_FEW_YEARS)
    if number_of(values, "delay_months") and not values["salaries"]:
        told.append(_SAME_AVERAGE)
    if not found.points_pension[row] and not found.agirc_pension[row]:
        told.append(_NO_POINTS)
    if found.bonus_unknown[row]:
        told.append(_BONUS)
    if number_of(values, "child_quarters") and found.rights.legal_age[row] >= PARENTAL_AGE:
        told.append(_PARENTAL)
    if found.temporary[row] != 1:
        told.append(_TEMPORARY)
    return tuple(told)


def _cents(amount: float) -> float:
    """To the cent, and never -0.0."""
    return round(float(amount), 2) + 0.0
