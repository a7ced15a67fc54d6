"""What can be done: one mutation for each action of the tables that a caller may take."""

import strawberry

from resolvers.actions.act_on_fulfillment import fulfillment_action
from resolvers.actions.act_on_order import order_action
from resolvers.actions.act_on_payment import payment_action
from resolvers.actions.act_on_refund import refund_action
from resolvers.actions.act_on_return import resolve_intercept, return_fulfillment
from resolvers.actions.after_sales import (
    after_sale_action,
    approve_after_sale,
    receive_return,
    request_after_sale,
    rule_after_sale,
    ship_return,
)
from resolvers.actions.cancel_order import cancel_order
from resolvers.actions.exports import cancel_export, start_export
from resolvers.actions.import_orders import import_orders
from resolvers.actions.modify_order import modify_order
from resolvers.actions.pay_order import pay_order
from resolvers.actions.place_order import place_order
from resolvers.actions.place_orders import place_orders
from resolvers.actions.record_tracking import record_tracking
from resolvers.actions.redeem_voucher import redeem_voucher
from resolvers.actions.refund_payment import refund_payment
from resolvers.actions.resolve_exception import resolve_exception
from resolvers.actions.review_order import approve_order, reject_order
from resolvers.actions.ship_fulfillment import ship_fulfillment
from resolvers.actions.split_order import split_order
from schema.types.export import StartExportResult
from schema.types.result import (
    AfterSaleActionResult,
    FulfillmentActionResult,
    ImportOrdersResult,
    ModifyOrderResult,
    OrderActionResult,
    PaymentActionResult,
    PayOrderResult,
    PlaceOrderResult,
    PlaceOrdersResult,
    RecordTrackingResult,
    RefundActionResult,
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
    place_orders = strawberry.mutation(
        resolver=place_orders,
        graphql_type=PlaceOrdersResult,
        description="Places up to 100 orders: each on its own, or all or none.",
    )
    modify_order = strawberry.mutation(
        resolver=modify_order,
        graphql_type=ModifyOrderResult,
        description="Changes lines, coupons, address or note of an order; once it is paid, the difference goes back or is waited for.",
    )
    pay_order = strawberry.mutation(
        resolver=pay_order,
        graphql_type=PayOrderResult,
        description="Starts a payment of what is open, or of a part of it.",
    )
    approve_order = strawberry.mutation(
        resolver=approve_order,
        graphql_type=OrderActionResult,
        description="Lets an order go on that waited for review: it can be paid now.",
    )
    reject_order = strawberry.mutation(
        resolver=reject_order,
        graphql_type=OrderActionResult,
        description="Cancels an order that waited for review.",
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
    split_order = strawberry.mutation(
        resolver=split_order,
        graphql_type=OrderActionResult,
        description="Splits a paid order anew, before a warehouse has begun; its former fulfillments are replaced.",
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
    redeem_voucher = strawberry.mutation(
        resolver=redeem_voucher,
        graphql_type=OrderActionResult,
        description="Uses a voucher of a virtual order, once.",
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
    refund_payment = strawberry.mutation(
        resolver=refund_payment,
        graphql_type=RefundActionResult,
        description="Asks for money to go back; above the unit's limit finance approves it.",
    )
    approve_refund = strawberry.mutation(
        resolver=refund_action("approveRefund"),
        graphql_type=RefundActionResult,
        description="Lets a refund go to the provider.",
    )
    reject_refund = strawberry.mutation(
        resolver=refund_action("rejectRefund"),
        graphql_type=RefundActionResult,
        description="Keeps the money, and says in the note why.",
    )
    retry_refund = strawberry.mutation(
        resolver=refund_action("retryRefund"),
        graphql_type=RefundActionResult,
        description="Tries a refund again that failed, or of which the provider said nothing for long; of a payment made elsewhere it says that the money was given back.",
    )
    resolve_exception = strawberry.mutation(
        resolver=resolve_exception,
        graphql_type=OrderActionResult,
        description="Lets an order go on whose exception has no cause any more, or gives all that was paid back.",
    )
    intercept_fulfillment = strawberry.mutation(
        resolver=fulfillment_action("interceptFulfillment"),
        graphql_type=FulfillmentActionResult,
        description="Has the carrier stop the parcels on their way.",
    )
    resolve_intercept = strawberry.mutation(
        resolver=resolve_intercept,
        graphql_type=FulfillmentActionResult,
        description="Says whether the parcels were stopped: then they come back, else they go on.",
    )
    return_fulfillment = strawberry.mutation(
        resolver=return_fulfillment,
        graphql_type=FulfillmentActionResult,
        description="Says what came back, sound or damaged: its money goes back, as far as it did not yet.",
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
    start_production = strawberry.mutation(
        resolver=fulfillment_action("startProduction"),
        graphql_type=FulfillmentActionResult,
        description="Says that what is made to order is being made.",
    )
    finish_production = strawberry.mutation(
        resolver=fulfillment_action("finishProduction"),
        graphql_type=FulfillmentActionResult,
        description="Says that what is made to order is made and packed.",
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
    request_after_sale = strawberry.mutation(
        resolver=request_after_sale,
        graphql_type=AfterSaleActionResult,
        description="Opens a case about units: those that have not left are cancelled with it. It is approved by itself where none of its units left, or for little money.",
    )
    withdraw_after_sale = strawberry.mutation(
        resolver=after_sale_action("withdrawAfterSale"),
        graphql_type=AfterSaleActionResult,
        description="Takes a case back.",
    )
    approve_after_sale = strawberry.mutation(
        resolver=approve_after_sale,
        graphql_type=AfterSaleActionResult,
        description="Agrees to a case, for the amount that is asked for or for another one up to the quote.",
    )
    reject_after_sale = strawberry.mutation(
        resolver=after_sale_action("rejectAfterSale"),
        graphql_type=AfterSaleActionResult,
        description="Refuses a case and says why in the note; the buyer may appeal.",
    )
    appeal_after_sale = strawberry.mutation(
        resolver=after_sale_action("appealAfterSale"),
        graphql_type=AfterSaleActionResult,
        description="Asks support or finance to rule on a rejected case.",
    )
    rule_after_sale = strawberry.mutation(
        resolver=rule_after_sale,
        graphql_type=AfterSaleActionResult,
        description="Rules on a case that is in arbitration or disputed.",
    )
    ship_return = strawberry.mutation(
        resolver=ship_return,
        graphql_type=AfterSaleActionResult,
        description="Says that the goods were sent back.",
    )
    receive_return = strawberry.mutation(
        resolver=receive_return,
        graphql_type=AfterSaleActionResult,
        description="Says what came back, whole or in part: what follows is decided at once.",
    )
    import_orders = strawberry.mutation(
        resolver=import_orders,
        graphql_type=ImportOrdersResult,
        description="Brings orders of a legacy system in: each once, by its external number on the channel.",
    )
    start_export = strawberry.mutation(
        resolver=start_export,
        graphql_type=StartExportResult,
        description="Has a file made of rows of the orders that the viewer may see; `exportJob` tells how far it is.",
    )
    cancel_export = strawberry.mutation(
        resolver=cancel_export, graphql_type=StartExportResult, description="Ends an export that is under way."
    )
