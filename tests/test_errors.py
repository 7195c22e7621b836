"""Every error is a problem detail, says all that is wrong, and suggests what is right."""

from urllib.parse import quote, unquote

import orjson
import pytest
from support import COLLECTIONS, TABLED, Api, counted, problem_of
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api.problems import KINDS
from api.reading.refusals import SUGGESTED
from schemas.fields import SLUG_LENGTH

UNVERSIONED_AND_NOT = ["/v1", ""]


def test_every_wrong_parameter_is_named_in_one_answer(api: Api) -> None:
    problem = api.problem(
        "/v1/demands?limit=0&sort=colour&as_of=yesterday&firmness=hard,core,soft&limt=5&known_at=2030-02-30&after=No",
        400,
    )
    assert problem["type"] == "/v1/problems/invalid-parameter"
    by_name: dict = {}
    for one in problem["errors"]:
        by_name.setdefault(one["parameter"], []).append(one)
    assert by_name.keys() == {"limit", "sort", "as_of", "firmness", "limt", "known_at", "after"}
    assert "1 to 200" in by_name["limit"][0]["message"]
    assert "-first_reported_on" in by_name["sort"][0]["allowed"]
    assert "“hard”" in " ".join(one["message"] for one in by_name["firmness"])
    assert "“soft”" in " ".join(one["message"] for one in by_name["firmness"]), "each wrong value is told"
    assert "core" in by_name["firmness"][0]["allowed"]
    assert "Did you mean “limit”?" in by_name["limt"][0]["message"]
    assert "firmness" in by_name["limt"][0]["allowed"]
    for name in by_name:
        assert name in problem["detail"]


@pytest.mark.parametrize("prefix", UNVERSIONED_AND_NOT)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_unknown_parameter_is_refused_whatever_its_value(api: Api, collection: str, prefix: str) -> None:
    for query in ("?colour=red", "?colour=", "?colour", "?LIMIT=5", "?limit%00=5"):
        api.ask(f"{prefix}/{collection}")  # an answer that is kept must not stand in for the refusal
        problem = api.problem(f"{prefix}/{collection}{query}", 400)
        assert len(problem["errors"]) == 1
    api.problem(f"{prefix}/{collection}/x?colour=red", 400)


@pytest.mark.parametrize("name", TABLED)
@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson", "schema.json", "csv-metadata.json"])
def test_a_flat_table_refuses_unknown_parameters_too(api: Api, name: str, suffix: str) -> None:
    api.ask(f"/v1/{name}.{suffix}")
    for query in ("colour=red", "colour=", "limit=5"):
        api.problem(f"/v1/{name}.{suffix}?{query}", 400)


LIMITS = [
    "1_0",
    "%EF%BC%95",
    "5%0A",
    "%205",
    "5%20",
    "+5",
    "%2B5",
    "5.0",
    "1e1",
    "-1",
    "0",
    "201",
    "9" * 400,
    "five",
    "٥",
    "0x5",
    "",
]


@pytest.mark.parametrize("limit", LIMITS)
def test_a_number_is_written_in_ascii_digits_alone(api: Api, limit: str) -> None:
    api.ask("/v1/parties")
    problem = api.problem(f"/v1/parties?limit={quote(limit, safe='%+')}", 400)
    assert [one["parameter"] for one in problem["errors"]] == ["limit"]
    assert ("is out of range" in problem["detail"]) is (limit in {"-1", "0", "201", "9" * 400})


@pytest.mark.parametrize("name", ["as_of", "known_at"])
@pytest.mark.parametrize(
    "day",
    [
        "2030-02-30",
        "2030-2-3",
        "20300203",
        "2030-02-03%0A",
        "2030-02-03T00:00:00Z",
        "２０３０-02-03",
        "0000-01-01",
        "today",
        "2030",
    ],
)
def test_a_clock_is_set_to_one_exact_day(api: Api, name: str, day: str) -> None:
    problem = api.problem(f"/v1/demands?{name}={quote(day, safe='%')}", 400)
    assert [one["parameter"] for one in problem["errors"]] == [name]


def test_a_query_that_is_not_escaped_and_not_utf8_is_told_so(api: Api) -> None:
    environ = {**EnvironBuilder(path="/v1/demands").get_environ(), "QUERY_STRING": "q=caf\xe9"}
    body, status, _ = run_wsgi_app(api.wsgi, environ)
    assert status.startswith("400")
    assert orjson.loads(b"".join(body))["errors"][0]["message"].startswith("contains bytes that are not UTF-8")


@pytest.mark.parametrize(
    "page", ["/explore/search?q=%ff", "/explore/parties?q=%ff", "/explore/parties/%ff", "/embed/gaps?party=%ff"]
)
def test_a_page_tells_bytes_that_are_not_utf8_too(api: Api, page: str) -> None:
    response = api.ask(page)
    assert response.status_code == 400
    assert "bytes that are not UTF-8" in response.text


