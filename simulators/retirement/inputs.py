"""What is asked for a pension, and which questions make no sense or are out of scope."""

from collections.abc import Mapping
from datetime import date

from simulators.contract.faults import Fault, Faulty, pointer
from simulators.contract.fields import (
    Choice,
    Day,
    Field,
    Flag,
    Number,
    Value,
    Whole,
    Yearly,
    number_of,
)
from simulators.contract.texts import Law, Text
from simulators.retirement.months import first_day, month_of
from simulators.retirement.tables import FIRST_YEAR, LAST_YEAR, tables

MOST = 10_000_000.0  # euros
YOUNGEST = 14  # years, at which somebody may have a salary

R351_29 = Law(
    "Code de la sécurité sociale, article R351-29 (25 meilleures années)",
    "https://www.legifrance.gouv.fr/eli/decret/2004/2/13/2004-144/jo/texte",
)
L161_17_2 = Law(
    "Code de la sécurité sociale, articles L161-17-2 et L161-17-3",
    "https://www.legifrance.gouv.fr/eli/loi/2025/12/30/2025-1403/jo/article_105",
)
POINTS = Law(
    "Accord national interprofessionnel du 17 novembre 2017 (Agirc-Arrco)",
    "https://www.agirc-arrco.fr/fileadmin/agircarrco/documents/conventions_accords/2017/"
    "ANI_Retraite_17nov2017_01012019.pdf",
)

CAREER = Choice(
    name="career", title=Text("Carrière", "Career"), group="person",
    description=Text(
        "Seule la carrière d'un salarié du privé, dans le seul régime général, est simulée ; les "
        "autres sont refusées.",
        "Only the career of a private-sector employee in the general scheme alone is simulated; "
        "others are refused.",
    ),
    options={
        "private": Text("Salarié du privé, régime général seul", "Private-sector employee"),
        "civil-service": Text("Fonction publique", "Civil service"),
        "self-employed": Text("Indépendant ou profession libérale", "Self-employed"),
        "agriculture": Text("Agriculture", "Agriculture"),
        "special-scheme": Text("Régime spécial", "Special scheme"),
        "several-schemes": Text("Plusieurs régimes de base", "Several base schemes"),
        "abroad": Text("Carrière en partie à l'étranger", "Career partly abroad"),
        "long-career": Text("Carrière longue (départ anticipé)", "Long career (early departure)"),
        "incapacity": Text("Inaptitude, invalidité, handicap ou pénibilité",
                           "Incapacity, disability or arduous work"),
        "progressive": Text("Retraite progressive", "Progressive retirement"),
        "survivor": Text("Pension de réversion", "Survivor's pension"),
    },
    default="private", example="private",
)  # fmt: skip


def _whole(name: str, fr: str, en: str, description: Text, unit: str, most: int,
           group: str, law: Law | None = None, least: int = 0) -> Whole:  # fmt: skip
    return Whole(
        name=name, title=Text(fr, en), description=description, group=group, law=law, unit=unit,
        minimum=least, maximum=most, default=least, example=least,
    )  # fmt: skip


def _number(name: str, fr: str, en: str, description: Text, unit: str, group: str,
            law: Law | None = None, most: float = MOST) -> Number:  # fmt: skip
    return Number(
        name=name, title=Text(fr, en), description=description, group=group, law=law, unit=unit,
        minimum=0, maximum=most, default=0, example=0,
    )  # fmt: skip


_ONLY_WITHOUT_SALARIES = Text(
    "Du relevé de carrière ; seulement quand les salaires de chaque année ne sont pas donnés.",
    "From the statement of the scheme; only when the salaries of each year are not given.",
)
_STATEMENT = Text("Du relevé Agirc-Arrco.", "From the Agirc-Arrco statement.")

