"""What is generated for speed is held equal to what it stands for: marshmallow's load and dump, the date package."""

from traceback import extract_tb
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from support import WORLD

from api.loader.check import check
from api.loader.compiled import plain, reader, selector, writer
from api.loader.derive import complete
from api.loader.record import with_parts
from api.loader.rows import columns
from api.loader.seeds import Seeds
from api.resource import Resource
from api.resources import RESOURCES
from api.settings import SHIPPED_SEEDS
from schemas.fields import Ref, Reference, href

SEEDED = [resource for resource in RESOURCES if resource.schema().load_fields]
RAW: dict[str, list[dict[str, Any]]] = {}


def collect(resource: Resource, record: dict[str, Any]) -> None:
    RAW.setdefault(resource.name, []).append(record)
    for name, inner in (("terms", "terms"), ("evidence", "evidence")):
        for part in record.get(name) or ():
            collect(RESOURCES.by_name[inner], part)


for root in (WORLD, SHIPPED_SEEDS):
    for path in root.rglob("*.yaml"):
        resource = RESOURCES.by_name.get(path.stem)
        if resource is not None:
            for found in yaml.load(path.read_text(), Loader=yaml.BaseLoader) or ():
                collect(resource, found)

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**16),
    st.floats(allow_nan=False),
    st.text(max_size=30),
    st.sampled_from(
        ["supports", "russia", "2024-02-30", "2024-02", "char=5,3", "char=3,5", " a  b ", "\u2028", "a" * 2100]
    ),
    st.lists(st.sampled_from(["russia", "russia", "x y", "", "status"]), max_size=3),
    st.dictionaries(st.sampled_from(["party", "how", "terms"]), st.text(max_size=5), max_size=2),
)


def loaded(resource: Resource, raw: Any) -> Any:
    try:
        return resource.schema().load(raw)
    except ValidationError:
        return None


@pytest.mark.parametrize("resource", SEEDED, ids=lambda one: one.name)
@given(data=st.data())
def test_a_reader_takes_nothing_that_marshmallow_refuses_and_reads_it_alike(
    resource: Resource, data: st.DataObject
) -> None:
    known = [field for field, kind in resource.schema._declared_fields.items()]
    raw = dict(data.draw(st.sampled_from(RAW.get(resource.name) or [{}])))
    changed = data.draw(st.dictionaries(st.sampled_from([*known, "colour"]), ODD, max_size=2))
    for name in data.draw(st.lists(st.sampled_from(known), max_size=1)):
        raw.pop(name, None)
    raw.update(changed)
    read_ = reader(resource.schema)(raw)
    assert read_ is None or (read_ == loaded(resource, raw) and list(read_) == list(loaded(resource, raw)))


@pytest.mark.parametrize("resource", [one for one in SEEDED if one.name in RAW], ids=lambda one: one.name)
def test_a_reader_takes_what_seeds_hold(resource: Resource) -> None:
    assert all(reader(resource.schema)(raw) is not None for raw in RAW[resource.name])


@pytest.fixture(scope="module", params=[WORLD, SHIPPED_SEEDS], ids=["world", "shipped"])
def seeds(request: pytest.FixtureRequest) -> Seeds:
    return check(request.param, RESOURCES)


def test_a_writer_writes_what_marshmallow_dumps(seeds: Seeds) -> None:
    written = 0
    for block in seeds.blocks:
        for seed in seeds.block(block):
            for one in with_parts(seed):
                seeds.resolve(one, [])
            for one in complete(seed, seeds, RESOURCES):
                dump = one.resource.schema().dump_fields
                data = {
                    **dict.fromkeys(dump),
                    **{name: [] for name, kind in dump.items() if type(kind).__name__ in ("Pieces", "References")},
                    **one.data,
                    "href": href(one.resource.name, one.id),
                    "process": Ref("processes", "p", "A process"),
                }
                assert orjson.dumps(writer(one.resource.schema)(data)) == orjson.dumps(one.resource.schema().dump(data))
                written += 1
    assert written > 50


def test_an_offer_has_every_field_whatever_its_term_says(seeds: Seeds) -> None:
    made = [one for seed in seeds.of("proposals").values() for one in complete(seed, seeds, RESOURCES)]
    offers = [one for one in made if one.resource.name == "offers"]
    assert offers
    for offer in offers:
        assert offer.data.keys() >= offer.resource.schema().fields.keys() - {"evidence"}


def test_what_is_generated_shows_its_lines_in_a_traceback() -> None:
    with pytest.raises(KeyError) as raised:
        writer(RESOURCES.by_name["events"].schema)({"id": "talks"})
    assert extract_tb(raised.tb)[-1].line == "'href': d['href'],"


def test_a_selector_gives_each_column_its_field_or_the_id_that_it_names(seeds: Seeds) -> None:
    selected = 0
    for seed in seeds.all():
        for one in complete(seed, seeds, RESOURCES) if seed.parent is None else ():
            fields = one.resource.schema._declared_fields
            names = columns(one.resource.model)
            for name, value in zip(names, selector(one.resource.schema, names)(one.data), strict=True):
                stem = name.removesuffix("_id")
                if name not in fields and isinstance(fields.get(stem), Reference):
                    found = one.data.get(stem)
                    assert value == (found.id if found else None), name
                else:
                    assert value == plain(one.data.get(name)), name
                assert type(value) in (str, int, float, bool, type(None)), name
                selected += 1
    assert selected > 1000