DAYS_MEANT = {
    "02/12/2030": "“2030-12-02” or “2030-02-12”",
    "31.12.2030": "“2030-12-31”",
    "12-31-2030": "“2030-12-31”",
    "2030-2-3": "“2030-02-03”",
    "2030/12/02": "“2030-12-02”",
    "Dec 2 2030": "“2030-12-02”",
    "2nd December, 2030": "“2030-12-02”",
    "20301202": "“2030-12-02”",
    "2030-12-02 10:30": "“2030-12-02”",
    "2030-02": "“2030-02-01” or “2030-02-28”",
    "2030~": "“2030-01-01” or “2030-12-31”",
    "Feb 2030": "“2030-02-01” or “2030-02-28”",
    "2030–2031": "“2030-01-01” or “2031-12-31”",
    "Q1 2030": "“2030-01-01” or “2030-03-31”",
    "2030-Q4": "“2030-10-01” or “2030-12-31”",
    "2030q2": "“2030-04-01” or “2030-06-30”",
    "spring 2030": "“2030-03-01” or “2030-05-31”",
    "2030 Fall": "“2030-09-01” or “2030-11-30”",
    "24/02/2030": "“2030-02-24”",
}


@pytest.mark.parametrize("day", DAYS_MEANT)
@pytest.mark.parametrize(
    "asked",
    ["/v1/demands?as_of", "/v1/demands?to", "/v1/matrix.csv?known_at", "/v1/timeline?from", "/v1/search?q=a1&as_of"],
)
def test_a_day_that_is_written_in_another_way_is_answered_with_the_days_that_it_may_mean(
    api: Api, asked: str, day: str
) -> None:
    (error,) = api.problem(f"{asked}={quote(day)}", 400)["errors"]
    assert error["message"].endswith(f"Did you mean {DAYS_MEANT[day]}?")


@pytest.mark.parametrize(
    ("day", "said"),
    [("2030-02-30", "2030-02 has 28 days"), ("2030-00-01", "no month 00"), ("0000-01-01", "years 0001 to 9999")],
)
def test_a_day_that_no_calendar_has_is_told_why(api: Api, day: str, said: str) -> None:
    (error,) = api.problem(f"/v1/demands?as_of={day}", 400)["errors"]
    assert f"“{day}” is not a valid date: " in error["message"]
    assert said in error["message"]


@pytest.mark.parametrize(
    "name", ["limit", "sort", "after", "as_of", "known_at", "from", "to", "q", "release", "format"]
)
def test_a_single_parameter_may_not_be_repeated(api: Api, name: str) -> None:
    good = {"limit": "5", "sort": "id", "after": "castella-no-tariff", "as_of": "2030-01-01", "known_at": "2031-01-01"}
    good |= {"from": "2030-01-01", "to": "2031-01-01", "q": "quota", "release": "w2031-1", "format": "csv"}
    assert api.ask(f"/v1/demands?{name}={good[name]}").status_code == 200
    problem = api.problem(f"/v1/demands?{name}={good[name]}&{name}={good[name]}", 400)
    assert [one["parameter"] for one in problem["errors"]] == [name]
    assert "once" in problem["errors"][0]["message"]


BAD_WORDS = ["%00", "a%00b", "%0A", "a%1Fb", "%7F", "a" * 201]


@pytest.mark.parametrize("words", BAD_WORDS)
@pytest.mark.parametrize("path", ["/v1/parties", "/v1/search", "/v1/parties.csv"])
def test_words_with_control_characters_or_too_many_are_refused(api: Api, path: str, words: str) -> None:
    problem = api.problem(f"{path}?q={words}", 400)
    assert [one["parameter"] for one in problem["errors"]] == ["q"]


STRANGE = [
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "%F4%90%80%80",
    "x" * 3000,
    "%25",
    "%0D%0Aset-cookie:a",
    "’",
    "a%20b",
    "A",
    "-",
    "%2e%2e",
    "a%2Fb",
]


NO_UTF8 = {"%ED%A0%80", "%FF", "%F4%90%80%80"}


@pytest.mark.parametrize("id", STRANGE)
@pytest.mark.parametrize(
    "path", ["parties/{}", "evidence/{}", "positions/{}", "changes/{}", "problems/{}", "parties/{}/positions", "{}"]
)
def test_a_strange_id_is_simply_not_there_unless_it_cannot_be_read(api: Api, path: str, id: str) -> None:
    problem = api.problem(f"/v1/{path.format(id)}", 400 if id in NO_UTF8 else 404)
    assert ("contains bytes that are not UTF-8" in problem["detail"]) is (id in NO_UTF8)
    _is_reference(problem["instance"])