FIELDS: tuple[Field, ...] = (
    Day(
        name="birth_date", title=Text("Date de naissance", "Date of birth"), group="person",
        description=Text(
            "Comme 1962-06-15. L'âge légal et la durée d'assurance en dépendent.",
            "Such as 1962-06-15. The legal age and the duration of insurance depend on it.",
        ),
        law=L161_17_2, earliest=date(1900, 1, 1), latest=date(2010, 12, 31),
        example=date(1962, 6, 15),
    ),
    Day(
        name="liquidation_date", title=Text("Date de départ", "Date of departure"), group="person",
        description=Text(
            "Premier jour d'un mois, celui où la pension prend effet, comme 2026-10-01.",
            "The first day of a month, when the pension takes effect, such as 2026-10-01.",
        ),
        law=L161_17_2, earliest=date(1980, 1, 1), latest=date(LAST_YEAR, 1, 1),
        example=date(2026, 10, 1),
    ),
    CAREER,
    Whole(
        name="delay_months", title=Text("Mois de travail en plus", "Months worked in addition"),
        description=Text("Recule la date de départ d'autant de mois.",
                         "Moves the date of departure by as many months."),
        group="person", unit="months", minimum=0, maximum=120, default=0, example=3,
    ),
    Flag(
        name="constant_law", title=Text("À droit constant", "At constant law"), group="person",
        description=Text(
            "Pour un départ après le dernier barème connu, applique ce barème, en euros de sa "
            "date. Sans cela, un tel départ est refusé.",
            "For a departure after the last known figures, applies these, in euros of their date. "
            "Otherwise such a departure is refused.",
        ),
        default=False, example=False,
    ),
    Yearly(
        name="salaries", title=Text("Salaires bruts de chaque année", "Gross salaries by year"),
        description=Text(
            "En euros, y compris avant 2002 ; chacun compte jusqu'au plafond de son année. En "
            "texte libre, l'année et le salaire : 1998:15200 1999:15900.",
            "In euros, those before 2002 too; each counts up to the ceiling of its year. As free "
            "text, the year and the salary: 1998:15200 1999:15900.",
        ),
        group="career", law=R351_29, unit="EUR/year", minimum=0, maximum=MOST,
        first_year=FIRST_YEAR, last_year=LAST_YEAR, default={},
        example={2023: 31000.0, 2024: 32000.0, 2025: 33000.0},
    ),
    _number("later_salary", "Salaire brut annuel jusqu'au départ",
            "Gross yearly salary until the departure",
            Text("Pour les années qui suivent la dernière de la liste, au prorata des mois.",
                 "For the years after the last of the list, in proportion to the months."),
            "EUR/year", "career", R351_29),
    _number("average_salary", "Salaire annuel moyen", "Average yearly salary",
            _ONLY_WITHOUT_SALARIES, "EUR/year", "statement", R351_29),
    _whole("quarters", "Trimestres validés", "Validated quarters",
           _ONLY_WITHOUT_SALARIES, "quarters", 300, "statement"),
    _whole("contributed_quarters", "dont trimestres cotisés", "of which contributed",
           _ONLY_WITHOUT_SALARIES, "quarters", 260, "statement"),
    _whole("increase_quarters", "Trimestres de surcote", "Quarters that increase the pension",
           Text("Cotisés après l'âge légal et au-delà de la durée ; seulement sans les salaires.",
                "Contributed after the legal age and beyond the duration; only without salaries."),
           "quarters", 80, "statement"),
    _whole("assimilated_quarters", "Trimestres assimilés", "Assimilated quarters",
           Text("Chômage, maladie, service national... en plus des trimestres des salaires.",
                "Unemployment, sickness, military service... besides those of salaries."),
           "quarters", 160, "career"),
    _whole("child_quarters", "Trimestres pour enfants", "Quarters for children",
           Text("Majorations de durée d'assurance : maternité, éducation, adoption.",
                "Increases of duration: maternity, education, adoption."),
           "quarters", 160, "children"),
    _whole("children", "Enfants eus ou élevés", "Children had or raised",
           Text("Trois donnent 10 % de plus.", "Three give 10% more."), "people", 25, "children"),
    _whole("dependent_children", "Enfants à charge au départ", "Dependent children at departure",
           Text("5 % de plus chacun à l'Agirc-Arrco, si c'est mieux.",
                "5% more each at Agirc-Arrco, if that is better."),
           "people", 20, "children", POINTS),
    _number("points", "Points Agirc-Arrco", "Agirc-Arrco points",
            Text("Du relevé ; un point Arrco est un point Agirc-Arrco.",
                 "From the statement; an Arrco point is an Agirc-Arrco point."),
            "points", "points", POINTS, 500_000),
    _number("agirc_points", "Points Agirc non convertis", "Agirc points not converted",
            Text("Ceux d'un relevé d'avant 2019.", "Those of a statement from before 2019."),
            "points", "points", POINTS, 1_000_000),
    Whole(
        name="points_through", title=Text("Dernière année de ces points", "Last year of points"),
        description=Text(
            "Les points des années suivantes sont calculés d'après les salaires ; avant 2019 les "
            "taux étaient ceux de chaque entreprise, et seul le relevé les dit.",
            "Points of later years are computed from salaries; before 2019 rates were those of "
            "each company, and only the statement tells them.",
        ),
        group="points", law=POINTS, unit="year", minimum=2018, maximum=LAST_YEAR,
        default=tables().last_known_year, example=2018,
    ),
    _number("points_since_2012", "dont acquis depuis 2012", "of which acquired since 2012",
            _STATEMENT, "points", "points", POINTS, 500_000),
    _number("points_1999_2011", "dont acquis à l'Arrco de 1999 à 2011",
            "of which acquired at Arrco from 1999 to 2011", _STATEMENT, "points", "points", POINTS,
            500_000),
    _whole("quarters_after_full_rate", "Trimestres après le taux plein",
           "Quarters after the full rate",
           Text("Pour les départs de 2019 à novembre 2023, où un coefficient temporaire en "
                "dépendait.",
                "For departures from 2019 to November 2023, when a temporary coefficient depended "
                "on them."), "quarters", 60, "points", POINTS),
)  # fmt: skip

