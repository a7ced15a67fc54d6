"""Codes of UserError: what a caller can expect to hear instead of success. Nothing was changed."""

from typing import Final

from resolvers.catalogue.entry import Entry

REFUSALS: Final = (
    Entry(
        "ACTION_REJECTED",
        "The state machine does not allow the action now.",
        "`blockedBy` says why; `availableActions` lists what can be done.",
    ),
    Entry("COUPON_EXHAUSTED", "The coupon was used as often as it may be.", "Leave it out."),
    Entry("COUPON_EXPIRED", "The coupon is no longer valid.", "Leave it out."),
    Entry("COUPON_MEMBER_LIMIT", "The member used the coupon as often as one member may.", "Leave it out."),
    Entry("COUPON_MINIMUM", "The order does not reach the coupon's minimum.", "Leave it out, or buy more."),
    Entry("COUPON_NOT_YET_VALID", "The coupon is not valid yet.", "Leave it out, or wait."),
    Entry(
        "DUPLICATE_EXTERNAL_NUMBER",
        "The channel has an order with this external number.",
        "Read it from `order`; a new order needs a new number.",
    ),
    Entry("FORBIDDEN", "None of the caller's roles may do this.", "Ask someone who may."),
    Entry("GROUP_FULL", "Every seat of the group is taken.", "Join another group, or open one."),
    Entry(
        "IDEMPOTENCY_CONFLICT",
        "The idempotency key was used with another input.",
        "Use a new key for a new intent, and the same input for the same key.",
    ),
    Entry("INVALID_COUPON", "The coupon cannot be used.", "Leave it out."),
    Entry("INVALID_INPUT", "Values of the input cannot be used.", "Correct what `problems` lists."),
    Entry("LIMIT_EXCEEDED", "More than `limit` of something.", "Ask for at most `limit`."),
    Entry(
        "NOT_ATTEMPTED",
        "All or nothing: another order of the batch cannot be placed.",
        "Correct or leave out that one, and send the batch with a new key.",
    ),
    Entry("NOT_FOUND", "There is no such object for the caller.", "Check the id, and whose object it is."),
    Entry(
        "OUT_OF_STOCK",
        "There is too little stock for some lines.",
        "Take at most what `lines` says is there, or try again later.",
        is_retryable=True,
    ),
    Entry("PAYMENT_DECLINED", "The payment provider declined.", "Pay by another method; `payment` says more."),
    Entry(
        "PRICE_CHANGED",
        "The total is not the expected one.",
        "Show `actual` to the buyer and send it as `expectedTotal`.",
    ),
    Entry(
        "REQUEST_IN_PROGRESS",
        "A request with this idempotency key is being worked on.",
        "Send the same request again after `retryAfterMs`.",
        is_retryable=True,
    ),
    Entry(
        "SERVICE_UNAVAILABLE",
        "A service that is needed does not answer; nothing was changed.",
        "Send the same request again.",
        is_retryable=True,
    ),
    Entry(
        "TOO_MANY_UNITS_OF_MEMBER",
        "With this order the member would have more units of a SKU than its orders of some time may have together.",
        "Order fewer, or later.",
    ),
    Entry(
        "TOO_MANY_UNPAID_ORDERS",
        "The member has as many unpaid orders as it may have.",
        "Pay or cancel one of them first.",
    ),
    Entry("UNKNOWN_COUPON", "There is no such coupon for this order.", "Leave it out, or correct it."),
    Entry("UNKNOWN_MEMBER", "There is no such member.", "Correct `memberId`."),
    Entry("UNKNOWN_PRODUCT", "Some products are unknown, or not for sale.", "Leave out what `skus` lists."),
    Entry(
        "VERSION_CONFLICT",
        "The order has changed since the caller read it.",
        "Read it again, decide again, send the new version.",
    ),
)