@pytest.mark.parametrize("text", ["%ff", "caf%e9", "%ED%A0%80", "%EF%BF%BD"])
@pytest.mark.parametrize(
    "asked",
    [
        *(
            f"/v1/demands?{name}"
            for name in ("q", "party", "as_of", "limit", "after", "sort", "from", "stance", "release")
        ),
        *(
            "/v1/evidence.csv?subject",
            "/v1/search?q",
            "/v1/cite?path",
            "/v1/oembed?url",
            "/v1/charts/gaps.vl.json?party",
        ),
    ],
)
def test_bytes_that_are_not_utf8_are_told_by_their_parameter(api: Api, asked: str, text: str) -> None:
    (error,) = api.problem(f"{asked}={text}", 400)["errors"]
    assert error["parameter"] == asked.rpartition("?")[2]
    assert error["message"].startswith("contains bytes that are not UTF-8")


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("name", ["party", "issue", "stance", "after", "process", "release", "from", "sort", "mode"])
def test_a_strange_value_is_refused_and_never_fails(api: Api, name: str, value: str) -> None:
    response = api.ask(f"/v1/demands?{name}={value}")
    assert response.status_code in (400, 404, 410)
    _is_reference(problem_of(response)["instance"])


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("name", ["subject", "lineage", "collection"])
def test_a_strange_key_is_refused_and_never_fails(api: Api, name: str, value: str) -> None:
    of = {"subject": "evidence", "lineage": "terms", "collection": "changes"}[name]
    assert problem_of(api.ask(f"/v1/{of}?{name}={value}"))["status"] in (400, 404)


def _is_reference(text: str) -> None:
    """A URI reference (RFC 3986): allowed characters only, every % the beginning of an escape."""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@!$&'()*+,;=%")
    assert set(text) <= allowed, text
    for index, character in enumerate(text):
        if character == "%":
            assert len(text) >= index + 3, text
            int(text[index + 1 : index + 3], 16)


@pytest.mark.parametrize(
    "path",
    ["/v1/parties/ä ö", "/v1/parties/100%25", "/v1/parties?limit=%zz", "/v1/parties?limit=“x”", "/v1/nowhere?a=b%26c"],
)
def test_the_instance_is_the_request_percent_encoded(api: Api, path: str) -> None:
    raw, _, query = path.partition("?")
    builder = EnvironBuilder(path=unquote(raw), query_string=query.encode().decode("latin-1"))
    body, status, _ = run_wsgi_app(api.wsgi, builder.get_environ())
    problem = orjson.loads(b"".join(body))
    assert status[:3] in ("400", "404")
    _is_reference(problem["instance"])
    assert unquote(problem["instance"]).startswith(unquote(raw))


def test_a_long_instance_is_cut_between_escapes(api: Api) -> None:
    for padding in range(3):
        problem = api.problem("/v1/parties/" + "x" * padding + "%C3%A4" * 700, 404)
        assert len(problem["instance"]) <= 2000
        _is_reference(problem["instance"])


def test_an_id_that_does_not_exist_is_404_with_the_nearest(api: Api) -> None:
    assert "“aldoria”" in api.problem("/v1/parties/aldorja", 404)["detail"]
    assert "“borovia-saffron-quota”" in api.problem("/v1/demands/borovia-safron-quota", 404)["detail"]
    assert "“pepper-plan”" in api.problem("/v1/proposals/peper-plan/terms", 404)["detail"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/cite?path=/v1/nowhere", "path"),
        ("/v1/search?q=pepper&after=demands/nowhere", "after"),
        ("/v1/feeds/changes.atom?after=nowhere", "after"),
    ],
)
def test_a_parameter_that_names_nothing_is_among_the_errors(api: Api, path: str, parameter: str) -> None:
    assert [one["parameter"] for one in api.problem(path, 404)["errors"]] == [parameter]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/parties/{}",
        "/v1/parties/{}/positions",
        "/v1/demands?party={}",
        "/v1/gaps?parties={}",
        "/v1/cite?path=/v1/parties/{}",
    ],
)
@pytest.mark.parametrize("name", ["ald", "za"])
def test_a_party_that_goes_by_another_name_is_the_one_suggested(api: Api, path: str, name: str) -> None:
    """By an alias that is not like its id, `=ALD()`, or by its country code, `ZA`."""
    said = f"“{name}” is not a known party id. Did you mean “aldoria”?"
    assert said in api.problem(path.format(name), 404)["detail"]


@pytest.mark.parametrize(
    ("path", "id", "hint"),
    [
        ("/v1/demands?party=ALD", "ald", " Did you mean “aldoria”?"),
        ("/v1/gaps?parties=ALD,borovia", "ald", " Did you mean “aldoria”?"),
        ("/v1/positions?party=ZA", "za", " Did you mean “aldoria”?"),
        ("/v1/matrix.csv?party=Aldorja", "aldorja", " Did you mean “aldoria”?"),
        ("/v1/positions?party=Port%20Nowhere", "port-nowhere", ""),
    ],
)
def test_what_is_neither_an_id_nor_known_as_one_is_answered_once(api: Api, path: str, id: str, hint: str) -> None:
    form, unknown = api.problem(path, 400)["errors"]
    assert form["message"].endswith(f"As an id it would be “{id}”.")
    assert unknown["message"] == f"“{id}” is not a known party id.{hint}"


