"""The passage beside its pointer: shown by a server that has the texts, and by no other."""

from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from support import Api, dispose

from api.app import create_service
from api.database import open_database
from api.loader import load
from api.resources import RESOURCES
from api.settings import Settings
from schemas.fields import span

SAMPLE = Path(__file__).with_name("sample")


def test_a_server_with_the_texts_shows_the_passage_and_one_without_shows_none(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path / 'sample.db'}")
    load(SAMPLE / "seeds", open_database(url), RESOURCES)
    for texts in (SAMPLE / "texts", None):
        service = create_service(Settings(database=url, seeds=SAMPLE / "seeds", texts=texts))
        api = Api(service.wsgi)
        evidence: list[Any] = api.all("/v1/evidence")
        assert evidence
        for one in evidence:
            if texts is None:
                assert one["quote"] is None
            elif one["selector"]:
                start, end = span(one["selector"])
                assert len(one["quote"]) == end - start
            assert api.data(one["href"])["quote"] == one["quote"]
        subject = evidence[0]["subject"]["href"]
        assert api.data(subject)["evidence"][0]["quote"] == next(
            one["quote"] for one in evidence if one["id"] == api.data(subject)["evidence"][0]["id"]
        )
        dispose(service)
