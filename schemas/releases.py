"""Releases of the data, and what each changed; and ids that are no longer used."""

from schemas.fields import (
    Anything,
    Day,
    DerivedId,
    Integer,
    Pattern,
    Pieces,
    Reference,
    Slug,
    Subject,
    Term,
    Text,
)
from schemas.record import Mapping, Record
from schemas.vocabulary import Action


class ReleaseFileSchema(Mapping):
    """``release.yaml``: the id and the date of the release that the folder holds."""

    id = Slug("Its id, such as r2026-1; give a new one whenever the folder changes.", longest=20, required=True)
    date = Day(
        "Its date. Answers use it as today's date, so that none depends on the clock of a machine.", required=True
    )
    note = Text("What is new in it.", longest=2000)


class RetiredSchema(Mapping):
    """An entry of ``retired.yaml``: an id that is no longer used, and the one to use in its place, if there is one."""

    collection = Pattern(
        "The collection.", pattern="[a-z]+", form="the name of a collection", longest=40, required=True
    )
    id = Slug("The id that is no longer used.", required=True)
    successor = Slug("The id to use in its place; left out if the record was withdrawn.", required=False)
    note = Text("Why.", longest=500)


class ReleaseSchema(Record):
    """One version of the data, loaded as a whole."""

    named_by = "id"

    date = Day("Its date.", dump_only=True)
    digest = Pattern(
        "The SHA-256 of its seed files.",
        title="Digest of its seeds",
        pattern="[0-9a-f]{64}",
        form="a SHA-256",
        longest=64,
        dump_only=True,
    )
    record_count = Integer(
        "Records in it, including evidence and the offers derived from terms.", title="Records", dump_only=True
    )
    added = Integer("Records of the seeds that it added; derived offers are not counted.", dump_only=True)
    changed = Integer("Records of the seeds that it changed.", dump_only=True)
    removed = Integer("Records of the seeds that it removed.", dump_only=True)


class FieldChangeSchema(Mapping):
    """One field of a record, before and after."""

    field = Text("The field.", longest=80, dump_only=True)
    before = Anything("Its value in the release before; null if it had none.", dump_only=True)
    after = Anything("Its value in this release; null if it has none.", dump_only=True)


class ChangeSchema(Record):
    """What one release did to one record of the seeds.

    Its effects on other records are not listed as changes: the name by which they refer to it, the claim status and counts that its
    evidence decides, and the offers derived from a term. To keep an exact copy, compare the digests of `/v1/tables`.
    """

    named_by = "id"

    id = DerivedId("Derived from the release and the record.", dump_only=True)  # type: ignore[assignment]  # made, not written
    release = Reference("releases", "The release that made the change.", dump_only=True)
    record = Subject("The record that changed.", dump_only=True)
    collection = Text("The record's collection.", longest=40, dump_only=True, searched=False)
    action = Term(Action, dump_only=True)
    fields_changed = Pieces(FieldChangeSchema, "For a changed record: each field that differs.", dump_only=True)
    date = Day("The date of the release.", dump_only=True, later=True)
