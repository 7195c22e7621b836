"""Which parties a stance counts for: that of a person or a body counts for the state that they represent.

A party *reaches* itself and, by affiliations that represent, whoever it represents, transitively. An affiliation counts
where it may have been valid at some moment of the span in which the position can have been taken: what somebody held before
taking office does not become the state's by the office.

Asked ``as_of``, what had not begun to represent by the day does not yet count. For what somebody *held* on the day it must also not
have ended: on a day on which a person did not represent a party, their position is not the party's. What somebody *did* by the day,
such as an answer, stays that of whom they represented then.

With ``fold=affiliation`` a position counts for those that its holder reaches and who represent nobody else themselves; where
parties are asked for, for those of them that its holder reaches. With ``fold=none`` it counts for its holder alone.
"""

from collections.abc import Iterable
from datetime import date

from api.claims import Representation, Span

_EVER = (date.min, date.max)


class Folding(Representation):
    """Who represents whom, for one question."""

    def __init__(
        self, affiliations: Iterable[tuple[str, str, date, date]], asked: Iterable[str] = (), *, fold: bool = True
    ) -> None:
        super().__init__(affiliations if fold else ())
        self.asked = frozenset(asked)
        self._known: dict[tuple[str, Span], tuple[str, ...]] = {}
        self._timed: dict[str, bool] = {}

    @property
    def holders(self) -> set[str] | None:
        """Those whose positions may count for the parties that are asked for; None where that is everybody."""
        if not self.asked:
            return None
        return {*self.asked, *(party for party in self.edges if self.reach(party, _EVER) & self.asked)}

    @property
    def changing(self) -> set[str]:
        """The parties for whom it depends on the time whom they represent."""
        return {party for party in self.edges if self.timed(party)}

    def timed(self, party: str) -> bool:
        """Whether whom the party represents depends on the time."""
        if party not in self.edges:
            return False
        if party not in self._timed:
            self._timed[party] = any(
                since != date.min or until != date.max
                for reached in self.reach(party, _EVER)
                for _, since, until in self.edges.get(reached, ())
            )
        return self._timed[party]

    def columns(self, party: str, span: Span) -> tuple[str, ...]:
        """The parties for which a position counts that ``party`` took within the span; none if they were not asked for."""
        if party not in self.edges:
            return (party,) if not self.asked or party in self.asked else ()
        key = (party, span)
        if key not in self._known:
            reached = self.reach(party, span)
            found = reached & self.asked if self.asked else self._last(reached, span) or {party}
            self._known[key] = tuple(sorted(found))
        return self._known[key]

    def _last(self, reached: set[str], span: Span) -> set[str]:
        return {party for party in reached if not self.represented(party, span)}
