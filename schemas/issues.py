"""Issues: the contested questions."""

from schemas.fields import Reference, Strings, Text
from schemas.record import OfProcess


class IssueSchema(OfProcess):
    """One contested question, worded as a proposition to support or oppose; or a topic, which groups issues and has no positions."""

    example = "ceasefire-now"
    named_by = "label"

    label = Text("A short name.", longest=120, required=True)
    proposition = Text("The sentence that stances support or oppose; null for a topic.", longest=300)
    definition = Text("What the question covers, and what it does not.", required=True)
    parent = Reference("issues", "The topic it belongs to.", title="Topic")
    aliases = Strings("Other names and spellings.", title="Also called", later=True)
