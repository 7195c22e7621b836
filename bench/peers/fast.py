"""FastAPI, SQLAlchemy's ORM and pydantic, as their documentation shows them."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from peers.rows import csv_lines
from peers.tables import Position, Sessions, everything, found, latest, page
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

app = FastAPI()


class Named(BaseModel):
    """A reference."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str


class EvidenceOut(BaseModel):
    """A citation."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    source: Named
    selector: str | None
    digest: str | None
    relation: str
    speaker: Named | None
    speaker_description: str | None
    mode: str
    via: Named | None
    credibility: str
    said_on: str | None
    note: str | None
    known_on: str


class PositionOut(BaseModel):
    """A position in a list."""

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
    firmness: str | None
    lifecycle: str | None
    consequence: str | None
    verdict: str | None
    proposal_id: str | None
    term_id: str | None
    demand_id: str | None
    note: str | None
    first_reported_on: str
    claim_status: str
    evidence_count: int
    document_count: int
    origin_count: int


class WholePosition(PositionOut):
    """A position by itself."""

    evidence: list[EvidenceOut]


class Page(BaseModel):
    """A page of positions."""

    data: list[PositionOut]
    total: int
    next: str | None


class Hit(BaseModel):
    """What a search found."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    name: str
    highlight: str


class Hits(BaseModel):
    """A page of a search."""

    data: list[Hit]
    total: int
    next: str | None


class Cell(BaseModel):
    """The latest position of a party on an issue."""

    model_config = ConfigDict(from_attributes=True)
    party: Named
    issue: Named
    stance: str
    id: str
    summary: str
    kind: str
    valid_from: str | None
    valid_until: str | None
    ended: bool
    first_reported_on: str
    claim_status: str
    document_count: int
    origin_count: int


class Matrix(BaseModel):
    """Parties and issues."""

    data: list[Cell]


def session() -> Iterator[Session]:
    """A session for one request."""
    with Sessions() as made:
        yield made


Db = Annotated[Session, Depends(session)]


@app.get("/positions", response_model=Page)
def positions(db: Db, party: str | None = None, limit: int = 50, after: str = "") -> Any:
    """A page of positions, by party."""
    return page(db, party, limit, after)


@app.get("/positions/{id}", response_model=WholePosition)
def position(db: Db, id: str) -> Any:
    """One position with its evidence."""
    one = db.get(Position, id)
    if one is None:
        raise HTTPException(404)
    return one


@app.get("/search", response_model=Hits)
def search(db: Db, q: str, limit: int = 50) -> Any:
    """Positions whose summary has the words."""
    return found(db, q, limit)


@app.get("/matrix", response_model=Matrix)
def matrix(db: Db) -> Any:
    """The latest position of each party on each issue."""
    return {"data": latest(db)}


@app.get("/export.csv")
def export_csv(db: Db) -> StreamingResponse:
    """Every position as CSV."""
    return StreamingResponse(csv_lines(db.scalars(everything())), media_type="text/csv")


@app.get("/export.ndjson")
def export_ndjson(db: Db) -> StreamingResponse:
    """Every position as a line of JSON."""
    lines = (PositionOut.model_validate(one).model_dump_json() + "\n" for one in db.scalars(everything()))
    return StreamingResponse(lines, media_type="application/x-ndjson")
