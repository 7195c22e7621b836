"""Fill the README's questions with the real answers of the shipped data: ``python docs/make_readme.py [--check]``."""

import sys
import tempfile
from pathlib import Path

import click
from sqlalchemy.engine import make_url
from werkzeug.test import Client

from api.app import create_service
from api.database import open_database
from api.loader import load
from api.resources import RESOURCES
from api.settings import SHIPPED_SEEDS, Settings

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- answers -->", "<!-- /answers -->"

#: What is asked, where, and how many characters of the answer are shown.
QUESTIONS = (
    ("What has been proposed?", "/proposals", 560),
    ("Which positions does Russia hold or voice?", "/parties/russia/positions", 700),
    (
        "Since when is Russia for a freeze, and what does that rest on?",
        "/stances.json?party=russia&issue=freeze-current-lines",
        1400,
    ),
    ("How far apart are Russia and Ukraine, and on what?", "/gaps.csv?parties=russia,ukraine", 760),
    (
        "How was the American plan received, term by term?",
        "/proposals/us-phased-withdrawal-proposal/reception.csv",
        900,
    ),
    ("Did that call take place?", "/events/ushakov-sullivan-call/dossier", 400),
    (
        "How many positions were known on 20 February 2024, by stance?",
        "/facets/positions?by=stance&known_at=2024-02-20",
        800,
    ),
    ("What rests on named speakers alone?", "/positions.csv?mode=on_record&issue=security", 700),
    ("Who has not answered what Russia asks?", "/silences.csv?party=russia", 640),
    ("Where is something said about Crimea?", "/search?q=crimea&limit=2", 560),
    ("What if I mistype?", "/parties/rusia", 600),
)


def answers() -> str:
    """The section of the README, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=make_url(f"sqlite:///{folder}/readme.db"), seeds=SHIPPED_SEEDS)
        load(settings.seeds, open_database(settings.database), RESOURCES)
        client = Client(create_service(settings).wsgi)
        parts = []
        for question, path, length in QUESTIONS:
            text = client.get(path).get_data(as_text=True).replace("\r\n", "\n")
            shown = text if len(text) <= length else text[:length] + "…"
            quoted = f"'localhost:8000{path}'" if "&" in path or "?" in path else f"localhost:8000{path}"
            parts.append(f"**{question}**\n\n```console\n$ curl {quoted}\n{shown.rstrip()}\n```")
    return "\n\n".join(parts)


@click.command()
@click.option("--check", is_flag=True, help="Do not write; fail where the README is not current.")
def main(check: bool) -> None:
    """Fill the README's questions with their answers."""
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    made = f"{head}{BEGIN}\n\n{answers()}\n\n{END}{tail}"
    if made == text:
        click.echo("The README's answers are current.")
    elif check:
        raise click.ClickException(
            "the README's answers are not current; run `python docs/make_readme.py` and commit it"
        )
    else:
        README.write_text(made, encoding="utf-8")
        click.echo("The README's answers are written.")


if __name__ == "__main__":
    sys.exit(main())