@pytest.mark.parametrize(
    ("path", "name", "told"),
    [
        ("/v1/positions?party={}", "Боровия", "“Боровия” is not a known party id. Did you mean “borovia”?"),
        ("/v1/matrix?issue={}", "ШАФРАН", "“ШАФРАН” is not a known issue id. Did you mean “saffron-quota”?"),
    ],
)
def test_a_name_in_another_alphabet_is_told_whose_it_is(api: Api, path: str, name: str, told: str) -> None:
    form, unknown = api.problem(path.format(quote(name)), 400)["errors"]
    assert "is not a valid id" in form["message"]
    assert unknown["message"] == told
    (form,) = api.problem(path.format(quote("Зима")), 400)["errors"]
    assert "is not a valid id" in form["message"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/parties/Боровия", "borovia"),
        ("/v1/issues/шафран", "saffron-quota"),
        ("/v1/issues/safran", "saffron-quota"),
        ("/v1/positions?issue=safran", "saffron-quota"),
        ("/v1/parties?iso3166=BOR", "BW"),
        ("/v1/parties?iso3166=Republic%20of%20Aldoria", "ZA"),
    ],
)
def test_another_name_of_a_record_leads_to_it(api: Api, path: str, meant: str) -> None:
    assert api.problem(path, 404)["detail"].endswith(f" Did you mean “{meant}”?")


def test_a_search_finds_an_issue_by_its_other_names(api: Api) -> None:
    for word in ("safran", "Шафран"):
        assert [hit["id"] for hit in api.data("/v1/search", q=word)] == ["saffron-quota"]


@pytest.mark.parametrize("path", ["/v1/demands", "/v1/matrix", "/v1/timeline.csv"])
@pytest.mark.parametrize("given", ["/v1/parties/aldoria", "“aldoria”", "aldoria\u200b", "\u00a0aldoria"])
def test_an_id_with_something_around_it_is_answered_with_the_id(api: Api, path: str, given: str) -> None:
    (error,) = api.problem(f"{path}?party={quote(given)}", 400)["errors"]
    assert error["message"].endswith("As an id it would be “aldoria”.")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/positions?party=É",
        "/v1/matrix?party=É",
        "/v1/gaps?parties=É",
        "/v1/changes?release=É",
        "/v1/parties?after=É",
    ],
)
def test_how_long_an_id_may_be_is_told_alike_everywhere(api: Api, path: str) -> None:
    (error,) = api.problem(path, 400)["errors"]
    assert f"at most {SLUG_LENGTH} characters" in error["message"]


def test_only_what_is_near_is_suggested(api: Api) -> None:
    detail = api.problem("/v1/parties?kind=stat", 400)["detail"]
    assert "Did you mean “state”?" in detail
    assert "Did you mean" not in api.problem("/v1/parties?kind=qqq", 400)["detail"]


def test_a_demand_is_not_one_of_the_statements(api: Api) -> None:
    api.get("/v1/positions/borovia-saffron-quota")
    api.problem("/v1/statements/borovia-saffron-quota", 404)
    api.problem("/v1/statements/borovia-saffron-quota/evidence", 404)


@pytest.mark.parametrize(
    ("path", "name", "near", "more"),
    [
        ("/v1/responses", "demand", "borovia-saffron-qota", 3 * (SUGGESTED - 1)),
        ("/v1/evidence", "subject", "demands/borovia-saffron-qota", 0),
    ],
)
def test_of_many_values_that_do_not_exist_the_first_few_get_suggestions(
    api: Api, path: str, name: str, near: str, more: int
) -> None:
    wrong = [f"{near}{number}" for number in range(60)]
    api.ask(path)  # which release is current is looked up by the first request
    with counted() as one:
        api.problem(path, 404, **{name: wrong[0]})
    with counted() as many:
        problem = api.problem(path, 404, **{name: ",".join(wrong)})
    assert [error["value"] for error in problem["errors"]] == wrong
    assert all(error["value"] in error["message"] for error in problem["errors"])
    suggested = ["Did you mean" in error["message"] for error in problem["errors"]]
    assert suggested == [number < SUGGESTED for number in range(60)]
    looked = [sum("DISTINCT" in one or "ORDER BY" in one for one in statements) for statements in (one, many)]
    assert looked[1] - looked[0] == more, "what is near is not looked for once for each"


