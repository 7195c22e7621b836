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
    """``release.yaml``: the name and the date of what the folder holds."""

    id = Slug("Its name, such as r2026-1; a changed folder must change it.", longest=20, required=True)
    date = Day("Its date. Nothing in an answer depends on today: this is the data's own today.", required=True)
    note = Text("What is new in it.", longest=2000)


class RetiredSchema(Mapping):
    """An entry of ``retired.yaml``: an id that is no longer used, and the one to use in its place, if there is one."""

    collection = Pattern(
        "The collection.", pattern="[a-z]+", form="the name of a collection", longest=40, required=True
    )
    id = Slug("The id that is no longer used.", required=True)
    successor = Slug("The id to use in its place; left out where the record was withdrawn.", required=False)
    note = Text("Why.", longest=500)


class ReleaseSchema(Record):
    """One load of the data."""

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
        "Records in it, evidence included, and the offers that follow from terms.", title="Records", dump_only=True
    )
    added = Integer(
        "Records of the seeds that it added; offers are not counted, as they follow from these.", dump_only=True
    )
    changed = Integer("Records that it changed.", dump_only=True)
    removed = Integer("Records that it removed.", dump_only=True)


class FieldChangeSchema(Mapping):
    """One field of a record, before and after."""

    field = Text("The field.", longest=80, dump_only=True)
    before = Anything("Its value in the release before; null where it had none.", dump_only=True)
    after = Anything("Its value in this release; null where it has none.", dump_only=True)


class ChangeSchema(Record):
    """What one release did to one record."""

    named_by = "id"

    id = DerivedId("Made from the release and the record.", dump_only=True)  # type: ignore[assignment]  # made, not written
    release = Reference("releases", "The release.", dump_only=True)
    record = Subject("The record.", dump_only=True)
    collection = Text("The record's collection.", longest=40, dump_only=True, searched=False)
    action = Term(Action, dump_only=True)
    fields_changed = Pieces(FieldChangeSchema, "For a changed record: each field that differs.", dump_only=True)