OUT_OF_SCOPE = (
    *(text for word, text in CAREER.options.items() if word != "private"),
    Text("Personnes nées avant 1955", "People born before 1955"),
    Text(
        "Points d'avant 2019 calculés d'après les salaires, garantie minimale (GMP) comprise",
        "Points of before 2019 computed from salaries, the guaranteed minimum (GMP) included",
    ),
    Text(
        "Versement forfaitaire unique des très petites pensions",
        "Very small pensions paid once as a lump sum",
    ),
    Text("Surcote parentale", "Parental increase (surcote parentale)"),
    Text(
        "Parents de trois enfants nés en 1955, de 65 à 67 ans",
        "Parents of three children born in 1955, from 65 to 67",
    ),
    Text("Cotisations sociales et impôt sur la pension", "Contributions and tax on the pension"),
)

_KNOWN = ("average_salary", "quarters", "contributed_quarters", "increase_quarters")
_PARTS = (
    ("contributed_quarters", "quarters"),
    ("points_since_2012", "points"),
    ("points_1999_2011", "points"),
)
_COMPUTED = ("assimilated_quarters", "child_quarters")


def day_of(values: Mapping[str, Value], name: str) -> date:
    """The value of an input that is a date."""
    found = values[name]
    if not isinstance(found, date):
        raise TypeError(f"{name} is not a date")
    return found


def salaries_of(values: Mapping[str, Value]) -> Mapping[int, float]:
    """The salaries that were given, by year."""
    found = values["salaries"]
    if not isinstance(found, Mapping):
        raise TypeError("salaries are not by year")
    return found


def departure_of(values: Mapping[str, Value]) -> int:
    """The month of departure, the delay included."""
    return month_of(day_of(values, "liquidation_date")) + int(number_of(values, "delay_months"))


def unsupported(values: Mapping[str, Value]) -> Fault | None:
    """The fault of a departure whose figures are not known, if it is one."""
    found, month = tables(), departure_of(values)
    last_year = month_of(date(LAST_YEAR, 1, 1))
    latest = last_year if values["constant_law"] else found.last_departure
    if found.first_departure <= month <= latest:
        return None
    first, last = first_day(found.first_departure), first_day(found.last_departure)
    message = Text(
        f"Les barèmes sont connus pour un départ du {first:%d/%m/%Y} au {last:%d/%m/%Y} ; après, "
        f"jusqu'en {LAST_YEAR}, « constant_law » applique les derniers.",
        f"Figures are known for departures from {first} to {last}; after that, until {LAST_YEAR}, "
        "constant_law applies the last ones.",
    )
    name = "delay_months" if number_of(values, "delay_months") else "liquidation_date"
    return Fault(
        pointer=pointer(name),
        code="unsupported-date",
        message=message,
        supported=supported(),
    )


