"""The doors over HTTP, with the real server and the real engines."""

import csv
import io
import json
import re
import time
from collections.abc import Iterator

import httpx
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.settings import Settings

TAX = "/api/v1/simulators/income-tax"
HIRING = "/api/v1/simulators/hiring-cost"
COUPLE = {"situation": "couple", "salary_1": 32123, "salary_2": 28456, "children": 2}


@pytest.fixture(scope="module")
def client(site: str) -> Iterator[httpx.Client]:
    """A client of the site, once its engines answer."""
    with httpx.Client(base_url=site, timeout=30) as found:
        end = time.monotonic() + 60
        while found.post(TAX, json=COUPLE).status_code == 503:
            assert time.monotonic() < end, "the engines do not start"
            time.sleep(0.2)
        yield found


def faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == 422
    for fault in body["errors"]:
        assert fault["message"]["fr"]
        assert fault["message"]["en"]
    return {fault["pointer"]: fault["code"] for fault in body["errors"]}


def test_an_answer_holds_what_the_contract_says(client: httpx.Client) -> None:
    answer = client.post(TAX, json=COUPLE)
    assert answer.status_code == 200
    body = answer.json()
    assert body["simulator"] == "income-tax"
    assert body["model"].startswith("openfisca-france-")
    assert body["law_date"] == "2025-12-31"
    assert body["unit"] == "EUR/year"
    assert body["breakdown"][0]["law"]["url"].startswith("https://www.legifrance.gouv.fr/")
    assert {one["input"] for one in body["assumptions"]} >= {"income_year", "birth_year_1"}
    assert "pas une décision" in body["notice"]["fr"]
    assert 0 < body["marginal_rate"] < 0.5
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_same_question_has_the_same_bytes(client: httpx.Client) -> None:
    answers = {client.post(TAX, json=COUPLE).content for _ in range(5)}
    assert len(answers) == 1


@pytest.mark.parametrize(
    "written", ["NaN", "Infinity", "-Infinity", "-1", "1e308", '"12"', '"12,5"', '"40000+2*5"',
                '"9**9**9"', "null", "[]", "true", "{}", "9" * 5000],
)  # fmt: skip
@pytest.mark.parametrize(
    ("door", "name", "rest"),
    [(TAX, "salary_1", '"situation": "single", '), (HIRING, "gross_salary", "")],
)
def test_a_bad_number_is_refused_at_its_place(
    client: httpx.Client, door: str, name: str, rest: str, written: str
) -> None:
    began = time.monotonic()
    answer = client.post(
        door, content=f'{{{rest}"{name}": {written}}}', headers={"Content-Type": "application/json"}
    )
    assert list(faults(answer)) == [f"/{name}"]
    assert time.monotonic() - began < 2