def test_an_after_that_names_nothing_is_404_with_the_nearest(api: Api) -> None:
    assert "“castella”" in api.problem("/v1/parties?after=castela", 404)["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/v1/nowhere",
        "/v2/",
        "/v1/parties/aldoria/colours",
        "/v1/parties.xml",
        "/v1/parties/",
    ],
)
def test_a_path_that_is_not_there_is_a_problem_too(api: Api, path: str) -> None:
    builder = EnvironBuilder()
    environ = {**builder.get_environ(), "PATH_INFO": path}
    body, status, headers = run_wsgi_app(api.wsgi, environ)
    assert status.startswith("404"), status
    assert headers["Content-Type"] == "application/problem+json"
    assert orjson.loads(b"".join(body))["type"] == "/v1/problems/not-found"


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/v1/partys/aldoria", "“/v1/parties/aldoria”"),
        ("/V1/Parties", "“/v1/parties”"),
        ("/v2/parties", "“/v1/parties”"),
        ("/api/parties", "“/v1/parties”"),
        ("/partes", "“/parties”"),
        ("/v1/options/party", "“/v1/options/parties”"),
        ("/v1/feeds/changes.rss", "“/v1/feeds/changes.atom”"),
        ("/v2/openapi.yaml", "“/v1/openapi.yaml”"),
        ("/v1/feeds", "“/v1/feeds/changes.atom” or “/v1/feeds/events.ics”"),
        ("/v1/parties/", "“/v1/parties”"),
        ("/v1/parties/aldoria/position", "“/v1/parties/aldoria/positions”"),
        ("/v1/charts/gaps", "“/v1/charts/gaps.vl.json”"),
    ],
)
def test_a_path_that_is_nearly_right_is_answered_with_the_right_one(api: Api, path: str, nearest: str) -> None:
    assert f"Did you mean {nearest}?" in api.problem(path, 404)["detail"]


@pytest.mark.parametrize("prefix", UNVERSIONED_AND_NOT)
@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
@pytest.mark.parametrize(
    "path", ["/changes", "/facets/positions", "/parties/aldoria/positions", "/proposals/pepper-plan/evidence"]
)
def test_a_suffix_where_there_is_none_is_answered_with_the_format(
    api: Api, path: str, suffix: str, prefix: str
) -> None:
    detail = api.problem(f"{prefix}{path}.{suffix}", 404)["detail"]
    assert f"“{prefix}{path}?format={suffix}” for this table" in detail
    more = "&by=stance" if "facets" in path else ""
    assert api.ask(f"{prefix}{path}?format={suffix}{more}").status_code == 200


@pytest.mark.parametrize("path", ["/v1/nothing.csv", "/v1/parties/aldoria.csv", "/v1/changes.xlsx", "/v1/cite.csv"])
def test_a_suffix_of_what_makes_no_table_is_not_answered_with_a_format(api: Api, path: str) -> None:
    assert "format=" not in api.problem(path, 404)["detail"]


def test_a_proposal_that_a_chart_asks_for_in_vain_is_told_by_its_parameter(api: Api) -> None:
    problem = api.problem("/v1/charts/reception.vl.json?proposal=nowhere", 404)
    assert [(one["parameter"], one["value"]) for one in problem["errors"]] == [("proposal", "nowhere")]


def test_a_path_that_is_like_no_other_is_answered_without_a_guess(api: Api) -> None:
    assert "Did you mean" not in api.problem("/robots.txt", 404)["detail"]


