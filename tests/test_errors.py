"""Errors are one family: a code, a hint, an exit code, and the same document for the command and HTTP."""

from __future__ import annotations

import inspect
import pickle

import pytest

from inforce import errors
from inforce.errors import (
    DateError,
    EnvironmentFault,
    ExitCode,
    FactsError,
    InForceError,
    InputError,
    IntegrityError,
    LawNotHeldError,
    LimitError,
    LockedError,
    RefusedError,
    UnknownIdError,
    UsageError,
    nearest,
)

FAMILY = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, InForceError)]


@pytest.mark.parametrize(
    ("kind", "code", "exit_code", "also"),
    [
        (UsageError, "E_USAGE", 2, ValueError),
        (UnknownIdError, "E_UNKNOWN_ID", 2, LookupError),
        (DateError, "E_DATE", 2, ValueError),
        (FactsError, "E_FACTS", 2, ValueError),
        (LawNotHeldError, "E_NOT_HELD", 2, LookupError),
        (InputError, "E_INPUT", 3, ValueError),
        (RefusedError, "E_REFUSED", 4, InForceError),
        (IntegrityError, "E_INTEGRITY", 5, InForceError),
        (EnvironmentFault, "E_ENVIRONMENT", 6, OSError),
        (LockedError, "E_LOCKED", 7, InForceError),
        (LimitError, "E_TIMEOUT", 8, InForceError),
    ],
)
def test_each_error_has_its_code_and_exit_code(
    kind: type[InForceError], code: str, exit_code: int, also: type[Exception]
) -> None:
    error = kind("what was found", hint="what would be right", source="file.ttl:3:7")
    assert (error.code, error.exit_code) == (code, exit_code)
    assert isinstance(error, also)
    assert isinstance(error, InForceError)
    assert str(error) == "file.ttl:3:7: what was found; what would be right"


def test_every_error_of_the_module_is_in_its_public_list() -> None:
    assert {one.__name__ for one in FAMILY} <= set(errors.__all__)
    assert all(isinstance(one.exit_code, ExitCode) for one in FAMILY)


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("E_DATE", DateError, 400),
        ("E_UNKNOWN_ID", UnknownIdError, 404),
        ("E_FACTS", FactsError, 422),
        ("E_CASE", InputError, 422),
        ("E_RDF", InputError, 400),
        ("E_QUERY", InputError, 400),
        ("E_READONLY", RefusedError, 403),
        ("E_SERVICE", RefusedError, 403),
        ("E_QUERY_SIZE", RefusedError, 413),
        ("E_TIMEOUT", LimitError, 503),
        ("E_MEMORY", LimitError, 503),
        ("E_HOST", UsageError, 421),
    ],
)
def test_a_problem_document_has_the_members_of_the_standard(code: str, kind: type[InForceError], status: int) -> None:
    problem = kind("found", code=code, hint="right").problem()
    assert problem["status"] == status
    assert problem["type"] == f"https://w3id.org/inforce/error/{code}"
    assert (problem["detail"], problem["code"], problem["hint"]) == ("found", code, "right")
    assert isinstance(problem["title"], str)
    assert "source" not in problem


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_crosses_a_process_boundary_whole(kind: type[InForceError]) -> None:
    error = kind("found", code="E_X", hint="right", source="here")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert again.problem() == error.problem()


def test_a_word_is_compared_without_case_accents_and_dashes() -> None:
    facts = ["citizenships", "lmia_required", "arrival_mode", "us_permanent_resident"]
    assert nearest("citizen", facts) == ["citizenships"]
    assert nearest("LMIA-Required", facts) == ["lmia_required"]
    assert nearest("cote divoire", ["Côte d'Ivoire", "Croatia"])[0] == "Côte d'Ivoire"
    assert nearest("zzzzzz", facts) == []
    assert len(nearest("a", facts, 2)) <= 2