def supported() -> tuple[str, ...]:
    """The years of departure that are known, as a refusal lists them."""
    found = tables()
    years = range(found.first_departure // 12, found.last_known_year + 1)
    return tuple(str(year) for year in years)


def settle(values: Mapping[str, Value], given: frozenset[str], asked: date | None) -> date:
    """The date whose figures apply: that of the departure, or the last known one. Raises Faulty."""
    faults = [*_out_of_scope(values), *_dates(values), *_career(values), *_parts(values)]
    month = min(departure_of(values), tables().last_departure)
    if not faults and asked is not None and month_of(asked) != month:
        day = first_day(month).isoformat()
        text = Text(
            f"Le départ demandé s'apprécie au {day}.",
            f"The departure asked for is judged on {day}.",
        )
        faults.append(
            Fault(pointer="/law_date", code="inconsistent", message=text, supported=(day,))
        )
    if faults:
        raise Faulty(faults)
    return first_day(month)


def _wrong(name: str, fr: str, en: str, *steps: str, code: str = "inconsistent") -> Fault:
    return Fault(pointer=pointer(name, *steps), code=code, message=Text(fr, en))


def _out_of_scope(values: Mapping[str, Value]) -> list[Fault]:
    if values["career"] == "private":
        return []
    word = CAREER.options[str(values["career"])]
    return [
        _wrong("career", f"Hors du champ de ce simulateur : {word.fr}.",
               f"Out of the scope of this simulator: {word.en}.", code="out-of-scope")
    ]  # fmt: skip


def _dates(values: Mapping[str, Value]) -> list[Fault]:
    faults = []
    birth, liquidation = day_of(values, "birth_date"), day_of(values, "liquidation_date")
    first = tables().first_birth
    if birth < first:
        text = Text(
            f"Les règles des personnes nées avant {first.year} ne sont pas connues ici.",
            f"The rules for people born before {first.year} are not known here.",
        )
        faults.append(
            Fault(
                pointer="/birth_date", code="unsupported-date", message=text,
                supported=(first.isoformat(),),
            )
        )  # fmt: skip
    if liquidation.day != 1:
        faults.append(_wrong("liquidation_date", "Le premier jour d'un mois est attendu.",
                             "The first day of a month is expected."))  # fmt: skip
    fault = unsupported(values)
    return [*faults, fault] if fault else faults


def _career(values: Mapping[str, Value]) -> list[Fault]:
    faults = []
    salaries = salaries_of(values)
    if salaries:
        for name in _KNOWN:
            if values[name]:
                french = "Se calcule d'après les salaires : donnez l'un ou l'autre."
                faults.append(_wrong(name, french, "Computed from the salaries: give either."))
        youngest = day_of(values, "birth_date").year + YOUNGEST
        last = (month_of(day_of(values, "liquidation_date")) - 1) // 12  # of the last month worked
        for year in salaries:
            if not youngest <= year <= last:
                faults.append(
                    _wrong("salaries", f"Un salaire est possible de {youngest} à {last}.",
                           f"A salary is possible from {youngest} to {last}.", str(year))
                )  # fmt: skip
        return faults
    for name in _COMPUTED:
        if values[name]:
            french = "Déjà compris dans « quarters », faute de salaires."
            faults.append(_wrong(name, french, "Already in quarters, as no salaries are given."))
    for name in ("average_salary", "quarters"):
        if not values[name]:
            french = "Obligatoire quand « salaries » n'est pas donné."
            english = "Required when salaries are not given."
            faults.append(_wrong(name, french, english, code="missing"))
    return faults


def _parts(values: Mapping[str, Value]) -> list[Fault]:
    """Inputs that are a part of another one and exceed it."""
    faults = []
    for part, whole in _PARTS:
        if number_of(values, part) > number_of(values, whole):
            faults.append(_wrong(part, f"Plus que « {whole} ».", f"More than {whole}."))
    both = number_of(values, "points_since_2012") + number_of(values, "points_1999_2011")
    if not faults and both > number_of(values, "points"):
        faults.append(_wrong("points_1999_2011", "Plus que « points », avec ceux d'après.",
                             "More than points, with later ones."))  # fmt: skip
    return faults
