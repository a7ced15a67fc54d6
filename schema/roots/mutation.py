"""What can be done: one mutation for each action of the tables that a caller may take."""

import strawberry

from resolvers.actions.act_on_fulfillment import fulfillment_action
from resolvers.actions.act_on_order import order_action
from resolvers.actions.act_on_payment import payment_action
from resolvers.actions.cancel_order import cancel_order
from resolvers.actions.import_orders import import_orders
from resolvers.actions.pay_order import pay_order
from resolvers.actions.place_order import place_order
from resolvers.actions.record_tracking import record_tracking
from resolvers.actions.ship_fulfillment import ship_fulfillment
from schema.types.result import (
    FulfillmentActionResult,
    ImportOrdersResult,
    OrderActionResult,
    PaymentActionResult,
    PayOrderResult,
    PlaceOrderResult,
    RecordTrackingResult,
)


@strawberry.type(
    description="What can be done. What a caller can expect to go wrong is a member of the answer's union."
)
class Mutation:
    place_order = strawberry.mutation(
        resolver=place_order,
        graphql_type=PlaceOrderResult,
        description="Places an order: exactly once under its idempotency key.",
    )
    pay_order = strawberry.mutation(
        resolver=pay_order,
        graphql_type=PayOrderResult,
        description="Starts a payment of what is open, or of a part of it.",
    )
    confirm_order = strawberry.mutation(
        resolver=order_action("confirmOrder"),
        graphql_type=OrderActionResult,
        description="Releases a paid order to the warehouses.",
    )
    hold_order = strawberry.mutation(
        resolver=order_action("holdOrder"),
        graphql_type=OrderActionResult,
        description="Stops an order of which nothing was shipped; its deadlines rest.",
    )
    release_order = strawberry.mutation(
        resolver=order_action("releaseOrder"),
        graphql_type=OrderActionResult,
        description="Lets an order on hold go on where it was.",
    )
    cancel_order = strawberry.mutation(
        resolver=cancel_order, graphql_type=OrderActionResult, description="Cancels an order, or units of it."
    )
    confirm_receipt = strawberry.mutation(
        resolver=order_action("confirmReceipt"),
        graphql_type=OrderActionResult,
        description="Says that the goods arrived.",
    )
    extend_receipt = strawberry.mutation(
        resolver=order_action("extendReceipt"),
        graphql_type=OrderActionResult,
        description="Moves the deadline after which the goods count as received.",
    )
    complete_order = strawberry.mutation(
        resolver=order_action("completeOrder"), graphql_type=OrderActionResult, description="Closes a received order."
    )
    capture_payment = strawberry.mutation(
        resolver=payment_action("capturePayment"),
        graphql_type=PaymentActionResult,
        description="Takes what was authorized, or a part of it.",
    )
    void_payment = strawberry.mutation(
        resolver=payment_action("voidPayment"),
        graphql_type=PaymentActionResult,
        description="Lets go what is authorized and was not taken.",
    )
    accept_fulfillment = strawberry.mutation(
        resolver=fulfillment_action("acceptFulfillment"),
        graphql_type=FulfillmentActionResult,
        description="Says that the warehouse or seller will send it.",
    )
    decline_fulfillment = strawberry.mutation(
        resolver=fulfillment_action("declineFulfillment"),
        graphql_type=FulfillmentActionResult,
        description="Says, in the note, why the warehouse or seller will not send it: another one is asked that has its units, or it waits for stock.",
    )
    pack_fulfillment = strawberry.mutation(
        resolver=fulfillment_action("packFulfillment"),
        graphql_type=FulfillmentActionResult,
        description="Says that it is picked and packed.",
    )
    ship_fulfillment = strawberry.mutation(
        resolver=ship_fulfillment,
        graphql_type=FulfillmentActionResult,
        description="Says that a parcel left, with all units that remain or some of them.",
    )
    record_tracking = strawberry.mutation(
        resolver=record_tracking,
        graphql_type=RecordTrackingResult,
        description="Records what a carrier says of a parcel, each of its events once; with the last one delivered, all is.",
    )
    deliver_fulfillment = strawberry.mutation(
        resolver=fulfillment_action("deliverFulfillment"),
        graphql_type=FulfillmentActionResult,
        description="Says that every parcel arrived.",
    )
    import_orders = strawberry.mutation(
        resolver=import_orders,
        graphql_type=ImportOrdersResult,
        description="Brings orders of a legacy system in: each once, by its external number on the channel.",
    )
