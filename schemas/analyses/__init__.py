"""The answers of the analyses, one module for each. The functions of `api.analysis` return data of these shapes; the contract and the
flat tables are generated from them.
"""

from schemas.analyses.citation import CitationSchema
from schemas.analyses.common import AnalysisMetaSchema
from schemas.analyses.diff import DiffSchema
from schemas.analyses.dossier import DossierSchema
from schemas.analyses.facets import FacetCountSchema
from schemas.analyses.gaps import GapSchema, GapSpanSchema
from schemas.analyses.matrix import MatrixChangeSchema, MatrixRowSchema, MatrixTopicSchema
from schemas.analyses.movements import MovementSchema
from schemas.analyses.reception import ReceptionSchema
from schemas.analyses.silences import SilenceSchema
from schemas.analyses.timeline import TimelineEntrySchema

#: The schemas of all answers; the schemas inside them need no entry.
ANSWERS = (
    AnalysisMetaSchema,
    MatrixRowSchema,
    MatrixTopicSchema,
    MatrixChangeSchema,
    GapSchema,
    GapSpanSchema,
    ReceptionSchema,
    DiffSchema,
    TimelineEntrySchema,
    MovementSchema,
    SilenceSchema,
    DossierSchema,
    FacetCountSchema,
    CitationSchema,
)
