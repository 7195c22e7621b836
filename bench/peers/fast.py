"""FastAPI, SQLAlchemy's ORM and pydantic, as their documentation shows them."""

from typing import Any

from fastapi import Depends, FastAPI, HTTPException
from peers.tables import Position, Session
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session as OrmSession

app = FastAPI()


class Named(BaseModel):
    """A reference."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str


class PositionOut(BaseModel):
    """A position."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    process: Named
    kind: str
    party: Named
    issue: Named | None
    stance: str
    summary: str
    valid_from: str | None
    valid_until: str | None
    ended: bool
    salience: str
    note: str | None
    first_reported_on: str
    claim_status: str
    evidence_count: int
    document_count: int
    origin_count: int


class Page(BaseModel):
    """A page of positions."""

    data: list[PositionOut]
    total: int
    next: str | None


def session() -> Any:
    """A session for one request."""
    with Session() as made:
        yield made


@app.get("/positions", response_model=Page)
def positions(party: str | None = None, limit: int = 50, after: str = "", db: OrmSession = Depends(session)) -> Any:  # noqa: B008  # FastAPI's own way
    """A page of positions, by party."""
    where = [Position.party_id == party] if party else []
    total = db.scalar(select(func.count()).select_from(Position).where(*where))
    statement = select(Position).where(*where, Position.id > after).order_by(Position.id).limit(limit)
    rows = db.scalars(statement).all()
    return {"data": rows, "total": total, "next": rows[-1].id if len(rows) == limit else None}


@app.get("/positions/{id}", response_model=PositionOut)
def position(id: str, db: OrmSession = Depends(session)) -> Any:  # noqa: B008  # FastAPI's own way
    """One position."""
    found = db.get(Position, id)
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/search", response_model=Page)
def search(q: str, limit: int = 50, db: OrmSession = Depends(session)) -> Any:  # noqa: B008  # FastAPI's own way
    """Positions whose summary has the words, the best first."""
    total = db.scalar(text("SELECT count(*) FROM search WHERE search MATCH :q"), {"q": q})
    ids = db.scalars(
        text("SELECT id FROM search WHERE search MATCH :q ORDER BY rank LIMIT :limit"), {"q": q, "limit": limit}
    ).all()
    rows = {row.id: row for row in db.scalars(select(Position).where(Position.id.in_(ids)))}
    return {"data": [rows[id] for id in ids], "total": total, "next": None}
