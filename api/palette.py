"""The colours and symbols of stances, and the colours of distances, for the explorer and the charts.

The colours remain distinct under every common form of colour blindness and differ in lightness. Each stance has a symbol too, for readers
who cannot see colours.
"""

from typing import NamedTuple

from schemas.vocabulary import Stance


class Look(NamedTuple):
    """The fill of a cell, a text colour that is legible on it, and the symbol."""

    fill: str
    ink: str
    symbol: str


#: What a cell can show instead of a stance: contradictory stances, or a missing answer.
CONFLICTING, UNRECORDED = "conflicting", "no answer recorded"

LOOKS: dict[Stance | str, Look] = {
    Stance.SUPPORTS: Look("#00463f", "#ffffff", "✓"),
    Stance.SUPPORTS_CONDITIONALLY: Look("#74c4b6", "#000000", "✓*"),
    Stance.UNDECIDED: Look("#cccccc", "#000000", "○"),
    Stance.UNCLEAR: Look("#f2df9e", "#000000", "?"),
    Stance.OPPOSES_IN_PART: Look("#e08e2b", "#000000", "✗*"),
    Stance.OPPOSES: Look("#b5400a", "#ffffff", "✗"),
    CONFLICTING: Look("#f2df9e", "#000000", "≠"),
    UNRECORDED: Look("#ffffff", "#000000", "—"),
}

#: The fill for each distance between two stances, the darker the further apart.
DISTANCES = {0.0: "#fdeedd", 0.25: "#f8c795", 0.5: "#ec9a4f", 0.75: "#cc6420", 1.0: "#8f3308"}
#: The fill where there are no two stances to compare.
NO_DISTANCE = "#d5d5d5"


def apart(distance: float | None) -> str:
    """The class of the style sheet for a distance."""
    return "incomparable" if distance is None else f"apart-{round(distance * 100)}"


#: The rules of the style sheet: a class for each look and each distance. A missing answer has none, since pages say it in words.
STYLE = "".join(
    [
        *(
            f".{name} {{ background: {look.fill}; color: {look.ink}; }}\n"
            for name, look in LOOKS.items()
            if name != UNRECORDED
        ),
        *(f".{apart(distance)} {{ fill: {fill}; }}\n" for distance, fill in [*DISTANCES.items(), (None, NO_DISTANCE)]),
    ]
)
