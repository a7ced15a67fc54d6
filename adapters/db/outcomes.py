"""Outcomes as they lie under an idempotency key: an object of JSON, `{"type": its name, …its fields}`."""

from typing import Any, Final

from pydantic import TypeAdapter

from domain.orders.views import Json
from domain.values.faults import DomainFault
from domain.values.outcomes import STORABLE, Outcome

_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {name: TypeAdapter(kind) for name, kind in STORABLE.items()}


def encode_outcome(outcome: Outcome) -> Json:
    name = type(outcome).__name__
    if name not in _ADAPTERS:
        raise DomainFault(f"{name} is no outcome that a key keeps.")
    return {"type": name, **_ADAPTERS[name].dump_python(outcome, mode="json")}


def decode_outcome(document: Json) -> Outcome:
    """Fields that the outcome does not have (any more) are passed over."""
    adapter = _ADAPTERS.get(document["type"])
    if adapter is None:
        raise DomainFault(f"{document['type']} is no outcome that a key keeps.")
    outcome: Outcome = adapter.validate_python({name: value for name, value in document.items() if name != "type"})
    return outcome