@pytest.mark.parametrize(
    ("path", "name", "said", "allowed"),
    [
        ("/v1/facets/positions", "by", "is required: ", "stance"),
        ("/v1/search", "q", "is required: ", None),
        ("/v1/charts/reception.vl.json", "proposal", "is required: ", None),
        ("/v1/parties?limit=ten", "limit", "“ten” is not a whole number; it must be from 1 to 200", None),
        (
            "/v1/positions?party=aldoria;%20borovia",
            "party",
            "separate several values with commas: aldoria,borovia.",
            None,
        ),
        (
            "/v1/positions?stance=supports|opposes",
            "stance",
            "separate several values with commas: supports,opposes.",
            None,
        ),
        ("/v1/positions?format=json", "format", "leave it out", None),
        ("/v1/matrix?format=JSON", "format", "leave it out", None),
        ("/v1/positions?offset=10", "offset", "Did you mean “after”?", "after"),
        ("/v1/positions?per_page=10", "per_page", "Did you mean “limit”?", "limit"),
        ("/v1/positions?fields=id", "fields", "Did you mean “columns”?", "columns"),
        ("/v1/positions.csv?$select=id", "$select", "Did you mean “columns”?", "columns"),
        ("/v1/positions?fields[positions]=id", "fields[positions]", "Did you mean “columns”?", "columns"),
        (
            "/v1/positions.json?select=id",
            "select",
            "“columns” does this, but applies only to a flat table as CSV or JSON Lines (.ndjson).",
            "sort",
        ),
        ("/v1/parties?$top=2", "$top", "Did you mean “limit”?", "limit"),
        ("/v1/parties?pageSize=2", "pageSize", "Did you mean “limit”?", "limit"),
        ("/v1/parties?page[size]=2", "page[size]", "Did you mean “limit”?", "limit"),
        ("/v1/parties?page[offset]=2", "page[offset]", "Did you mean “after”?", "after"),
        ("/v1/parties?start=2", "start", "Did you mean “after”?", "after"),
        ("/v1/timeline?start=2030", "start", "Did you mean “from”?", "from"),
        ("/v1/timeline?endDate=2030", "endDate", "Did you mean “to”?", "to"),
        ("/v1/gaps?output=csv", "output", "Did you mean “format”?", "format"),
        ("/v1/positions?order=id", "order", "Did you mean “sort”?", "sort"),
        ("/v1/events?since=2030", "since", "Did you mean “from”?", "from"),
        ("/v1/matrix?Date=2030", "Date", "Did you mean “as_of”?", "as_of"),
        ("/v1/parties?limit=5&limit=6", "limit", "is given 2 times; it can be given only once", None),
        ("/v1/positions?party=borovia,*", "party", "“*” means no filter and cannot be combined", None),
        ("/v1/positions?party=*&party=borovia", "party", "“*” means no filter and cannot be combined", None),
        ("/v1/matrix?mode=*,on_record", "mode", "“*” means no filter and cannot be combined", None),
        ("/v1/search?q=*", "q", "“*” is not a word; it must follow at least 2 letters", None),
        ("/v1/search?q=%21%21%21", "q", "“!!!” contains no word; only letters and digits", None),
        ("/v1/search?q=%20", "q", "contains no word; only letters and digits", None),
        ("/v1/parties?q=%2D_%E2%80%A6", "q", "“-_…” contains no word; only letters and digits", None),
        ("/v1/offers.csv?q=**", "q", "“**” contains no word; only letters and digits", None),
        ("/v1/events?from=20240213", "from", "Did you mean “2024-02-13”?", None),
        ("/v1/events?from=20241313", "from", "a date (2024-02-13)", None),
        ("/v1/events?to=17077824", "to", "milliseconds since 1970 (0, or at least 11 digits)", None),
        ("/v1/events?to=1707782400", "to", "milliseconds since 1970 (0, or at least 11 digits)", None),
        ("/v1/events?to=-5", "to", "milliseconds since 1970 (0, or at least 11 digits)", None),
        ("/v1/events?from=abc", "from", "“abc” is not a valid time", None),
        ("/v1/events?=x", "", "“=x” has no parameter name", "from"),
        ("/v1/positions?from=2031-02-01&to=2031-01-01", "from", "2031-02-01 is after 2031-01-01", None),
        ("/v1/timeline.csv?from=2031-02-01&to=1900000000000", "from", "2031-02-01 is after 2030-03-17", None),
        ("/v1/movements?from=2031-02-01&to=2031-01-01", "from", "2031-02-01 is after 2031-01-01", None),
        ("/v1/silences.csv?from=2031-02-01&to=2031-01-01", "from", "2031-02-01 is after 2031-01-01", None),
    ],
)
def test_a_wrong_parameter_is_told_with_what_is_allowed(
    api: Api, path: str, name: str, said: str, allowed: str | None
) -> None:
    (error,) = api.problem(path, 400)["errors"]
    assert error["parameter"] == name
    assert said in error["message"]
    assert not error["message"].endswith("?.")
    assert allowed is None or allowed in error["allowed"]


