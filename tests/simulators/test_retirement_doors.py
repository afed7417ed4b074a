"""The retirement simulator through its doors, with the real server: it is ready at once."""

import asyncio
import csv
import io
import json
import time
from collections.abc import Iterator

import httpx
import pyarrow as pa
import pytest

from api.addresses import address
from config.settings import Settings

DOOR = "/api/v1/simulators/retirement"
KNOWN = {"birth_date": "1962-06-15", "liquidation_date": "2026-10-01", "average_salary": 26000,
         "quarters": 169, "contributed_quarters": 165, "points": 5200}  # fmt: skip
CAREER = {"birth_date": "1961-03-02", "liquidation_date": "2026-01-01", "points": 3100,
          "salaries": {str(year): 18000 + 400 * (year - 1983) for year in range(1983, 2026)},
          "points_through": 2018, "later_salary": 36000}  # fmt: skip


@pytest.fixture(scope="module")
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30) as found:
        yield found


def faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    return {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}


def test_an_answer_holds_what_the_contract_says(client: httpx.Client) -> None:
    answer = client.post(DOOR, json=KNOWN)  # no engine has to be waited for
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["value"] == 20480.72
    assert body["simulator"] == "retirement"
    assert body["model"] == "guichet-retirement-2026.1"
    assert body["law_date"] == "2026-10-01"
    assert body["unit"] == "EUR/year"
    assert body["inputs"]["birth_date"] == "1962-06-15"
    assert {one["input"] for one in body["assumptions"]} >= {"career", "children", "later_salary"}
    assert all(line["law"]["url"].startswith("https://") for line in body["breakdown"])
    assert "pas une décision" in body["notice"]["fr"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content == client.post(DOOR, json=KNOWN).content


def test_a_career_by_year_is_answered(client: httpx.Client) -> None:
    body = client.post(DOOR, json=CAREER).json()
    assert body["inputs"]["salaries"]["1983"] == 18000
    assert body["law_date"] == "2026-01-01"
    assert 0 < body["marginal_rate"] < 0.1


@pytest.mark.parametrize(
    "written", ["NaN", "Infinity", "-Infinity", "-1", "1e308", '"12"', '"12,5"', '"40000+2*5"',
                '"9**9**9"', "null", "[]", "true", "{}", "9" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("place", ["average_salary", "salaries/2001"])
def test_a_bad_number_is_refused_at_its_place(
    client: httpx.Client, place: str, written: str
) -> None:
    name, _, year = place.partition("/")
    value = f'{{"{year}": {written}}}' if year else written
    rest = '"birth_date": "1962-06-15", "liquidation_date": "2026-10-01", "quarters": 169'
    began = time.monotonic()
    answer = client.post(
        DOOR, content=f'{{{rest}, "{name}": {value}}}', headers={"Content-Type": "application/json"}
    )
    assert list(faults(answer)) == [f"/{place}"]
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("body", "query", "pointer", "code"),
    [
        ({**KNOWN, "quarter": 3}, "", "/quarter", "unknown"),
        ({"liquidation_date": "2026-10-01"}, "", "/birth_date", "missing"),
        ({**KNOWN, "birth_date": "15/06/1962"}, "", "/birth_date", "not-a-date"),
        ({**KNOWN, "career": "civil-service"}, "", "/career", "out-of-scope"),
        ({**KNOWN, "birth_date": "1966-06-15"}, "", "/liquidation_date", "out-of-scope"),
        ({**KNOWN, "liquidation_date": "2027-01-01"}, "", "/liquidation_date", "unsupported-date"),
        (KNOWN, "?law_date=2025-01-01", "/law_date", "inconsistent"),
        (KNOWN, "?model=openfisca-france-176.1.8", "/model", "not-a-choice"),
    ],
)
def test_faults_have_their_place_and_code(
    client: httpx.Client, body: dict[str, object], query: str, pointer: str, code: str
) -> None:
    answer = client.post(DOOR + query, json=body)
    assert faults(answer)[pointer] == code
    if code == "unsupported-date":
        assert "2026" in answer.json()["errors"][0]["supported"]


def test_a_model_and_a_date_are_pinned(client: httpx.Client) -> None:
    pinned = client.post(f"{DOOR}?model=guichet-retirement-2026.1&law_date=2026-10-01", json=KNOWN)
    assert pinned.content == client.post(DOOR, json=KNOWN).content
    later = {**KNOWN, "liquidation_date": "2030-10-01", "constant_law": True}
    body = client.post(f"{DOOR}?law_date=2026-10-01", json=later).json()
    assert body["law_date"] == "2026-10-01"
    assert any("droit constant" in one["fr"] for one in body["warnings"])


def test_a_kept_answer_is_replayed_byte_for_byte(client: httpx.Client) -> None:
    asked = client.post(DOOR, json=CAREER)
    kept = client.post(f"{DOOR}/answers", json=CAREER)
    assert kept.status_code == 201
    assert client.get(kept.headers["Location"]).content == asked.content


def test_a_batch_in_each_media_type_tells_the_same(client: httpx.Client) -> None:
    rows = [KNOWN, {**KNOWN, "quarters": -1}, CAREER, {**KNOWN, "birth_date": "1966-06-15"}]
    answer = client.post(f"{DOOR}/batch", json=rows).json()
    single = [client.post(DOOR, json=row).json() for row in (KNOWN, CAREER)]
    assert [row.get("value") for row in answer] == [
        single[0]["value"], None, single[1]["value"], None,
    ]  # fmt: skip
    assert answer[1]["errors"][0]["pointer"] == "/1/quarters"
    assert answer[3]["errors"][0]["pointer"] == "/3/liquidation_date"

    table = io.StringIO()
    writer = csv.DictWriter(table, list({**KNOWN, **CAREER}), delimiter=";")
    writer.writeheader()
    for row in rows:
        cells = dict(row)
        if isinstance(salaries := cells.get("salaries"), dict):
            cells["salaries"] = " ".join(f"{year}:{amount}" for year, amount in salaries.items())
        writer.writerow(cells)
    text = client.post(
        f"{DOOR}/batch", content=table.getvalue(), headers={"Content-Type": "text/csv"}
    ).text
    read = list(csv.DictReader(io.StringIO(text)))
    assert float(read[0]["value"]) == single[0]["value"]
    assert float(read[2]["value"]) == single[1]["value"]
    assert read[1]["error_pointer"] == "/1/quarters"

    columns = {name: [row[name] for row in (KNOWN, KNOWN)] for name in KNOWN}
    numbers = pa.table(columns)
    day = numbers.schema.get_field_index("liquidation_date")
    numbers = numbers.set_column(
        day, "liquidation_date", numbers.column(day).cast(pa.date32())
    )  # fmt: skip
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, numbers.schema) as stream:
        stream.write_table(numbers)
    found = pa.ipc.open_stream(
        client.post(
            f"{DOOR}/batch", content=sink.getvalue(),
            headers={"Content-Type": "application/vnd.apache.arrow.stream"},
        ).content
    ).read_all().to_pylist()  # fmt: skip
    assert [row["value"] for row in found] == [single[0]["value"]] * 2


def test_curves_follow_the_departure_and_salaries(client: httpx.Client) -> None:
    later = {**CAREER, "constant_law": True}
    curve = client.post(f"{DOOR}/curve?min=0&max=36&points=37", json=later).json()
    values = [point["value"] for point in curve["points"]]
    assert curve["variable"] == "delay_months"
    assert len(values) == 37
    assert values == sorted(values)
    assert values[-1] > values[0] * 1.03
    without = client.post(f"{DOOR}/curve?min=0&max=36&points=37", json=CAREER).json()
    known = [point["value"] for point in without["points"]]
    assert known[:10] == values[:10]  # January to October 2026
    assert known[10:] == [None] * 27
    salary = client.post(
        f"{DOOR}/curve?variable=average_salary&min=10000&max=60000&points=20", json=KNOWN
    ).json()
    told = [point["value"] for point in salary["points"]]
    assert told == sorted(told)
    picture = client.post(f"{DOOR}/curve?min=0&max=36&points=37&format=svg&lang=en", json=later)
    assert picture.text.startswith("<svg")


def test_the_schema_and_the_list_tell_of_it(client: httpx.Client) -> None:
    schema = client.get(f"{DOOR}/schema").json()
    assert schema["required"] == ["birth_date", "liquidation_date"]
    assert schema["properties"]["birth_date"]["format"] == "date"
    assert schema["properties"]["salaries"]["type"] == "object"
    assert schema["additionalProperties"] is False
    listed = client.get("/api/v1/simulators").json()["simulators"]
    entry = next(one for one in listed if one["id"] == "retirement")
    assert entry["supported"][-1] == "2026"
    assert "Fonction publique" in json.dumps(entry["out_of_scope"], ensure_ascii=False)


def test_the_page_takes_days_and_salaries_by_year_as_text(client: httpx.Client) -> None:
    page = address("simulator", "fr", simulator="retraite")
    assert client.get(page).status_code == 200
    salaries = "\n".join(f"{year} : {18000 + 400 * (year - 1983)}" for year in range(1983, 2026))
    typed = {"birth_date": "1961-03-02", "liquidation_date": "2026-01-01", "points": "3100",
             "salaries": salaries, "points_through": "2018", "later_salary": "36 000"}  # fmt: skip
    answer = client.post(page, data=typed)
    assert answer.status_code == 200, answer.text[-2000:]
    value = client.post(DOOR, json=CAREER).json()["value"]
    assert f"{value:,.2f}".replace(",", "\u202f").replace(".", ",") in answer.text
    wrong = client.post(page, data={**typed, "birth_date": "02/03/1961", "salaries": "1983:x"})
    assert wrong.status_code == 422
    for name in ("birth_date", "salaries"):
        assert f'id="input-{name}-mistake"' in wrong.text


def test_nothing_of_a_career_is_in_the_log(
    client: httpx.Client, small_france_settings: Settings
) -> None:
    client.post(DOOR, json={**CAREER, "birth_date": "1961-03-13", "points": 3173.25})
    client.post(DOOR, json={**CAREER, "birth_date": "1901-03-13", "points": 3173.25})
    time.sleep(0.3)
    logs = [path.read_text() for path in small_france_settings.paths.var.glob("serve-*.log")]
    assert any("/simulators/retirement" in log or "/{simulator}" in log for log in logs)
    for log in logs:
        for secret in ("1961-03-13", "1901-03-13", "3173.25"):
            assert secret not in log


def test_300_at_once_are_answered_right_or_told_to_come_back(site: str) -> None:
    async def all_at_once() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=300)
        async with httpx.AsyncClient(base_url=site, timeout=30, limits=limits) as many:
            bodies = [{**KNOWN, "points": number} for number in range(300)]
            return await asyncio.gather(*[many.post(DOOR, json=body) for body in bodies])

    answers = asyncio.run(all_at_once())
    for points, answer in enumerate(answers):
        if answer.status_code == 503:
            assert answer.headers["Retry-After"]
            continue
        assert answer.status_code == 200
        assert answer.json()["value"] == pytest.approx(13_000 + points * 1.4386, abs=0.006)
    assert sum(answer.status_code == 200 for answer in answers) > 200
