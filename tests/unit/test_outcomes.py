"""Outcomes under an idempotency key: what is read is what was written."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.db.outcomes import decode_outcome, encode_outcome
from domain.values.faults import DomainFault
from domain.values.outcomes import STORABLE, OrderPaid, OrdersPlaced, Outcome
from domain.values.refusals import OutOfStock, RequestInProgress, ShortLine, UnknownProduct

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
st.register_type_strategy(str, WORDS)
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))


SINGLE = st.sampled_from(sorted({*STORABLE} - {"OrdersPlaced"})).flatmap(lambda name: st.from_type(STORABLE[name]))
st.register_type_strategy(
    OrdersPlaced,
    st.builds(
        OrdersPlaced,
        results=st.lists(SINGLE, max_size=3).map(tuple),
        placed=st.integers(0, 100),
        failed=st.integers(0, 100),
    ),
)


@given(st.sampled_from(sorted(STORABLE)).flatmap(lambda name: st.from_type(STORABLE[name])))
def test_every_storable_outcome_comes_back_from_json_as_it_was(outcome: Outcome) -> None:
    assert decode_outcome(orjson.loads(orjson.dumps(encode_outcome(outcome)))) == outcome


def test_an_outcome_is_an_object_with_its_type() -> None:
    assert encode_outcome(OrderPaid(order_id="ord_1", payment_id="pay_1")) == {
        "type": "OrderPaid",
        "order_id": "ord_1",
        "is_replayed": False,
        "payment_id": "pay_1",
    }


def test_nested_parts_are_objects_and_arrays() -> None:
    document = encode_outcome(OutOfStock(lines=(ShortLine("TEE-1", 2, 1),), path=("lines", "0")))
    assert document["lines"] == [{"sku": "TEE-1", "requested": 2, "available": 1}]
    assert document["path"] == ["lines", "0"]


def test_fields_of_a_former_version_are_passed_over() -> None:
    document = encode_outcome(UnknownProduct(skus=("TEE-1",)))
    assert decode_outcome(document | {"gone": 1}) == UnknownProduct(skus=("TEE-1",))


def test_what_no_key_keeps_is_our_own_fault() -> None:
    with pytest.raises(DomainFault, match=r"^RequestInProgress is no outcome that a key keeps\.$"):
        encode_outcome(RequestInProgress(retry_after_ms=1))
    with pytest.raises(DomainFault, match=r"^Gone is no outcome that a key keeps\.$"):
        decode_outcome({"type": "Gone"})