def test_unknown_missing_and_repeated_inputs_are_refused_together(client: httpx.Client) -> None:
    answer = client.post(
        TAX, content='{"salary1": 1, "children": 1, "children": 2, "salary_2": 5}',
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert faults(answer) == {
        "/salary1": "unknown",
        "/children": "repeated",
        "/situation": "missing",
    }
    suggested = [one.get("suggestion") for one in answer.json()["errors"]]
    assert "salary_1" in suggested


@pytest.mark.parametrize(
    ("door", "body", "query", "pointer", "supported"),
    [
        (TAX, {"situation": "single", "income_year": 2026}, "", "/income_year", "2025"),
        (TAX, {"situation": "single", "income_year": 1990}, "", "/income_year", "2016"),
        (TAX, {"situation": "single"}, "?law_date=2026-06-01", "/income_year", "2025"),
        (HIRING, {"gross_salary": 2000}, "?law_date=2027-01-01", "/law_date", "2026"),
        (HIRING, {"gross_salary": 2000}, "?law_date=2023-12-31", "/law_date", "2024"),
    ],
)
def test_a_year_without_its_law_is_refused_and_the_known_ones_are_listed(
    client: httpx.Client,
    door: str,
    body: dict[str, object],
    query: str,
    pointer: str,
    supported: str,
) -> None:
    answer = client.post(door + query, json=body)
    assert faults(answer) == {pointer: "unsupported-date"}
    assert supported in answer.json()["errors"][0]["supported"]


def test_what_is_out_of_scope_is_refused_by_name(client: httpx.Client) -> None:
    answer = client.post(HIRING, json={"gross_salary": 2000, "contract": "apprenticeship"})
    assert faults(answer) == {"/contract": "out-of-scope"}
    assert "Apprentissage" in answer.json()["errors"][0]["message"]["fr"]


def test_a_model_is_pinned_by_its_version(client: httpx.Client) -> None:
    current = client.get("/api/v1/simulators").json()["simulators"][0]["models"][0]
    pinned = client.post(f"{TAX}?model={current}&law_date=2025-12-31", json=COUPLE)
    assert pinned.status_code == 200
    assert faults(client.post(f"{TAX}?model=openfisca-france-1.0", json=COUPLE)) == {
        "/model": "not-a-choice"
    }


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "/api/v1/simulators/income-taxe", {"json": {}}, 404),
        ("GET", TAX, {}, 405),
        ("POST", TAX, {"data": {"situation": "single"}}, 415),
        ("POST", f"{TAX}?unknown=1", {"json": COUPLE}, 400),
        ("POST", f"{TAX}/inverse?figure=net_before_tax", {"json": {"wanted": 1}}, 404),
        ("GET", f"{TAX}/answers/short", {}, 404),
        ("GET", f"{TAX}/answers/AAAAAAAAAAAAAAAAAAAAAA", {}, 404),
    ],
)
def test_refusals_have_their_status(
    client: httpx.Client, method: str, path: str, options: dict[str, object], status: int
) -> None:
    answer = client.request(method, path, **options)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_kept_answer_is_replayed_byte_for_byte(client: httpx.Client) -> None:
    asked = client.post(TAX, json=COUPLE)
    kept = client.post(f"{TAX}/answers", json=COUPLE)
    assert kept.status_code == 201
    url = kept.headers["Location"]
    assert re.fullmatch(r".*/answers/[A-Za-z0-9_-]{22}", url)
    first = client.get(url)
    assert first.content == asked.content
    assert "immutable" in first.headers["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert client.get(url.replace("income-tax", "hiring-cost")).status_code == 404


def test_nothing_that_a_person_tells_is_in_the_log(
    client: httpx.Client, small_france_settings: Settings
) -> None:
    kept = client.post(f"{TAX}/answers", json=COUPLE).json()
    client.get(kept["url"])
    client.post(TAX, json={**COUPLE, "salary_1": -32123.77})
    time.sleep(0.3)
    # Without the ids of requests: sixteen random digits hold any five, some day.
    logs = [
        re.sub(r"\[[0-9a-f]{16}\]", "", path.read_text())
        for path in small_france_settings.paths.var.glob("serve-*.log")
    ]
    assert any("/answers/{answer}" in log for log in logs)
    for log in logs:
        for secret in ("32123", "28456", kept["id"]):
            assert secret not in log


ROWS = [
    COUPLE,
    {"situation": "single", "salary_1": "x"},
    {"situation": "single", "salary_1": 30000},
]


def check_rows(rows: list[dict[str, object]], client: httpx.Client) -> None:
    assert [row["row"] for row in rows] == [0, 1, 2]
    assert rows[0]["value"] == client.post(TAX, json=ROWS[0]).json()["value"]
    assert rows[2]["value"] == client.post(TAX, json=ROWS[2]).json()["value"]
    assert rows[1]["value"] is None


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
def test_a_batch_of_json_tells_each_fault_at_its_row(client: httpx.Client, media_type: str) -> None:
    if media_type == "application/json":
        body = json.dumps(ROWS)
    else:
        body = "\n".join(json.dumps(row) for row in ROWS)
    answer = client.post(f"{TAX}/batch", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    if media_type == "application/json":
        rows = answer.json()
    else:
        rows = [json.loads(line) for line in answer.text.splitlines()]
    check_rows(rows, client)
    assert rows[1]["errors"][0]["pointer"] == "/1/salary_1"


def test_a_batch_of_csv_and_of_arrow_has_a_column_per_figure(client: httpx.Client) -> None:
    columns = ["situation", "salary_1", "salary_2", "children"]
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, delimiter=";")
    writer.writeheader()
    writer.writerows(ROWS)
    answer = client.post(
        f"{TAX}/batch", content=table.getvalue(), headers={"Content-Type": "text/csv"}
    )
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[1]["error_pointer"] == "/1/salary_1"
    assert float(rows[0]["value"]) == client.post(TAX, json=COUPLE).json()["value"]

    sink = io.BytesIO()
    numbers = pa.table({"situation": ["couple", "single"], "salary_1": [32123.0, -5.0],
                        "salary_2": [28456.0, None], "children": [2, 0]})  # fmt: skip
    with pa.ipc.new_stream(sink, numbers.schema) as stream:
        stream.write_table(numbers)
    answer = client.post(
        f"{TAX}/batch", content=sink.getvalue(),
        headers={"Content-Type": "application/vnd.apache.arrow.stream"},
    )  # fmt: skip
    found = pa.ipc.open_stream(answer.content).read_all().to_pylist()
    assert found[0]["value"] == float(rows[0]["value"])
    assert found[0]["shares"] == 3
    assert found[1]["error_code"] == "too-small"


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        # Beyond 100,000 rows the answer comes later (test_later_batches); beyond a million, never.
        (b"[" + b",".join([b"{}"] * 1_000_001) + b"]", "application/json", 413),
        (b"{}\n" * 1_000_001, "application/x-ndjson", 413),
        (b"[" + b"1," * 25_000_000 + b"1]", "application/json", 413),
        (b"{}", "application/json", 422),
        (b"not arrow", "application/vnd.apache.arrow.stream", 422),
        (b"{}", "text/plain", 415),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, bytes) else str(value),
)
def test_a_batch_has_its_limits(
    client: httpx.Client, body: bytes, media_type: str, status: int
) -> None:
    answer = client.post(f"{TAX}/batch", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text[:300]


def test_a_curve_is_the_answers_point_by_point(client: httpx.Client) -> None:
    answer = client.post(f"{TAX}/curve?min=0&max=100000&points=11", json={"situation": "single"})
    assert answer.status_code == 200, answer.text
    curve = answer.json()
    assert [point["x"] for point in curve["points"]] == [10000.0 * step for step in range(11)]
    alone = client.post(TAX, json={"situation": "single", "salary_1": 50000}).json()
    assert curve["points"][5]["value"] == alone["value"]
    assert curve["points"][5]["marginal_rate"] == alone["marginal_rate"]
    picture = client.post(f"{TAX}/curve?min=0&max=100000&format=svg", json={"situation": "single"})
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert "(€ par an)" in picture.text
    assert "EUR" not in picture.text
    assert b'<title id="t">' in picture.content
    refused = client.post(f"{TAX}/curve?min=5&max=1&variable=salary1", json={"situation": "single"})
    assert faults(refused) == {"/variable": "not-a-choice"}
    refused = client.post(f"{TAX}/curve?min=5&max=1", json={"situation": "single"})
    assert faults(refused) == {"/max": "inconsistent"}


@pytest.mark.parametrize("wanted", [900.0, 1443.11, 2000.0, 7777.77])
def test_the_inverse_gives_the_salary_that_brings_the_wanted_net(
    client: httpx.Client, wanted: float
) -> None:
    answer = client.post(
        f"{HIRING}/inverse?figure=net_before_tax", json={"wanted": wanted, "workforce": 5}
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    net = next(one["value"] for one in body["figures"] if one["id"] == "net_before_tax")
    assert net == pytest.approx(wanted, abs=0.02)
    again = client.post(
        HIRING, json={"gross_salary": body["inputs"]["gross_salary"], "workforce": 5}
    )
    assert again.json()["value"] == body["value"]


def test_the_inverse_refuses_what_no_salary_gives(client: httpx.Client) -> None:
    answer = client.post(f"{HIRING}/inverse?figure=net_before_tax", json={"wanted": 1e9})
    assert faults(answer) == {"/wanted": "too-large"}


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    salary=st.integers(0, 300_000),
    more=st.integers(0, 50_000),
    children=st.integers(0, 5),
    situation=st.sampled_from(["single", "couple", "widowed"]),
)
def test_more_salary_is_never_less_tax_and_a_child_never_more(
    client: httpx.Client, salary: int, more: int, children: int, situation: str
) -> None:
    base = {"situation": situation, "salary_1": salary, "children": children}
    rows = [base, {**base, "salary_1": salary + more}, {**base, "children": children + 1}]
    answers = client.post(f"{TAX}/batch", json=rows).json()
    tax, raised, child = (row["value"] for row in answers)
    assert raised >= tax
    assert child <= tax


# Around each threshold of the scale of 2025 (article 197), for one share and net property income:
# nobody pays more on the last euro than the rate of the bracket.
@pytest.mark.parametrize(("threshold", "below", "above"), [
    (11_600, 0.0, 0.11), (29_579, 0.11, 0.30), (84_577, 0.30, 0.41), (181_917, 0.41, 0.45),
])  # fmt: skip
def test_the_scale_turns_where_the_law_says(
    client: httpx.Client, threshold: int, below: float, above: float
) -> None:
    rows = [
        {"situation": "single", "property_income": threshold + shift} for shift in (-100, 0, 100)
    ]
    gross = [row["figures"]["gross_tax"] for row in client.post(f"{TAX}/batch", json=rows).json()]
    assert gross[1] - gross[0] == pytest.approx(100 * below, abs=0.05)
    assert gross[2] - gross[1] == pytest.approx(100 * above, abs=0.05)


# Article D241-7 of the social security code, as of 2026: the general reduction ends at three times
# the reference minimum wage (12.02 EUR an hour, 151.67 hours), on the cent.
def test_the_general_reduction_ends_on_the_cent(client: httpx.Client) -> None:
    end = round(3 * 12.02 * 151.67, 2)
    rows = [{"gross_salary": end + cents / 100} for cents in (-1, 1)]
    below, above = client.post(f"{HIRING}/batch?law_date=2026-03-15", json=rows).json()
    assert below["figures"]["general_reduction_rate"] == pytest.approx(0.02, abs=0.0001)
    assert above["figures"]["general_reduction_rate"] == 0


# Decree 2026-509: the rise of the minimum wage in June 2026 changes nothing of the reduction.
def test_the_reduction_of_2026_keeps_the_minimum_wage_of_january(client: httpx.Client) -> None:
    asked = {"gross_salary": 2200, "workforce": 10}
    rates = set()
    for month in ("01", "05", "06", "07", "10"):
        answer = client.post(f"{HIRING}?law_date=2026-{month}-15", json=asked).json()
        figures = {one["id"]: one["value"] for one in answer["figures"]}
        rates.add(figures["general_reduction_rate"])
    assert rates == {0.2448}


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    salary=st.integers(1000, 30_000),
    more=st.integers(0, 3000),
    month=st.sampled_from(["2024-03", "2024-12", "2025-07", "2026-02", "2026-09"]),
    workforce=st.sampled_from([1, 11, 50, 250]),
)
def test_more_gross_is_never_less_cost_nor_less_net(
    client: httpx.Client, salary: int, more: int, month: str, workforce: int
) -> None:
    rows = [{"gross_salary": salary + one, "workforce": workforce} for one in (0, more)]
    less, greater = client.post(f"{HIRING}/batch?law_date={month}-01", json=rows).json()
    assert greater["value"] >= less["value"]
    assert greater["figures"]["net_before_tax"] >= less["figures"]["net_before_tax"]
    assert less["figures"]["net_before_tax"] < salary < less["value"]


def test_schemas_are_there_in_both_languages(client: httpx.Client) -> None:
    french = client.get(f"{HIRING}/schema").json()
    english = client.get(f"{HIRING}/schema?lang=en").json()
    assert french["properties"]["gross_salary"]["title"] == "Salaire brut mensuel"
    assert english["properties"]["gross_salary"]["title"] == "Gross monthly salary"
    assert french["additionalProperties"] is False


def test_a_browser_may_ask_from_any_site(client: httpx.Client) -> None:
    answer = client.options(TAX, headers={"Origin": "https://example.org"})
    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, Prefer"
