"""Outcomes as they lie under an idempotency key: an object of JSON, `{"type": its name, …its fields}`."""

import functools
from typing import Any

from pydantic import TypeAdapter

from domain.orders.views import Json
from domain.values.faults import DomainFault
from domain.values.outcomes import STORABLE, OrdersPlaced, Outcome


def encode_outcome(outcome: Outcome) -> Json:
    name = type(outcome).__name__
    if isinstance(outcome, OrdersPlaced):
        results = [encode_outcome(one) for one in outcome.results]
        counts = {"placed": outcome.placed, "failed": outcome.failed, "is_replayed": outcome.is_replayed}
        return {"type": name, "results": results, **counts}
    return {"type": name, **_adapter(name).dump_python(outcome, mode="json")}


def decode_outcome(document: Json) -> Outcome:
    """Fields that the outcome does not have (any more) are passed over."""
    fields = {name: value for name, value in document.items() if name != "type"}
    if document["type"] == OrdersPlaced.__name__:
        results = tuple(decode_outcome(one) for one in fields["results"])
        return OrdersPlaced(
            is_replayed=fields["is_replayed"], results=results, placed=fields["placed"], failed=fields["failed"]
        )
    outcome: Outcome = _adapter(document["type"]).validate_python(fields)
    return outcome


@functools.cache
def _adapter(name: str) -> TypeAdapter[Any]:
    """Made on first use: all of them would cost a start some tenths of a second."""
    kind = STORABLE.get(name)
    if kind is None:
        raise DomainFault(f"{name} is no outcome that a key keeps.")
    return TypeAdapter(kind)
