"""Codes of InputProblem, in INVALID_INPUT, and of orders that were not imported: which part of the input, and what is wrong."""

from typing import Final

from resolvers.catalogue.entry import Entry

PROBLEMS: Final = (
    Entry(
        "AMOUNT_OUT_OF_RANGE",
        "The amount is nothing, or more than is open.",
        "Send an amount within the message's limit.",
    ),
    Entry("BY_OR_PARTS", "A split is by dimensions or by hand, not both.", "Leave one of them out."),
    Entry("COUNTRY_NOT_SERVED", "Nothing is sent to this country.", "Choose another address."),
    Entry("DIFFERENT_PRICE", "Goods are exchanged for goods of the same price.", "Choose such a SKU, or a refund."),
    Entry(
        "DISCOUNT_DOES_NOT_FIT",
        "An imported order's discount is not the one of its lines.",
        "Correct the sums at their source.",
    ),
    Entry("DUPLICATE_COUPON", "A coupon is named twice.", "Name it once."),
    Entry("DUPLICATE_EXTERNAL_NUMBER", "The external number is in the batch twice.", "Send each order once."),
    Entry("DUPLICATE_LINE", "A line is named twice.", "Name it once, with all its units."),
    Entry("DUPLICATE_TRACKING_NUMBER", "Another parcel has this tracking number.", "Correct it at its source."),
    Entry("EMPTY", "A list has no element, and needs one.", "Add one."),
    Entry("EXTERNAL_ONLY", "These fields are for the method `external`.", "Leave them out, or use that method."),
    Entry("GROUP_CLOSED", "The group formed already, or its time is over.", "Join another group, or open one."),
    Entry("INVALID_AMOUNT", "The amount is negative, too large, or in another currency.", "Correct it."),
    Entry("INVALID_COUNTRY", "It is no country code.", "Use ISO 3166-1 alpha-2, like `DE`."),
    Entry("INVALID_CURRENCY", "It is no currency code.", "Use ISO 4217, like `EUR`."),
    Entry(
        "INVALID_CURSOR",
        "It is no cursor of `orderChanges`, or one from the middle of its beginning.",
        "Send a `cursor` or a `watermark` as it was given out.",
    ),
    Entry(
        "INVALID_GROUP_SIZE", "A group has at least 2 members, and a largest size.", "Keep within the message's limits."
    ),
    Entry("INVALID_ID", "It is not the id of such an object.", "Send an id as it was given out."),
    Entry(
        "INVALID_JSON", "The JSON holds a number that is too large, or is nested too deeply.", "Send simpler values."
    ),
    Entry("INVALID_LENGTH", "A text or a list is too short or too long.", "Keep within the message's limits."),
    Entry("INVALID_MONEY", "The amount has more digits than its currency, or the currency is unknown.", "Correct it."),
    Entry("INVALID_PRICE", "The price is negative, or in another currency than the unit's.", "Correct it."),
    Entry("INVALID_QUOTE", "The quote has expired, or was made for another order.", "Ask for a new quote."),
    Entry("INVALID_TEXT", "The text holds a NUL, or half of a surrogate pair.", "Remove it."),
    Entry("IN_THE_FUTURE", "The time has not come yet.", "Send a time that has passed."),
    Entry("MISSING", "The field is needed here.", "Add it."),
    Entry("NOTHING_RECEIVED", "No unit came back.", "Name at least one."),
    Entry("NOT_AN_OBJECT", "The value is no JSON object.", "Send an object."),
    Entry("NOT_A_GROUP_BUY", "Orders of this type have no group.", "Leave the group out."),
    Entry("NOT_FOR_EXCHANGES", "An exchange gives no money back.", "Leave the amount out."),
    Entry("NOT_ON_PRESALE", "The product is on no presale now.", "Order it as another type, or leave it out."),
    Entry("NOT_POSITIVE", "The quantity is less than 1.", "Send at least 1."),
    Entry("NOT_SENT", "Nothing of a virtual order is sent.", "Leave the address and the parcels out."),
    Entry("NOT_THE_ORDER", "The parts have not every unit of the order once.", "Name each unit once."),
    Entry("ONLY_APPROVED", "A case that is closed has no amount.", "Leave the amount out."),
    Entry("ONLY_FOR_EXCHANGES", "Only an exchange has goods in return.", "Leave them out, or ask for an exchange."),
    Entry("ORDER_TYPE_NOT_OFFERED", "Orders of this type are not offered here.", "Choose another type."),
    Entry("OUT_OF_RANGE", "The order costs more than can be counted.", "Split it."),
    Entry("PRESALES_DIFFER", "The balances of these products are paid at different times.", "Order them apart."),
    Entry(
        "PROVIDER_ONLY", "A payment made elsewhere takes no token, no return URL, and is captured.", "Leave them out."
    ),
    Entry("QUANTITY_OUT_OF_RANGE", "More units than remain, or none.", "Send a quantity within the message's limits."),
    Entry("STATUS_NOT_IN_FLOW", "Orders of this type are never in this status.", "Map the source's status to another."),
    Entry(
        "TAX_DOES_NOT_FIT", "An imported order's tax is not the one of its lines.", "Correct the sums at their source."
    ),
    Entry("TOO_DEEP", "JSON is nested too deeply.", "Send flatter values."),
    Entry("TOO_MANY", "The list is too long.", "Keep within the message's limit."),
    Entry("TRACKING_NUMBER_TAKEN", "The carrier's parcel of this number is on another order.", "Check the number."),
    Entry(
        "TRAVELS_WITH_OTHERS",
        "Units on their way travel with others that are to be kept.",
        "Cancel all that is on its way with them, or wait for the delivery.",
    ),
    Entry("UNKNOWN_BUSINESS_UNIT", "There is no such business unit.", "Choose one of `businessUnits`."),
    Entry("UNKNOWN_CHANNEL", "The business unit does not sell on such a channel.", "Choose one of `channels`."),
    Entry("UNKNOWN_GROUP", "There is no such group.", "Join another group, or open one."),
    Entry("UNKNOWN_LINE", "The fulfillment has no such line.", "Name one of its lines."),
    Entry("UNKNOWN_METHOD", "There is no such method of payment or shipping.", "Choose one that the message names."),
    Entry("UNKNOWN_SKU", "A parcel holds a SKU that no line has.", "Correct it at its source."),
    Entry("WHOLE_ONLY", "An authorization can only be let go as a whole.", "Leave the amount out."),
    Entry("WHOLE_ORDER_ONLY", "Lines of an unpaid order cannot be cancelled alone.", "Cancel the whole order."),
    Entry("WRONG_CURRENCY", "The amount is in another currency than the order.", "Send it in the order's currency."),
)
