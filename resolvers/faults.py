"""Faults as entries of `errors`: each has a code of the catalogue, and nothing that a stranger should not read.

GRAPHQL_PARSE_FAILED        the document is no GraphQL
GRAPHQL_VALIDATION_FAILED   the document does not fit the schema
BAD_USER_INPUT              a variable or an argument cannot be what its type says
BAD_REQUEST                 an argument outside of its limits
INVALID_CURSOR              a cursor that was not given out for this list
SERVICE_UNAVAILABLE         another service does not answer; retryable
SERVICE_REJECTED            another service refused
CONFLICT                    too many writers at once; retryable
INTERNAL                    ours: masked here, logged by whoever answers
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from graphql import GraphQLError, GraphQLSyntaxError

from domain.values.faults import BadRequest, OrderCenterFault, ServiceRejected, ServiceUnavailable

PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
INTERNAL: Final = "INTERNAL"
MASKED: Final = "Something went wrong here; it was recorded under this request's id."
IN_THE_WAY: Final = "Others were in the way; trying again may help."
_TOLD: Final = (BadRequest, ServiceRejected, ServiceUnavailable)
"""Faults whose own sentence is meant for the caller."""


def catalogued(error: GraphQLError, request_id: str, *, is_executed: bool, count: int = 1) -> GraphQLError:
    """The same error as it may be shown. `is_executed`: false while the document was still parsed and validated. `count`: how many
    it stands for.
    """
    fault = fault_of(error)
    if fault is not None:
        message = str(fault) if isinstance(fault, _TOLD) else IN_THE_WAY
        more = {"count": count} if count > 1 else {}
        return _shown(error, message, _extensions_of(fault, request_id) | more)
    code = _code_of(error, is_executed=is_executed)
    message = MASKED if code == INTERNAL else error.message
    return _shown(error, message, {"code": code, "retryable": False, "requestId": request_id})


def collapsed(errors: Iterable[GraphQLError]) -> list[tuple[GraphQLError, int]]:
    """The errors, and how many of them each stands for. When a service is down, all fields that needed it fail alike: of those
    whose paths differ in their places in lists only, the first one is told.
    """
    counts: dict[object, int] = {}
    first: dict[object, GraphQLError] = {}
    for error in errors:
        fault = fault_of(error)
        key: object = (fault.service, _field_path(error)) if isinstance(fault, ServiceUnavailable) else id(error)
        counts[key] = counts.get(key, 0) + 1
        first.setdefault(key, error)
    return [(error, counts[key]) for key, error in first.items()]


def _field_path(error: GraphQLError) -> tuple[str, ...]:
    return tuple(part for part in error.path or () if isinstance(part, str))


def is_masked(error: GraphQLError) -> bool:
    """Whether nobody but the log will learn what it was."""
    return fault_of(error) is None and _unexpected(error) is not None


def fault_of(error: GraphQLError) -> OrderCenterFault | None:
    """The fault behind the error, if it is one that may be told."""
    faults = (cause for cause in _causes(error) if isinstance(cause, OrderCenterFault))
    fault = next(faults, None)
    return None if fault is None or fault.code == INTERNAL else fault


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was made of."""
    while isinstance(error, GraphQLError):
        yield error
        error = error.original_error
    if error is not None:
        yield error


def _unexpected(error: GraphQLError) -> BaseException | None:
    return next((cause for cause in _causes(error) if not isinstance(cause, GraphQLError)), None)


def _code_of(error: GraphQLError, *, is_executed: bool) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    if not is_executed:
        return str((error.extensions or {}).get("code", VALIDATION_FAILED))
    return INTERNAL if _unexpected(error) is not None else BAD_USER_INPUT


def _extensions_of(fault: OrderCenterFault, request_id: str) -> dict[str, Any]:
    extensions = {"code": fault.code, "retryable": fault.is_retryable, "requestId": request_id}
    named = {"service": "service", "retry_after_ms": "retryAfterMs"}
    known = {shown: getattr(fault, name) for name, shown in named.items() if hasattr(fault, name)}
    return extensions | known


def _shown(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        original_error=error.original_error,
        extensions=extensions,
    )
