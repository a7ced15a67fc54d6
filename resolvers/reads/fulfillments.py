"""Reading fulfillments: what warehouses and sellers work on, and the parcels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import strawberry

from domain.orders.views import FulfillmentLineView, ShipmentLine, ShipmentView
from domain.ports.order_views import FulfillmentFilter
from domain.values.enums import FulfillmentState
from resolvers.absent import given, optional
from resolvers.context import Info
from resolvers.cursors import CursorKind
from resolvers.listings import FulfillmentListing
from resolvers.paging import After, First, page_request
from resolvers.reads.order_filter import values_of
from resolvers.reads.ranges import DateTimeRangeInput, date_time_range


@strawberry.input(
    name="FulfillmentFilter",
    description="Which fulfillments: everything that is given must hold, a list for any of its values.",
)
class FulfillmentFilterInput:
    status: list[FulfillmentState] | None = optional("Its state is one of these.")
    warehouse: list[str] | None = optional("It leaves from the warehouse of one of these codes.")
    seller_id: list[strawberry.ID] | None = optional("One of these sellers sends it.")
    order_id: list[strawberry.ID] | None = optional("It is a part of one of these orders.")
    promised_at: DateTimeRangeInput | None = optional("By when it is promised.")

    def to_domain(self) -> FulfillmentFilter:
        return FulfillmentFilter(
            status=values_of(self.status, "status"),
            warehouse=values_of(self.warehouse, "warehouse"),
            seller_id=values_of(self.seller_id, "sellerId"),
            order_id=values_of(self.order_id, "orderId"),
            promised_at=date_time_range(self.promised_at),
        )


def fulfillments(
    info: Info,
    filter_: Annotated[
        FulfillmentFilterInput | None, strawberry.argument(name="filter", description="Which fulfillments.")
    ] = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> FulfillmentListing:
    asked = given(filter_)
    query = FulfillmentFilter() if asked is None else asked.to_domain()
    page = page_request(CursorKind.FULFILLMENT, first=first, after=after)
    return FulfillmentListing(info.context.viewer.scope, query, page)


def parcel_lines(shipment: ShipmentView, lines: Sequence[FulfillmentLineView]) -> tuple[FulfillmentLineView, ...]:
    """The fulfillment's lines, as far as they are in this parcel: all of its units were shipped. A return has lines of its own."""
    if shipment.fulfillment_id is None:
        return tuple(_returned_line(shipment, part) for part in shipment.lines)
    by_id = {line.line_id: line for line in lines}
    return tuple(
        replace(
            by_id[part.line_id],
            quantity=part.quantity,
            shipped_quantity=part.quantity,
            cancelled_quantity=0,
            returned_quantity=0,
        )
        for part in shipment.lines
        if part.line_id in by_id
    )


def _returned_line(shipment: ShipmentView, part: ShipmentLine) -> FulfillmentLineView:
    return FulfillmentLineView(
        fulfillment_id=shipment.id,
        line_id=part.line_id,
        order_id=shipment.order_id,
        sku=part.sku or "",
        options=part.options or {},
        quantity=part.quantity,
        shipped_quantity=part.quantity,
        cancelled_quantity=0,
        returned_quantity=0,
    )
