"""Flask, SQLAlchemy's ORM and marshmallow, as their documentation shows them."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, abort, request
from marshmallow import Schema, fields
from peers.rows import csv_lines
from peers.tables import Position, Sessions, everything, found, latest, page

app = Flask(__name__)


class NamedSchema(Schema):
    """A reference."""

    id = fields.String()
    name = fields.String()


class EvidenceSchema(Schema):
    """A citation."""

    id = fields.Integer()
    source = fields.Nested(NamedSchema)
    selector = fields.String()
    digest = fields.String()
    relation = fields.String()
    speaker = fields.Nested(NamedSchema, allow_none=True)
    speaker_description = fields.String()
    mode = fields.String()
    via = fields.Nested(NamedSchema, allow_none=True)
    credibility = fields.String()
    said_on = fields.String()
    note = fields.String()
    known_on = fields.String()


class PositionSchema(Schema):
    """A position in a list."""

    id = fields.String()
    process = fields.Nested(NamedSchema)
    kind = fields.String()
    party = fields.Nested(NamedSchema)
    issue = fields.Nested(NamedSchema, allow_none=True)
    stance = fields.String()
    summary = fields.String()
    valid_from = fields.String()
    valid_until = fields.String()
    ended = fields.Boolean()
    salience = fields.String()
    firmness = fields.String()
    lifecycle = fields.String()
    consequence = fields.String()
    verdict = fields.String()
    proposal_id = fields.String()
    term_id = fields.String()
    demand_id = fields.String()
    note = fields.String()
    first_reported_on = fields.String()
    claim_status = fields.String()
    evidence_count = fields.Integer()
    document_count = fields.Integer()
    origin_count = fields.Integer()


class WholePositionSchema(PositionSchema):
    """A position by itself."""

    evidence = fields.List(fields.Nested(EvidenceSchema))


class HitSchema(Schema):
    """What a search found."""

    id = fields.String()
    name = fields.String()
    highlight = fields.String()


class CellSchema(Schema):
    """The latest position of a party on an issue."""

    party = fields.Nested(NamedSchema)
    issue = fields.Nested(NamedSchema)
    stance = fields.String()
    id = fields.String()
    summary = fields.String()
    kind = fields.String()
    valid_from = fields.String()
    valid_until = fields.String()
    ended = fields.Boolean()
    first_reported_on = fields.String()
    claim_status = fields.String()
    document_count = fields.Integer()
    origin_count = fields.Integer()


LISTED, ONE, HITS, CELLS = PositionSchema(many=True), WholePositionSchema(), HitSchema(many=True), CellSchema(many=True)
LINE = PositionSchema()


@app.get("/positions")
def positions() -> Any:
    """A page of positions, by party."""
    party, limit, after = request.args.get("party"), int(request.args.get("limit", 50)), request.args.get("after", "")
    with Sessions() as db:
        made = page(db, party, limit, after)
        return {**made, "data": LISTED.dump(made["data"])}


@app.get("/positions/<id>")
def position(id: str) -> Any:
    """One position with its evidence."""
    with Sessions() as db:
        return ONE.dump(db.get(Position, id) or abort(404))


@app.get("/search")
def search() -> Any:
    """Positions whose summary has the words."""
    with Sessions() as db:
        made = found(db, request.args["q"], int(request.args.get("limit", 50)))
        return {**made, "data": HITS.dump(made["data"])}


@app.get("/matrix")
def matrix() -> Any:
    """The latest position of each party on each issue."""
    with Sessions() as db:
        return {"data": CELLS.dump(latest(db))}


@app.get("/export.csv")
def export_csv() -> Response:
    """Every position as CSV."""

    def lines() -> Iterator[str]:
        with Sessions() as db:
            yield from csv_lines(db.scalars(everything()))

    return Response(lines(), mimetype="text/csv")


@app.get("/export.ndjson")
def export_ndjson() -> Response:
    """Every position as a line of JSON."""

    def lines() -> Iterator[str]:
        with Sessions() as db:
            for one in db.scalars(everything()):
                yield LINE.dumps(one) + "\n"

    return Response(lines(), mimetype="application/x-ndjson")