METHODS = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/",
        "/v1/parties",
        "/v1/parties/aldoria",
        "/parties",
        "/v1/parties.csv",
        "/openapi.yaml",
        "/healthz",
        "/docs/",
    ],
)
def test_another_method_is_405_with_what_is_allowed(api: Api, path: str, method: str) -> None:
    response = api.ask(path, method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert problem_of(response)["type"] == "/v1/problems/method-not-allowed"
    assert response.headers["API-Version"]
    assert response.headers["Data-Release"] == "w2031-1"


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/xml;q=0.9", "application/json;q=0"])
@pytest.mark.parametrize("path", ["/v1/", "/v1/parties", "/v1/parties/aldoria", "/v1/search?q=pepper"])
def test_what_no_path_has_is_406(api: Api, path: str, accept: str) -> None:
    problem = api.problem(path, 406, headers={"Accept": accept})
    assert problem["type"] == "/v1/problems/not-acceptable"


def test_an_accept_header_that_cannot_be_read_is_told_as_it_was_sent(api: Api) -> None:
    told = api.problem("/v1/parties", 406, headers={"Accept": "application/json;q=abc"})["detail"]
    assert "“application/json;q=abc”, which contains no valid media type" in told
    assert "no valid media type" not in api.problem("/v1/parties", 406, headers={"Accept": "image/png"})["detail"]
    told = api.problem("/v1/parties", 406, headers={"Accept": f"image/{'x' * 5000}"})["detail"]
    assert len(told) < 400


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/*", "text/html,*/*;q=0.8", "application/json", "APPLICATION/JSON", "", "nonsense, */*"],
)
def test_an_accept_header_that_takes_json_is_answered(api: Api, accept: str) -> None:
    assert api.ask("/v1/parties", headers={"Accept": accept}).content_type == "application/json"


@pytest.mark.parametrize("accept", ["application/json", "text/html", "image/png"])
@pytest.mark.parametrize(
    "path", ["/v1/parties.csv", "/v1/parties?format=csv", "/v1/parties.ndjson", "/v1/parties?format=ndjson"]
)
def test_a_suffix_or_a_format_beats_the_accept_header(api: Api, path: str, accept: str) -> None:
    assert api.ask(path, headers={"Accept": accept}).status_code == 200


def test_a_release_that_is_not_loaded_is_410(api: Api) -> None:
    assert "w2031-1" in api.problem("/v1/parties?release=w2029-9", 410)["detail"]
    api.problem("/v1/parties/aldoria?release=w2029-9", 410)
    api.problem("/v1/parties.csv?release=w2029-9", 410)
    assert api.get("/v1/parties?release=w2031-1")["data"]


@pytest.mark.parametrize(
    "query",
    ["bogus=", "bogus", "bogus=1", "fold=", "format=", "release=", "=1", "as_of=x", "known_at=", "party=", "fold=none"],
)
def test_what_is_refused_is_refused_wherever_it_is_asked_for(api: Api, query: str) -> None:
    status = api.ask(f"/v1/matrix?{query}").status_code
    assert status == (200 if query in ("known_at=", "party=", "fold=none") else 400)
    for path in (
        f"/explore/matrix?{query}",
        f"/embed/matrix?{query}",
        f"/v1/cite?path={quote(f'/v1/matrix?{query}')}",
        f"/v1/oembed?url={quote(f'/explore/matrix?{query}')}",
    ):
        assert api.ask(path).status_code == status, path


def test_a_long_address_is_414(api: Api) -> None:
    assert api.problem("/v1/parties?q=" + "a" * 9000, 414)["type"] == "/v1/problems/uri-too-long"
    assert api.problem("/v1/" + "a" * 9000, 414)["type"] == "/v1/problems/uri-too-long"
    assert api.ask("/v1/" + "a" * 9000, method="POST").status_code == 414


def test_large_headers_are_431(api: Api) -> None:
    """Whether the answer is kept or not: so each is asked for before and after it is."""
    explained = api.data("/v1/problems/headers-too-large")["meaning"]
    for number, (name, begin) in enumerate(
        {
            "Accept": "application/json, text/",
            "Host": "localhost",
            "Accept-Encoding": "gzip, ",
            "If-None-Match": '"',
            "If-Range": '"',
            "Range": "bytes=0-",
        }.items()
    ):
        for _ in range(2):
            problem = api.problem(f"/v1/parties?limit={190 + number}", 431, headers={name: begin + "1" * 33_000})
            assert problem["type"] == "/v1/problems/headers-too-large"
            assert f"`{name}`" in explained
            api.get(f"/v1/parties?limit={190 + number}", headers={"X-Large": "a" * 40_000, "Cookie": "b" * 40_000})
        assert api.ask("/v1/parties", method="POST", headers={name: begin + "1" * 33_000}).status_code == 431


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_type_of_every_problem_resolves_to_its_explanation(api: Api, kind: object) -> None:
    explained = api.data(kind.type)
    assert (explained["status"], explained["title"], explained["meaning"]) == (kind.status, kind.title, kind.meaning)


def test_without_a_release_the_service_is_unavailable_and_alive(make_service: object) -> None:
    empty = Api(make_service().wsgi)
    response = empty.ask("/v1/parties")
    assert problem_of(response)["type"] == "/v1/problems/unavailable"
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert empty.ask("/readyz").status_code == 503
    assert empty.ask("/healthz").status_code == 200
    assert empty.ask("/v1/parties", method="OPTIONS").status_code == 200
    assert empty.ask("/v1/parties", method="POST").status_code == 405


def test_a_fault_of_the_service_is_a_500_that_tells_nothing(
    make_service: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = make_service(seeds=None)
    monkeypatch.setattr(broken.wsgi.database, "at_hand", lambda: 1 / 0)
    problem = Api(broken.wsgi).problem("/v1/parties", 500)
    assert problem["type"] == "/v1/problems/internal"
    assert "ZeroDivision" not in orjson.dumps(problem).decode()


def test_every_id_that_does_not_exist_is_told_in_one_answer(api: Api) -> None:
    problem = api.problem("/v1/demands", 404, party="nobody,noone", issue="nothing", process="nowhere")
    told = [(one["parameter"], one["value"]) for one in problem["errors"]]
    assert told == [("party", "nobody"), ("party", "noone"), ("issue", "nothing"), ("process", "nowhere")]
    problem = api.problem("/v1/matrix", 404, party="nobody", issue="nothing")
    assert [one["parameter"] for one in problem["errors"]] == ["issue", "party"]


@pytest.mark.parametrize(
    "path", ["/v1/demands", "/v1/demands.csv", "/v1/facets/demands?by=firmness", "/v1/options/parties"]
)
def test_values_that_are_wrong_and_ids_that_do_not_exist_are_told_in_one_answer(api: Api, path: str) -> None:
    name = "process" if "options" in path else "party"
    problem = api.problem(path, 400, **{name: "borovja,No íd", "known_at": "yesterday", "from": "2031"})
    assert problem["type"] == "/v1/problems/invalid-parameter"
    assert [one["parameter"] for one in problem["errors"]].count(name) == 2
    assert {one["parameter"] for one in problem["errors"]} >= {name, "known_at"}
    (unknown,) = [one for one in problem["errors"] if one["value"] == "borovja"]
    assert unknown["message"] in problem["detail"]
    if name == "party":
        assert unknown["message"] == "“borovja” is not a known party id. Did you mean “borovia”?"


@pytest.mark.parametrize("wrong", ["limit=0", "colour=red", "sort=colour", "as_of=yesterday"])
@pytest.mark.parametrize("prefix", UNVERSIONED_AND_NOT)
def test_an_after_and_a_key_that_name_nothing_are_told_beside_what_is_wrong(api: Api, prefix: str, wrong: str) -> None:
    problem = api.problem(f"{prefix}/evidence?after=nowhere&subject=demands/nothing&speaker=nobody&{wrong}", 400)
    told = {one["parameter"]: one["message"] for one in problem["errors"]}
    assert told.keys() == {"after", "subject", "speaker", wrong.partition("=")[0]}
    assert "not a known evidence id" in told["after"]
    assert "“demands/nothing” is not a known value" in told["subject"]


@pytest.mark.parametrize("path", ["/v1/matrix", "/v1/gaps.csv", "/v1/charts/gaps.vl.json", "/v1/cite?path=/v1/gaps%3F"])
def test_an_analysis_tells_wrong_values_and_unknown_ids_in_one_answer(api: Api, path: str) -> None:
    query = "party=aldorja,borovia&issue=nothing&process=nowhere&as_of=1.2.2030"
    asked = f"{path}{quote(query)}" if "cite" in path else f"{path}?{query}"
    problem = api.problem(asked, 400)
    assert sorted(one["parameter"] for one in problem["errors"]) == ["as_of", "issue", "party", "process"]
    assert "Did you mean “aldoria”?" in problem["detail"]
    assert "Did you mean" not in api.problem(asked.replace("aldorja", "aldoria"), 400)["detail"].replace(
        "Did you mean “2", ""
    )


def test_a_filter_and_an_after_that_name_nothing_are_told_in_one_answer(api: Api) -> None:
    for more in ("", "&sort=first_reported_on"):
        problem = api.problem(f"/v1/demands?after=nowhere&party=nobody{more}", 404)
        assert [one["parameter"] for one in problem["errors"]] == ["party", "after"]


def test_an_id_that_exists_is_not_told_beside_what_is_wrong(api: Api) -> None:
    problem = api.problem("/v1/demands?party=borovia&issue=&after=castella-no-tariff&limit=0", 400)
    assert [one["parameter"] for one in problem["errors"]] == ["limit"]


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/parties/aldorja", "/v1/parties/aldorja/positions", "/explore/parties/aldorja"),
        "/v1/cite?path=/v1/parties/aldorja%3F",
    ],
)
def test_an_id_in_the_path_that_does_not_exist_is_told_beside_what_is_wrong(api: Api, path: str) -> None:
    asked = f"{path}colour=red" if "cite" in path else f"{path}?colour=red"
    response = api.ask(asked)
    assert response.status_code == 400
    assert "colour: unknown parameter. " in response.text
    assert "id: “aldorja” is not a known party id. Did you mean “aldoria”?" in response.text
    assert "id: " not in api.ask(asked.replace("aldorja", "aldoria")).text


@pytest.mark.parametrize(
    "path", ["/v1/demands", "/v1/demands/x", "/v1/demands.csv", "/v1/gaps", "/v1/oembed?url=/gaps"]
)
def test_a_release_that_is_not_loaded_is_told_with_all_else_that_is_wrong(api: Api, path: str) -> None:
    both = "&" if "?" in path else "?"
    problem = api.problem(f"{path}{both}release=w2099-1&colour=red", 400)
    assert {"release", "colour"} <= {one["parameter"] for one in problem["errors"]}
    assert "Release “w2099-1” is not loaded; the loaded release is “w2031-1”." in problem["detail"]
    assert api.problem(f"{path}{both}release=w2099-1", 410)["detail"].startswith("Release “w2099-1” is not loaded")


@pytest.mark.parametrize("query", ["collection=demnds", "action=add", "collection=demnds&after=nowhere"])
def test_a_feed_of_what_is_not_there_is_refused_as_the_list_is(api: Api, query: str) -> None:
    feed, listed = (api.ask(f"/v1/{path}?{query}") for path in ("feeds/changes.atom", "changes"))
    assert problem_of(feed)["status"] == problem_of(listed)["status"]
    assert problem_of(feed)["errors"] == problem_of(listed)["errors"]


@pytest.mark.parametrize("method", ["get", "Get", "head", "options", "pOST"])
@pytest.mark.parametrize("path", ["/v1/parties", "/parties/aldoria", "/explore/gaps", "/nowhere", "/healthz"])
def test_a_method_in_small_letters_is_another_method(api: Api, path: str, method: str) -> None:
    environ = {**EnvironBuilder(path=path).get_environ(), "REQUEST_METHOD": method}
    body, status, headers = run_wsgi_app(api.wsgi, environ)
    assert status.startswith("405")
    assert headers["Allow"] == "GET, HEAD, OPTIONS"
    assert orjson.loads(b"".join(body))["type"] == "/v1/problems/method-not-allowed"
