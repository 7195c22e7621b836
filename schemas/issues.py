"""Issues: the contested questions."""

from schemas.fields import Reference, Text
from schemas.record import OfProcess


class IssueSchema(OfProcess):
    """One contested question, put as a proposition that one can support or oppose; or a topic, which has none and holds no positions."""

    example = "ceasefire-now"
    named_by = "label"

    label = Text("A short name.", longest=120, required=True)
    proposition = Text("The sentence that a stance is toward; null for a topic.", longest=300)
    definition = Text("What the question covers, and what it does not.", required=True)
    parent = Reference("issues", "The topic that it belongs to.", title="Topic")
