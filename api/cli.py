"""The command line, ``positions``: one function for each command."""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.engine import make_url

from api.app import create_service
from api.contract.openapi import to_yaml
from api.database import DatabaseError, NothingLoaded, Store, open_database
from api.loader import Loaded, SeedError, build_digest, check, load, seeds_digest
from api.loader.check import Progress as Report
from api.loader.editors import editor_schemas
from api.loader.faults import Unplaced, suggestion
from api.loader.load import Prepare
from api.loader.read import fault_at
from api.passages import CitingError, cite, coverage_page, text_of, verify
from api.prepared import preparing
from api.resources import RESOURCES
from api.server import ServerError, refuse_taken, serve
from api.settings import DEFAULT_DATABASE, SHIPPED_SEEDS, SettingError, Settings
from api.views import export, prepared_operations

if TYPE_CHECKING:
    from api.progress import Shown

CONTRACT = Path("openapi.yaml")
COVERAGE = Path("docs/coverage.md")
PATIENCE = 1.0  # seconds before a progress bar appears
INTERVAL = 10.0  # seconds between two lines where there is no terminal for a bar


class _Whole(click.IntRange):
    """A number of a range, named in words that say which."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least, most)
        self.name = f"whole number from {least} to {most}"


class _Path(click.Path):
    """A path that is not empty, as one of a variable that is not set would be: it would be taken for the working folder."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("must not be empty; leave the option out, or name a path.", param, ctx)
        return super().convert(value, param, ctx)


class _Command(click.Command):
    """A command that says what was probably meant by an argument too many: the seeds folder, or words without quotation marks."""

    allow_extra_args = True  # to be refused here

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            ctx.fail(f"Got unexpected extra argument{'s' * (len(rest) > 1)} ({' '.join(rest)}){self._meant(ctx, rest)}")
        return rest

    def _meant(self, ctx: click.Context, rest: list[str]) -> str:
        if words := ctx.params.get("words"):
            return f". Did you mean “{shlex.quote(' '.join([words, *rest]))}”? Several words need quotation marks."
        if "seeds" in ctx.params and not ctx.params["seeds"]:
            return f". Did you mean “--seeds {shlex.quote(rest[0])}”?"
        return ""


class _Group(click.Group):
    command_class = _Command


@click.group(cls=_Group)
@click.version_option(package_name="positions")
def main() -> None:
    """Positions: the open, structured record of a negotiation, served as an API."""


seeds_option = click.option("--seeds", type=_Path(), help="The seeds folder; overrides POSITIONS_SEEDS.")


@main.command("check")
@seeds_option
def check_command(seeds: Path | None) -> None:
    """Check a seeds folder and list every fault with its place."""
    with _explained():
        root = seeds or Settings.read().seeds
        with _progress() as report:
            found = check(root, RESOURCES, report)
    counts = ", ".join(f"{name} {len(group)}" for name, group in found.records.items() if group) or "no records"
    click.echo(f"{root}: release {found.release['id']} is valid: {counts}.")
    _note(found.unplaced)


@main.command("load")
@seeds_option
@click.option(
    "--replace",
    is_flag=True,
    help="Replace the loaded release if the changed seeds have the same release id.",
)
@click.option(
    "--exports/--no-exports",
    default=True,
    help="Also create the exports now; otherwise the first request creates them.",
)
def load_command(seeds: Path | None, replace: bool, exports: bool) -> None:
    """Load a seeds folder as the current release: everything or nothing."""
    with _explained("nothing was loaded"):
        settings = Settings.read()
        root = seeds or settings.seeds
        database = open_database(settings.database)
        begin = time.monotonic()
        with _progress() as report:
            loaded = load(root, database, RESOURCES, replace=replace, progress=report, prepare=_preparing())
        click.echo(_summary(loaded, str(database), time.monotonic() - begin))
        _note(loaded.unplaced)
        if exports:
            _export(database.current(), settings)


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=_Whole(1, 65535), help="The port to listen on.")
@click.option(
    "--workers",
    default=0,
    type=_Whole(0, 256),
    help="Number of processes; 0, the default, means one per core.",
)
@click.option("--reload", is_flag=True, help="Restart whenever the code changes (for development).")
@click.option(
    "--replace",
    "replacing",
    is_flag=True,
    help="Replace the loaded release if the changed seeds have the same release id (while editing).",
)
@seeds_option
def serve_command(host: str, port: int, workers: int, reload: bool, replacing: bool, seeds: Path | None) -> None:
    """Serve the API. Loads the seeds first if the database is missing or contains another release, but never into a database
    that has replicas: there `positions load` decides what is served, not whichever node starts.
    """
    with _explained("nothing was loaded"):
        settings = Settings.read()
        settings = replace(settings, seeds=seeds or settings.seeds)
        refuse_taken(host, port)  # before a load, which may be long
        if not settings.replicas:
            _up_to_date(settings, replacing=replacing)
        click.echo(f"Serving http://{host}:{port}/v1/ (documentation at http://{host}:{port}/docs/). Stop with Ctrl-C.")
        serve(host, port, workers, reload=reload)


