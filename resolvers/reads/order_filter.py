"""The filter of orders: everything that is given must hold."""

from collections.abc import Sequence
from typing import Any, Final

import strawberry

from domain.ports.order_views import OrderFilter
from domain.values.enums import (
    AfterSaleStatus,
    ChannelKind,
    FulfillmentStatus,
    OrderStatus,
    OrderType,
    PaymentStatus,
)
from domain.values.faults import BadRequest
from resolvers.absent import given, optional
from resolvers.reads.ranges import DateTimeRangeInput, DecimalRangeInput, date_time_range

MAX_VALUES: Final = 100
MAX_NESTED: Final = 50
_LISTS: Final = (
    "id", "number", "status", "payment_status", "fulfillment_status", "after_sale_status", "order_type", "channel",
    "business_unit", "channel_kind", "member_id", "member_level", "sku", "category", "seller_id", "warehouse", "country",
    "region", "coupon_code", "tracking_number", "external_number",
)  # fmt: skip
_TIMES: Final = ("placed_at", "paid_at", "completed_at", "cancelled_at", "updated_at")


@strawberry.input(
    name="OrderFilter",
    description="Which orders: everything that is given must hold; a list holds for any of its values, at most 100 of them.",
)
class OrderFilterInput:
    id: list[strawberry.ID] | None = optional("The order is one of these.")
    number: list[str] | None = optional("Its number.")
    status: list[OrderStatus] | None = optional("Its status.")
    payment_status: list[PaymentStatus] | None = optional("Its payment status.")
    fulfillment_status: list[FulfillmentStatus] | None = optional("Its fulfillment status.")
    after_sale_status: list[AfterSaleStatus] | None = optional("Its after-sale status.")
    order_type: list[OrderType] | None = optional("Its type.")
    channel: list[str] | None = optional("The code of the channel it came through.")
    business_unit: list[str] | None = optional("The code of the business unit that sells.")
    channel_kind: list[ChannelKind] | None = optional("The kind of that channel.")
    member_id: list[strawberry.ID] | None = optional("The member who buys.")
    member_level: list[str] | None = optional("The member's level as at placement.")
    sku: list[str] | None = optional("A line has this SKU.")
    category: list[str] | None = optional("A line was sold in this category.")
    seller_id: list[strawberry.ID] | None = optional("A line is sold by this seller.")
    warehouse: list[str] | None = optional("A fulfillment leaves from the warehouse of this code.")
    country: list[str] | None = optional("The country it is sent to.")
    region: list[str] | None = optional("The region it is sent to.")
    coupon_code: list[str] | None = optional("This coupon reduced it.")
    tracking_number: list[str] | None = optional("A parcel of it has this tracking number.")
    external_number: list[str] | None = optional("Its number in the channel's own system.")
    placed_at: DateTimeRangeInput | None = optional("When it was placed.")
    paid_at: DateTimeRangeInput | None = optional("When everything was secured.")
    completed_at: DateTimeRangeInput | None = optional("When it was completed.")
    cancelled_at: DateTimeRangeInput | None = optional("When it was cancelled.")
    updated_at: DateTimeRangeInput | None = optional("When it last changed.")
    total: DecimalRangeInput | None = optional("Its total; needs `currency`, here or in a filter around this one.")
    currency: str | None = optional("Its currency, by ISO 4217 code.")
    and_: list["OrderFilterInput"] | None = strawberry.field(
        name="and", default=strawberry.UNSET, description="All of these hold too; at most 50 filters are nested in all."
    )
    or_: list["OrderFilterInput"] | None = strawberry.field(
        name="or", default=strawberry.UNSET, description="One of these holds at least."
    )
    not_: "OrderFilterInput | None" = strawberry.field(
        name="not", default=strawberry.UNSET, description="This does not hold."
    )

    def to_domain(self) -> OrderFilter:
        """Raises BadRequest for what is over its limit, or a total without a currency."""
        nested = _nested_count(self, 0)
        if nested > MAX_NESTED:
            raise BadRequest(f"At most {MAX_NESTED} filters can be nested; these are {nested}.")
        return self._within(None)

    def _within(self, outer_currency: str | None) -> OrderFilter:
        """`outer_currency` holds for every order that this filter is asked about."""
        own = given(self.currency)
        currency = outer_currency if own is None else own
        lists: dict[str, Any] = {name: values_of(getattr(self, name), name) for name in _LISTS}
        times: dict[str, Any] = {name: date_time_range(getattr(self, name)) for name in _TIMES}
        total, negated = given(self.total), given(self.not_)
        return OrderFilter(
            **lists,
            **times,
            total=None if total is None else total.to_domain(currency),
            currency=own,
            all_of=_all_within(self.and_, currency),
            any_of=_all_within(self.or_, currency),
            none_of=None if negated is None else negated._within(currency),  # noqa: SLF001  its own kind
        )


def values_of(asked: Sequence[Any] | None, name: str) -> tuple[Any, ...] | None:
    """The values of one list. Raises BadRequest where there are too many."""
    asked = given(asked)
    if asked is None:
        return None
    if len(asked) > MAX_VALUES:
        raise BadRequest(f"A filter takes at most {MAX_VALUES} values; these are {len(asked)} for {name}.")
    return tuple(asked)


def _all_within(asked: list[OrderFilterInput] | None, currency: str | None) -> tuple[OrderFilter, ...] | None:
    asked = given(asked)
    return None if asked is None else tuple(one._within(currency) for one in asked)  # noqa: SLF001  its own kind


def _nested_count(outer: OrderFilterInput, depth: int) -> int:
    """The filters inside of this one; stops counting when it is clear that they are too many."""
    if depth > MAX_NESTED:
        return 1
    negated = given(outer.not_)
    inner = [*(given(outer.and_) or ()), *(given(outer.or_) or ()), *(() if negated is None else (negated,))]
    return len(inner) + sum(_nested_count(one, depth + 1) for one in inner)
