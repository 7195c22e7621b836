"""Flask, SQLAlchemy's ORM and marshmallow, as their documentation shows them."""

from typing import Any

from flask import Flask, abort, request
from marshmallow import Schema, fields
from peers.tables import Position, Session
from sqlalchemy import func, select, text

app = Flask(__name__)


class NamedSchema(Schema):
    """A reference."""

    id = fields.String()
    name = fields.String()


class PositionSchema(Schema):
    """A position."""

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
    note = fields.String()
    first_reported_on = fields.String()
    claim_status = fields.String()
    evidence_count = fields.Integer()
    document_count = fields.Integer()
    origin_count = fields.Integer()


ONE, MANY = PositionSchema(), PositionSchema(many=True)


@app.get("/positions")
def positions() -> Any:
    """A page of positions, by party."""
    party, limit, after = request.args.get("party"), int(request.args.get("limit", 50)), request.args.get("after", "")
    where = [Position.party_id == party] if party else []
    with Session() as db:
        total = db.scalar(select(func.count()).select_from(Position).where(*where))
        statement = select(Position).where(*where, Position.id > after).order_by(Position.id).limit(limit)
        rows = db.scalars(statement).all()
        return {"data": MANY.dump(rows), "total": total, "next": rows[-1].id if len(rows) == limit else None}


@app.get("/positions/<id>")
def position(id: str) -> Any:
    """One position."""
    with Session() as db:
        found = db.get(Position, id) or abort(404)
        return ONE.dump(found)


@app.get("/search")
def search() -> Any:
    """Positions whose summary has the words, the best first."""
    q, limit = request.args["q"], int(request.args.get("limit", 50))
    with Session() as db:
        total = db.scalar(text("SELECT count(*) FROM search WHERE search MATCH :q"), {"q": q})
        ids = db.scalars(
            text("SELECT id FROM search WHERE search MATCH :q ORDER BY rank LIMIT :limit"), {"q": q, "limit": limit}
        ).all()
        rows = {row.id: row for row in db.scalars(select(Position).where(Position.id.in_(ids)))}
        return {"data": MANY.dump([rows[id] for id in ids]), "total": total, "next": None}
