"""The catalogue and the code have the same codes: found by reading the code, not by running it."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from domain.ports.analytics import SumTooLarge
from domain.ports.analytics_engine import CopyOfNoMoment
from domain.ports.payments import CallbackProblem
from domain.ports.promotions import CouponRefusal
from domain.ports.unit_of_work import TransientConflict
from domain.values import faults, refusals
from domain.values.refusals import Refusal
from resolvers.catalogue.entry import Where
from resolvers.catalogue.page import CATALOGUE, errors_markdown

ROOT = Path(__file__).parents[2]
SOURCES = ("domain", "resolvers", "schema", "adapters/entrypoints")
REFUSAL_TYPES = {
    name: kind for name, kind in vars(refusals).items() if isinstance(kind, type) and issubclass(kind, Refusal)
}
SITES: dict[str, tuple[Where, int | None]] = {
    "InputProblem": (Where.PROBLEMS, 1),
    "invalid": (Where.PROBLEMS, None),
    "BlockedReason": (Where.BLOCKS, 0),
    "_rejected": (Where.BLOCKS, 1),
    "BadRequest": (Where.ERRORS, 1),
    "Refused": (Where.ERRORS, 1),
    "_not_executed": (Where.ERRORS, 0),
    "error_answer": (Where.ERRORS, 1),
    **dict.fromkeys(REFUSAL_TYPES, (Where.REFUSALS, None)),
}
"""Function or class → where its code is met, and at which position it stands; None: only as `code=`."""
INDIRECT: dict[tuple[str, str], set[str]] = {
    ("domain/actions/pay_order.py", "code"): set(),
    ("domain/actions/pricing_terms.py", "refused.refusal"): set(CouponRefusal),
    ("domain/values/refusals.py", "code"): set(),
    ("adapters/entrypoints/payment_callbacks.py", "refused.code"): set(),
    ("adapters/entrypoints/payment_callbacks.py", "refused.problem"): set(CallbackProblem),
    ("adapters/entrypoints/answers.py", "INTERNAL"): {"INTERNAL"},
    ("adapters/entrypoints/http.py", "code"): {"NOT_FOUND", "METHOD_NOT_ALLOWED", "BAD_REQUEST"},
    ("adapters/entrypoints/graphql_endpoint.py", "refused.code"): set(),
    ("adapters/entrypoints/bi_endpoint.py", "refused.code"): set(),
}
"""Codes that are not written where they are used: (file, expression) → what it can be; nothing, where it was given to a site."""
OF_GRAPHQL = {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "INTERNAL"}
"""Constants of `resolvers/faults.py`, given by what kind of error it is."""


def catalogued(where: Where) -> list[str]:
    return [entry.code for entry in CATALOGUE[where]]


def files() -> Iterator[tuple[str, ast.Module]]:
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def sites() -> Iterator[tuple[str, Where, ast.expr]]:
    """Every place where a code is given: the file, where callers meet it, the expression."""
    for name, tree in files():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from ((name, where, given) for where, given in of_call(node))


def of_call(call: ast.Call) -> Iterator[tuple[Where, ast.expr]]:
    called = call.func.id if isinstance(call.func, ast.Name) else ""
    if called not in SITES:
        return
    where, position = SITES[called]
    if position is not None and len(call.args) > position:
        yield where, call.args[position]
    elif position is not None and call.args and isinstance(call.args[-1], ast.Starred):
        yield where, call.args[-1]
    yield from ((where, keyword.value) for keyword in call.keywords if keyword.arg == "code")


def fault_classes() -> list[type[faults.OrderCenterFault]]:
    """A new one has to be named here, and no other module than these has one."""
    found = [part for part in vars(faults).values() if isinstance(part, type)]
    found += [CopyOfNoMoment, SumTooLarge, TransientConflict]
    bases = {"OrderCenterFault", *(kind.__name__ for kind in found)}
    classes = [node for _, tree in files() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    declared = {node.name for node in classes for base in node.bases if isinstance(base, ast.Name) and base.id in bases}
    assert declared | {"OrderCenterFault"} == {kind.__name__ for kind in found}
    return found


def defaults(kind: type[Refusal]) -> dict[str, object]:
    return {part.name: part.default for part in fields(kind)}


def used() -> set[tuple[Where, str]]:
    found = {(where, str(given.value)) for _, where, given in sites() if isinstance(given, ast.Constant)}
    for name, where, given in sites():
        if not isinstance(given, ast.Constant):
            found |= {(where, code) for code in INDIRECT[name, ast.unparse(given)]}
    found |= {(Where.ERRORS, code) for code in OF_GRAPHQL | {kind.code for kind in fault_classes()}}
    declared = {defaults(kind)["code"] for kind in REFUSAL_TYPES.values()}
    return found | {(Where.REFUSALS, code) for code in declared if isinstance(code, str)}


def test_the_page_is_the_rendered_one() -> None:
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == errors_markdown()


def test_every_code_that_is_not_written_out_is_explained_here() -> None:
    unwritten = {(name, ast.unparse(given)) for name, _, given in sites() if not isinstance(given, ast.Constant)}
    assert unwritten == set(INDIRECT)


@pytest.mark.parametrize("where", list(Where))
def test_the_code_uses_the_codes_of_the_catalogue_and_all_of_them(where: Where) -> None:
    assert sorted(catalogued(where)) == sorted(code for place, code in used() if place is where)


@pytest.mark.parametrize("where", list(Where))
def test_the_codes_stand_in_alphabetical_order_each_once(where: Where) -> None:
    assert catalogued(where) == sorted(set(catalogued(where)))


@pytest.mark.parametrize("kind", REFUSAL_TYPES.values())
def test_a_refusal_is_retryable_where_the_catalogue_says_so(kind: type[Refusal]) -> None:
    retryable = {entry.code: entry.is_retryable for entry in CATALOGUE[Where.REFUSALS]}
    declared = defaults(kind)
    if isinstance(declared["code"], str):
        assert declared["retryable"] == retryable[declared["code"]]


def test_a_fault_is_retryable_where_the_catalogue_says_so() -> None:
    retryable = {entry.code: entry.is_retryable for entry in CATALOGUE[Where.ERRORS]}
    assert {kind.code: kind.is_retryable for kind in fault_classes()} == {
        kind.code: retryable[kind.code] for kind in fault_classes()
    }


def test_every_row_says_what_it_means_and_what_to_do_in_sentences() -> None:
    entries = [entry for rows in CATALOGUE.values() for entry in rows]
    assert [e.code for e in entries if not (e.meaning.endswith(".") and e.remedy.endswith("."))] == []