@main.command("openapi")
@click.option("--check", "checking", is_flag=True, help="Write nothing; fail if the file is out of date.")
def openapi_command(checking: bool) -> None:
    """Write the contract to openapi.yaml."""
    settings = Settings(database=make_url(DEFAULT_DATABASE), seeds=Path())
    text = to_yaml(create_service(settings).contract)
    _generated({CONTRACT: text}, checking, "positions openapi")


texts_option = click.option(
    "--texts",
    type=_Path(exists=True, file_okay=False),
    required=True,
    help="The folder with the sources' texts as .txt files.",
)


@main.command("cite")
@click.argument("source")
@click.argument("words")
@texts_option
@seeds_option
def cite_command(source: str, words: str, texts: Path, seeds: Path | None) -> None:
    """Find the passage of SOURCE that contains WORDS, and print its selector and digest, ready to paste."""
    with _explained():
        found = check(seeds or Settings.read().seeds, RESOURCES).of("sources")
        if source not in found:
            raise click.ClickException(f"“{source}” is not a known source id{suggestion(source, found)}")
        passage = cite(text_of(found[source], texts), words)
    click.echo(f"source: {source}\nselector: {passage.selector}\ndigest: {passage.digest}")
    click.echo(f"# {' '.join(passage.text.split())}", err=True)


@main.command("verify")
@texts_option
@seeds_option
def verify_command(texts: Path, seeds: Path | None) -> None:
    """Check every selector, digest and length against the texts."""
    with _explained():
        found = check(seeds or Settings.read().seeds, RESOURCES)
        wrong = list(verify(found, texts))
        for sentence in wrong:
            click.echo(sentence, err=True)
        if wrong:
            raise click.ClickException(f"{len(wrong)} of the citations and sources failed verification.")
    cited = sum(len(seed.parts.get("evidence", ())) for seed in found.all())
    click.echo(f"{cited} citations of {len(found.of('sources'))} sources verified.")


@main.command("coverage")
@texts_option
@seeds_option
@click.option(
    "--out",
    type=_Path(dir_okay=False),
    help=f"The file to write; by default {COVERAGE} for the shipped seeds, none for others.",
)
@click.option("--check", "checking", is_flag=True, help="Write nothing; fail if the file is out of date.")
def coverage_command(texts: Path, seeds: Path | None, out: Path | None, checking: bool) -> None:
    """Write which records cite each paragraph of each source: of the shipped seeds to docs/coverage.md, of others to the file
    given by --out, or else to standard output.
    """
    with _explained():
        root = seeds or Settings.read().seeds
        file = out or (COVERAGE if root.resolve() == SHIPPED_SEEDS else None)
        if checking and file is None:
            raise click.UsageError(
                f"--check needs a file to compare with, and {root} is not the shipped folder; name the file with --out"
            )
        page = coverage_page(check(root, RESOURCES), texts)
    if file:
        _generated({file: page}, checking, "positions coverage")
    else:
        click.echo(page, nl=False)


@main.command("editor-schemas")
@seeds_option
@click.option("--check", "checking", is_flag=True, help="Write nothing; fail if a file is out of date.")
def editor_schemas_command(seeds: Path | None, checking: bool) -> None:
    """Write the JSON Schemas of the seed files, for editors that complete and check YAML."""
    with _explained():
        root = seeds or Settings.read().seeds
        if not root.is_dir():
            raise click.ClickException(f"{root} is not a seeds folder; set POSITIONS_SEEDS or --seeds to another")
    folder = root / ".schemas"
    _generated(
        {folder / name: text for name, text in editor_schemas(RESOURCES).items()}, checking, "positions editor-schemas"
    )


