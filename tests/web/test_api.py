"""The JSON API: the bytes of the command line, the codes of its errors, no file within reach, and its description."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran

import inforce
from inforce_cli.app import COMMANDS
from inforce_cli.output import _day_in

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from json_api import application, keeps_to  # noqa: E402

from inforce_cli.serve import api  # noqa: E402
from inforce_cli.serve.openapi import document  # noqa: E402
from inforce_cli.serve.operations import OPERATIONS, operation  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def client(kb: Any) -> Any:
    from starlette.testclient import TestClient

    return TestClient(application(inforce.open(store=kb.built.folder, today=_day_in)))


# ---- the bytes of the command line ---------------------------------------------------------------

SAME = [
    ("check citizenships=FRA lmia_required=no --on 2018-01-01", "citizenships=FRA&lmia_required=no&on=2018-01-01"),
    ("check citizenships=FRA --on 2018-01-01", "facts=citizenships%3DFRA&on=2018-01-01"),
    ("check citizenships=FRA --ordinarily --lang fr", "citizenships=FRA&ordinarily=yes&lang=fr"),
    (
        "check citizenships=IND --on 2024-12-24 --known-on 2024-12-01",
        "citizenships=IND&on=2024-12-24&known_on=2024-12-01",
    ),
    (
        "check citizenships=IND --on 2024-12-24 --why-not --limit 2",
        "citizenships=IND&on=2024-12-24&why-not=yes&limit=2",
    ),
    (
        "check citizenships=IND --on 2024-12-23 --compare 2024-12-24",
        "citizenships=IND&on=2024-12-23&compare=2024-12-24",
    ),
    (
        "check citizenships=IND --what-if lmia_required=no --on 2024",
        "citizenships=IND&what-if=lmia_required%3Dno&on=2024",
    ),
    ("check citizenships=MEX --history --action trv-needed", "citizenships=MEX&history=true&action=trv-needed"),
    ("check citizenships=FRA --sparql --on 2018-01-01", "citizenships=FRA&sparql=1&on=2018-01-01"),
    ("changes --from 2024-12-01 --to 2025-02-28", "from=2024-12-01&to=2025-02-28"),
    ("changes --about Mexique --limit 3", "about=Mexique&limit=3"),
    ("diff 2024-12-23 2024-12-24", "words=2024-12-23&words=2024-12-24"),
    (
        "diff 2024-02-28 2024-03-01 --outcomes --action eta-needed",
        "words=2024-02-28&words=2024-03-01&outcomes=yes&action=eta-needed",
    ),
    ("timeline R-WP-198-2A", "name=R-WP-198-2A"),
    ("timeline citizenships=MEX --action trv-needed", "citizenships=MEX&action=trv-needed"),
    ("trace SOR/2024-258", "name=SOR/2024-258"),
    ("conflicts C-01", "name=C-01"),
    ("show R-WP-FLAG-2024 --on 2025-01-01", "name=R-WP-FLAG-2024&on=2025-01-01"),
    ("show Mexique --lang fr", "name=Mexique&lang=fr"),
    ("list rules --limit 2", "kind=rules&limit=2"),
    ("search visa mexique --lang fr", "words=visa&words=mexique&lang=fr"),
    ('cite "IRPR 198(2)(a)" --on 2010-01-01', "name=IRPR%20198(2)(a)&on=2010-01-01"),
    ("panel --nationality MEX,FRA+IND --action eta-needed", "nationality=MEX,FRA%2BIND&action=eta-needed"),
    (
        "panel --days 2024-02-28,2024-03-01 --nationality MEX --wide --ordinarily",
        "days=2024-02-28&days=2024-03-01&nationality=MEX&wide=yes&ordinarily=yes",
    ),
    (
        "panel --nationality MEX --fact lmia_required=yes,no --from 2023 --to 2024 --limit 3",
        "nationality=MEX&fact=lmia_required%3Dyes,no&from=2023&to=2024&limit=3",
    ),
    ("query", ""),
    ("query members-of-list list=visa-exempt on=2024-12-24", "name=members-of-list&list=visa-exempt&on=2024-12-24"),
    ("query members-of-list --explain", "name=members-of-list&explain=yes"),
]


@pytest.mark.parametrize(("line", "asked"), SAME, ids=[line for line, _ in SAME])
def test_an_answer_is_the_bytes_of_the_command(
    client: Any, run: Callable[..., Ran], described: dict[str, Any], line: str, asked: str
) -> None:
    ran = run(line + " --json")
    assert ran.code in (0, 8), ran.err
    command = line.split()[0]
    got = client.get(f"/api/{command}?{asked}")
    assert got.status_code == 200, got.text
    assert got.content == ran.out.encode()
    assert got.headers.get("X-Truncated") == ("rows" if ran.code == 8 else None)
    keeps_to(described, command, "get", got)


WRONG = [
    ("check citizenships=XQ", "citizenships=XQ", 404),
    ("check no_such_fact=yes", "no_such_fact=yes", 404),
    ("check citizenships=FRA --on 03/04/2024", "citizenships=FRA&on=03/04/2024", 400),
    (
        "check us_permanent_resident=yes us-permanent-resident=no",
        "us_permanent_resident=yes&us-permanent-resident=no",
        422,
    ),
    ("check --explain --history", "explain=yes&history=yes", 400),
    ("show R-WP-FLAG-2025", "name=R-WP-FLAG-2025", 404),
    ("list rulez", "kind=rulez", 404),
    ("changes --affects nothing", "affects=nothing", 404),
    ("query members-of-list", "name=members-of-list", 400),
    ("blame IRPR", "name=IRPR", 400),
    ("list rules --limit 0", "kind=rules&limit=0", 400),
]


@pytest.mark.parametrize(("line", "asked", "status"), WRONG, ids=[line for line, _, _ in WRONG])
def test_an_error_has_the_code_of_the_command(
    client: Any, run: Callable[..., Ran], described: dict[str, Any], line: str, asked: str, status: int
) -> None:
    told = json.loads(run(line + " --json").err)
    command = line.split()[0]
    got = client.get(f"/api/{command}?{asked}")
    assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json")
    problem = got.json()
    assert (problem["code"], problem["status"]) == (told["code"], status) and told["status"] == status
    assert problem["detail"].replace("limit 0", "--limit 0") in (
        told["detail"],
        "-" + told["detail"],
        "--" + told["detail"],
    )
    keeps_to(described, command, "get", got)


def test_facts_can_be_sent_as_json(client: Any, run: Callable[..., Ran], tmp_path: Path) -> None:
    case = {"citizenships": ["IND", "MEX"], "lmia_required": False, "purpose_is_immigration_service": None}
    (tmp_path / "case.json").write_text(json.dumps(case), encoding="utf-8")
    ran = run(f"check --facts {shlex.quote(str(tmp_path / 'case.json'))} --on 2024-12-24 --ordinarily --json")
    got = client.post("/api/check?on=2024-12-24&ordinarily=yes", json=case)
    assert (ran.code, got.status_code) == (0, 200), (ran.err, got.text)
    assert got.content == ran.out.encode()


def test_a_saved_answer_can_be_replayed_traced_cited_and_shown(
    client: Any, run: Callable[..., Ran], tmp_path: Path
) -> None:
    saved = client.get("/api/check?citizenships=FRA&on=2018-01-01").content
    path = tmp_path / "answer.json"
    path.write_bytes(saved)
    for command in ("replay", "trace", "cite", "show"):
        got = client.post(f"/api/{command}", content=saved, headers={"Content-Type": "application/json"})
        assert got.status_code == 200, got.text
        assert got.content == run(f"{command} {path} --json").out.encode(), command


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b'{"citizenships": "FRA"}', "text/plain", 415, "E_MEDIA_TYPE"),
        (b'{"citizenships": "FRA"}', "", 415, "E_MEDIA_TYPE"),
        (b"citizenships=FRA", "application/json", 422, "E_CASE"),
        (b"", "application/json", 422, "E_CASE"),
        (b'{"citizenships": ', "application/json", 422, "E_CASE"),
        (b'{"citizenships": {"a": 1}}', "application/json", 422, None),
        (b'["FRA"]', "application/json", 422, "E_CASE"),
        (b"[" * 100_000, "application/json", 422, None),
        (b'{"a": "' + b"x" * 1_100_000 + b'"}', "application/json", 413, "E_BODY_SIZE"),
        (b'{"citizenships": "\xff"}', "application/json; charset=utf-8", 422, "E_CASE"),
    ],
)
def test_a_body_that_is_not_a_case_is_refused(
    client: Any, body: bytes, kind: str, status: int, code: str | None
) -> None:
    got = client.post("/api/check", content=body, headers={"Content-Type": kind})
    assert got.status_code == status, got.text
    assert code in (None, got.json()["code"])


def test_a_command_without_a_body_takes_none(client: Any) -> None:
    assert client.post("/api/list?kind=rules", json={}).status_code == 405
    assert client.get("/api/replay").status_code == 400


# ---- nothing of the machine ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    ["output=/tmp/x", "o=x", "data=/etc", "store=/etc", "format=text", "json=yes", "endpoint=http://127.0.0.1/",
     "debug=1", "exit-code=yes", "exit_code=yes", "facts_file=/etc/passwd", "quiet=1", "no_color=1", "verbose=1"],
)  # fmt: skip
def test_options_of_the_machine_are_refused(client: Any, asked: str) -> None:
    got = client.get(f"/api/check?citizenships=FRA&{asked}")
    assert (got.status_code, got.json()["code"]) == (400, "E_USAGE")
    assert "only for the command line" in got.json()["detail"]


def test_no_draft_of_the_servers_disk_is_compared(client: Any, tmp_path: Path) -> None:
    got = client.get("/api/diff", params={"words": "2024-01-01", "outcomes": "yes", "against": str(tmp_path)})
    assert got.status_code == 400 and "only for the command line" in got.json()["detail"]


@pytest.mark.parametrize("command", ["show", "trace", "cite", "timeline", "blame", "conflicts"])
def test_the_name_of_a_file_is_no_file(client: Any, tmp_path: Path, command: str) -> None:
    there = tmp_path / "there.json"
    there.write_bytes(client.get("/api/check?citizenships=FRA&on=2018-01-01").content)
    told = []
    for path in (there, tmp_path / "elsewhere.json"):
        got = client.get(f"/api/{command}", params={"name": str(path)})
        assert got.status_code in (400, 404), got.text
        told.append(got.text.replace("elsewhere", "there"))
    assert told[0] == told[1]


def test_standard_input_is_not_read(client: Any) -> None:
    for command in ("show", "trace", "cite"):
        got = client.get(f"/api/{command}?name=-")
        assert (got.status_code, got.json()["detail"]) == (400, "the request has no body")


def test_nothing_is_written(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _, asked in SAME[:3]:
        client.get(f"/api/check?{asked}")
    assert list(tmp_path.iterdir()) == []


def test_every_command_is_offered_or_left_out_on_purpose() -> None:
    left_out = {
        # They read or write files, ask a person, or change what is held.
        "interview", "batch", "import", "validate", "build", "doctor", "export", "shell", "serve",
        # They have an address of their own.
        "sparql", "schema", "feed",
    }  # fmt: skip
    assert set(COMMANDS) - left_out == set(OPERATIONS)


# ---- what a request cannot do ----------------------------------------------------------------------


def test_unknown_and_repeated_parameters_are_named(client: Any) -> None:
    got = client.get("/api/changes?form=2024").json()
    assert got["detail"] == 'unknown parameter "form"' and "from" in got["hint"]
    assert client.get("/api/changes?from=2024&from=2025").status_code == 400
    assert client.get("/api/show").json()["detail"].startswith('show needs "name"')
    assert client.get("/api/check?why-not=perhaps").status_code == 400


def test_too_much_is_refused(client: Any) -> None:
    many = "&".join(f"words={number}" for number in range(300))
    assert client.get(f"/api/search?{many}").status_code == 413
    assert client.get("/api/search", params={"words": "x" * 5000}).status_code == 413


def test_a_panel_has_an_end_in_rows_and_in_time(kb: Any) -> None:
    from starlette.testclient import TestClient

    facts = "&".join(f"fact={fact.name}=yes,no" for fact in kb.book.facts.values() if fact.kind == "boolean")
    client = TestClient(application(kb, timeout_s=0.3))
    for asked in ("days=changes", "days=2024-01-01,2024-01-02,2024-01-03,2024-01-04,2024-01-05", facts[:1800]):
        got = client.get(f"/api/panel?{asked}")
        assert (got.status_code, got.json()["code"]) == (422, "E_TOO_MUCH"), asked
    begun = time.monotonic()
    slow = client.get(f"/api/panel?nationality=MEX&{'&'.join(facts.split('&')[:6])}")
    assert (slow.status_code, slow.json()["code"]) == (503, "E_TIMEOUT")
    assert time.monotonic() - begun < 15
    patient = TestClient(application(kb, timeout_s=60))
    whole = patient.get("/api/panel?nationality=MEX&action=eta-needed&days=changes")
    assert whole.status_code == 200
    assert len({row["day"] for row in whole.json()}) == len(whole.json()) > 20


def test_an_unknown_command_is_told_with_the_nearest(client: Any) -> None:
    got = client.get("/api/chekc")
    assert got.status_code == 404 and "check" in got.json()["hint"]
    assert client.delete("/api/check").status_code == 405


def test_more_than_can_wait_are_told_to_come_back(kb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading
    from concurrent.futures import ThreadPoolExecutor

    from starlette.testclient import TestClient

    go, inside = threading.Event(), threading.Semaphore(0)

    def slow(*given: Any, **more: Any) -> Any:
        inside.release()
        assert go.wait(20)
        return real(*given, **more)

    real = api.answered
    monkeypatch.setattr(api, "answered", slow)
    with TestClient(application(kb, workers=1, queue=1)) as busy, ThreadPoolExecutor(4) as pool:
        first = pool.submit(busy.get, "/api/list?kind=layers")
        assert inside.acquire(timeout=20)
        rest = [pool.submit(busy.get, "/api/list?kind=layers") for _ in range(3)]
        # One of the three waits for its turn; the others have an answer while the first still works.
        for _ in range(200):
            if sum(one.done() for one in rest) == 2:
                break
            threading.Event().wait(0.05)
        refused = [one.result() for one in rest if one.done()]
        go.set()
        assert [one.status_code for one in refused] == [503, 503]
        assert refused[0].headers["Retry-After"] and refused[0].json()["code"] == "E_BUSY"
        assert first.result().status_code == 200
        assert sorted(one.result().status_code for one in rest) == [200, 503, 503]


# ---- caching ---------------------------------------------------------------------------------------


def test_an_answer_names_its_data_and_is_not_sent_twice(client: Any, kb: Any) -> None:
    got = client.get("/api/list?kind=rules")
    assert got.headers["X-Data-Version"] == kb.version
    assert got.headers["X-Data-Cutoff"] == kb.book.verified_through
    again = client.get("/api/list?kind=rules", headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", got.headers["ETag"])
    assert client.get("/api/list?kind=rules", headers={"If-None-Match": '"other"'}).content == got.content
    assert client.head("/api/list?kind=rules").content == b""


# ---- the description -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def described(kb: Any) -> dict[str, Any]:
    return document(kb)


def test_the_description_is_openapi(described: dict[str, Any], client: Any) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(described)
    assert client.get("/openapi.json").json()["paths"].keys() == described["paths"].keys()


def test_the_description_has_every_parameter_of_every_command(described: dict[str, Any], kb: Any) -> None:
    for name in OPERATIONS:
        for what in described["paths"][f"/api/{name}"].values():
            names = [one["name"] for one in what["parameters"]]
            assert len(names) == len(set(names)), name
            body = operation(name).offer.body[0] if "requestBody" in what else ""
            assert {one.name for one in operation(name).parameters if one.keyword != body} <= set(names)
    assert set(kb.book.facts) <= {one["name"] for one in described["paths"]["/api/check"]["get"]["parameters"]}


def test_the_index_names_every_command(client: Any) -> None:
    found = client.get("/api").json()
    assert [one["command"] for one in found["commands"]] == list(OPERATIONS)


# ---- requests at random ----------------------------------------------------------------------------


def _fuzz(kb: Any, examples: int, *, most_s: float) -> int:
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from schemathesis.specs.openapi import checks

    kept = [
        schemathesis.checks.not_a_server_error,
        checks.response_schema_conformance,
        checks.content_type_conformance,
        checks.status_code_conformance,
    ]
    # A table of everything takes a busy machine its time, which is no fault to look for here.
    found = schemathesis.openapi.from_asgi("/openapi.json", application(kb, rows=300, timeout_s=60))
    operations = [one.ok() for one in found.get_all_operations()]
    asked = 0
    begun = time.monotonic()
    for number, one in enumerate(operations, 1):
        # Every operation has its part of the time, whatever the others took.
        until = begun + most_s * number / len(operations)

        def ask(case: Any) -> None:
            nonlocal asked
            if time.monotonic() > until:  # noqa: B023 - called before the next round
                return
            asked += 1
            case.validate_response(case.call(), checks=kept)

        rounds = settings(
            max_examples=min(100, max(1, examples // len(operations))),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            database=None,
        )
        # In rounds, each with a beginning of its own: making cases takes time too, and ends with the last round.
        for turn in range(max(1, examples // len(operations) // 100)):
            if time.monotonic() < until:
                seed(turn)(rounds(given(case=one.as_strategy())(ask)))()
    return asked


def test_requests_at_random_get_no_5xx_and_keep_to_the_schema(kb: Any) -> None:
    assert _fuzz(kb, 1000, most_s=60) > 100


@pytest.mark.slow
def test_many_requests_at_random(kb: Any) -> None:
    assert _fuzz(kb, 50_000, most_s=600) > 1_000
