"""How stances look: one table, from which the explorer's style and symbols and the ready charts are made.

The colours hold up for every common colour blindness and differ in lightness; and each is doubled by a symbol, since colour alone tells
some readers nothing.
"""

from typing import NamedTuple

from schemas.vocabulary import Stance


class Look(NamedTuple):
    """The fill of a cell, the ink that can be read on it, and the symbol."""

    fill: str
    ink: str
    symbol: str


#: What a cell may show beside one stance: several that contradict one another, or an answer that is missing.
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

#: The rules of the style sheet, a class for each; the pages write out that an answer is missing.
STYLE = "".join(
    f".{name} {{ background: {look.fill}; color: {look.ink}; }}\n" for name, look in LOOKS.items() if name != UNRECORDED
)