def _generated(files: dict[Path, str], checking: bool, command: str) -> None:
    """Write generated files, or fail where one is not what would be written."""
    for path, text in files.items():
        if not checking:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
            click.echo(f"{path} written.")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise click.ClickException(f"{path} is out of date; run `{command}` and commit it.")
        else:
            click.echo(f"{path} is up to date.")


def _up_to_date(settings: Settings, *, replacing: bool) -> None:
    """Load the seeds unless the database holds them already, as this code would."""
    database = open_database(settings.database)
    why, held = None, ""
    try:
        store = database.current()
        held = store.release
        if store.digest != seeds_digest(settings.seeds):
            why = f"{database} contains {store.release}, but {settings.seeds} has changed"
        elif store.build != build_digest():
            why = f"{database} was created by another build of the service"
    except NothingLoaded as error:
        why = str(error).partition(";")[0]  # what to do about it is done here
    if why:
        click.echo(f"{why}; loading {settings.seeds}.")
        begin = time.monotonic()
        with _progress() as report:
            loaded = load(settings.seeds, database, RESOURCES, replace=replacing, progress=report, prepare=_preparing())
        click.echo(_summary(loaded, str(database), time.monotonic() - begin))
        _note(loaded.unplaced)
    else:
        click.echo(f"{database} is up to date with {settings.seeds} ({held}).")


def _export(store: Store, settings: Settings) -> None:
    begin = time.monotonic()
    try:
        with _progress() as report:
            folder = export(RESOURCES, store, settings.exports, report)
    except OSError as error:
        raise click.ClickException(
            f"the release is loaded, but its exports could not be created: {error.strerror or error}"
        ) from error
    size = sum(file.stat().st_size for file in folder.iterdir())
    click.echo(f"{folder}: exports created, {size / 1e6:.1f} MB in {time.monotonic() - begin:.1f} s.")


def _preparing() -> Prepare:
    return preparing(RESOURCES, prepared_operations(RESOURCES))


def _summary(loaded: Loaded, where: str, seconds: float) -> str:
    return (
        f"{where}: release {loaded.release} loaded in {seconds:.1f} s with {loaded.records} records: "
        f"{loaded.records - loaded.derived} from the seeds ({loaded.added} added, {loaded.changed} changed, {loaded.removed} removed) "
        f"and {loaded.derived} offers derived from them."
    )


def _note(unplaced: Unplaced) -> None:
    """Tell of evidence that points at no passage: no fault, but nobody can verify it."""
    if unplaced.count:
        pieces = "1 piece of evidence has" if unplaced.count == 1 else f"{unplaced.count} pieces of evidence have"
        more = f" The first {len(unplaced.first)}:" if unplaced.count > len(unplaced.first) else ""
        click.echo(
            f"Note: {pieces} no selector, so `positions verify` cannot check the passage; `positions cite` finds it.{more}"
        )
        for place, name in unplaced.first:
            click.echo(f"  {fault_at(place, f'{name}: no selector')}")


@contextmanager
def _explained(so: str = "the seeds are not valid") -> Iterator[None]:
    """Errors that a user can mend, as messages; ``so`` is what follows where the seeds are at fault."""
    try:
        yield
    except SeedError as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        count = len(error.faults)
        raise click.ClickException(f"{count} fault{'s' if count > 1 else ''}; {so}.") from error
    except (DatabaseError, SettingError, ServerError, CitingError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        if error.filename is None:
            raise
        raise click.ClickException(f"{error.filename} cannot be opened: {error.strerror}") from error


@contextmanager
def _progress() -> Iterator[Report]:
    """What long work has come to, on standard error: as a bar where somebody looks at it, else as a line now and then."""
    begin = time.monotonic()
    shown: Shown | None = None

    def report(stage: str, done: int, total: int | None) -> None:
        nonlocal shown
        if shown is None and time.monotonic() - begin >= min(PATIENCE, INTERVAL):
            from api.progress import Shown  # noqa: PLC0415  # most work is short, and rich takes 3 MB in every worker

            shown = Shown(begin, PATIENCE, INTERVAL)
        if shown is not None:
            shown.report(stage, done, total)

    try:
        yield report
    finally:
        if shown is not None:
            shown.close()


if __name__ == "__main__":
    main(prog_name="positions")
