"""What the map says in words: its title, its sentence, the words of its legend.

The page, the picture and the panel say the same because they ask here.
"""

from dataclasses import dataclass
from datetime import date

from api.formats import Formats
from api.i18n_texts import Texts
from api.map_view import SHARES, MapView, Row, share_bounds
from catalog.referential import Referential
from catalog.states import Simple, State
from catalog.summary import Summary
from catalog.territories import NO_EPCI


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language for one view."""

    t: Texts
    fmt: Formats
    referential: Referential
    view: MapView
    today: date

    @property
    def service(self) -> str:
        """The name of the service, as « Site officiel »."""
        return self.referential.title(self.view.filters.service, self.t.language)

    @property
    def where(self) -> str:
        return self.view.whole.name

    @property
    def when(self) -> str:
        """The day of the view, in words."""
        return self.fmt.date(self.view.filters.day or self.today)

    @property
    def how(self) -> str:
        """« par département », « commune par commune »."""
        return str(self.t(f"map.how.{self.view.filters.level}"))

    @property
    def title(self) -> str:
        """One line: the service, where, how, when."""
        return str(
            self.t("map.title", service=self.service, where=self.where, how=self.how,
                   day=self.when)
        )  # fmt: skip

    @property
    def known(self) -> str:
        """« 62 % connu »."""
        return str(self.t("map.known", share=self.fmt.percent(self.view.whole.known_share)))

    @property
    def bounds(self) -> str:
        """« entre 62 % et 100 % des communes », or why there is no figure."""
        return self.bounds_of(self.view.whole)

    @property
    def present(self) -> str:
        """« présent : entre 62 % et 100 % »; empty when there is no figure."""
        whole = self.view.whole
        if whole.bounds.lower is None or whole.known == 0:
            return ""
        return str(self.t("map.present", bounds=self.bounds))

    def bounds_of(self, area: Summary) -> str:
        lower, upper = area.bounds.lower, area.bounds.upper
        if lower is None or upper is None:
            return str(self.t("map.bounds.other"))
        if area.simple[Simple.UNKNOWN] == area.communes - area.simple[Simple.OTHER]:
            return str(self.t("map.bounds.nothing"))
        if lower == upper:
            return str(self.t("map.bounds.exact", share=self.fmt.percent(lower)))
        return str(
            self.t("map.bounds.between", lower=self.fmt.percent(lower),
                   upper=self.fmt.percent(upper))
        )  # fmt: skip

    @property
    def sentence(self) -> str:
        """The view in one or two sentences: the detailed description of the picture."""
        whole = self.view.whole
        if whole.known == 0:
            return str(
                self.t("map.sentence.nothing", service=self.service, where=self.where,
                       communes=self.fmt.number(whole.communes))
            )  # fmt: skip
        found = [
            self.t(
                "map.sentence.known",
                service=self.service,
                where=self.where,
                known=self.fmt.number(whole.known),
                communes=self.fmt.number(whole.communes),
                share=self.fmt.percent(whole.known_share),
            )
        ]
        if whole.bounds.lower is None:
            found.append(self.t("map.sentence.other"))
        else:
            key = "exact" if whole.bounds.lower == whole.bounds.upper else "between"
            found.append(
                self.t(
                    f"map.sentence.{key}",
                    lower=self.fmt.percent(whole.bounds.lower),
                    upper=self.fmt.percent(whole.bounds.upper),
                )
            )
        if other := whole.simple[Simple.OTHER]:
            found.append(self.t.plural("map.sentence.others", other, n=self.fmt.number(other)))
        return " ".join(found)

    @property
    def announcement(self) -> str:
        """What is said when the view has changed."""
        return str(
            self.t("map.announce", title=self.title,
                   communes=self.fmt.number(self.view.whole.communes), known=self.known)
        )  # fmt: skip

    def row(self, row: Row) -> str:
        """The words of a line of the legend."""
        if row.id not in SHARES:
            return row.state.title(self.t.language)
        if row.id == "share-other":
            return str(self.t("map.shares.other"))
        if row.id == "share-unknown":
            return str(self.t("map.shares.unknown"))
        low, high = share_bounds(row.id)
        if low == 0:
            return str(self.t("map.shares.first", high=self.fmt.percent(high / 100, 0)))
        return str(self.t("map.shares.range", low=self.fmt.percent(low / 100, 0)))

    def mark(self, row: Row) -> str:
        """The mark of a line. A share class is no level, so it has no level's digit."""
        return "" if row.id in SHARES and row.state.level else row.state.look.mark

    def figures(self, row: Row) -> str:
        """« 12 départements » or « 21 460 communes (62 %) »."""
        unit = "commune" if row.id not in SHARES else self.view.filters.level
        count = self.t.plural(f"map.units.{unit}", row.count, n=self.fmt.number(row.count))
        return f"{count} ({self.fmt.percent(row.share)})"

    def area(self, area: Summary) -> str:
        """The name of a part; the communes without EPCI have one too."""
        return str(self.t("map.no_epci")) if area.code == NO_EPCI else area.name

    @property
    def states(self) -> tuple[State, ...]:
        """The states that have a column of the table: those that exist here, and unknown."""
        held = self.view.whole.states
        return tuple(
            row.state for row in self.view.states if held[row.id] or row.state is State.UNKNOWN
        )
