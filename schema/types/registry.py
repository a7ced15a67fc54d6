"""Which type shows which read model: one table. From it every Node, UserError and member of a union knows its own."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.actions import quote_order
from domain.exports import jobs as exports
from domain.orders import refund_quotes, views
from domain.ports import inventory, members, products
from domain.values import outcomes, refusals
from schema.types import (
    after_sale,
    error,
    export,
    fulfillment,
    member,
    order,
    order_line,
    payment,
    product,
    quote,
    refund_quote,
    result,
    stock,
)

TYPE_OF_VIEW: Final[Mapping[type[Any], type[Any]]] = {
    views.OrderView: order.Order,
    views.OrderLineView: order_line.OrderLine,
    views.PaymentView: payment.Payment,
    views.RefundView: payment.Refund,
    views.FulfillmentView: fulfillment.Fulfillment,
    views.ShipmentView: fulfillment.Shipment,
    views.AfterSaleView: after_sale.AfterSale,
    views.VoucherView: order_line.Voucher,
    views.GroupView: order.GroupBuy,
    exports.ExportJobView: export.ExportJob,
    products.ProductView: product.Product,
    members.MemberView: member.Member,
    inventory.WarehouseView: stock.Warehouse,
    quote_order.OrderQuote: quote.OrderQuote,
    refund_quotes.UnitsRefund: refund_quote.RefundQuote,
    outcomes.OrderPlaced: result.PlaceOrderSuccess,
    outcomes.OrdersPlaced: result.PlaceOrdersSuccess,
    outcomes.OrderChanged: result.OrderActionSuccess,
    outcomes.OrderModified: result.ModifyOrderSuccess,
    outcomes.OrderPaid: result.PayOrderSuccess,
    outcomes.PaymentChanged: result.PaymentActionSuccess,
    outcomes.RefundChanged: result.RefundActionSuccess,
    outcomes.FulfillmentChanged: result.FulfillmentActionSuccess,
    outcomes.AfterSaleChanged: result.AfterSaleActionSuccess,
    outcomes.TrackingRecorded: result.RecordTrackingSuccess,
    outcomes.OrdersImported: result.ImportOrdersSuccess,
    outcomes.ExportStarted: export.StartExportSuccess,
    refusals.OutOfStock: error.OutOfStock,
    refusals.PriceChanged: error.PriceChanged,
    refusals.UnknownProduct: error.UnknownProduct,
    refusals.UnknownMember: error.UnknownMember,
    refusals.InvalidCoupon: error.InvalidCoupon,
    refusals.InvalidInput: error.InvalidInput,
    refusals.LimitExceeded: error.LimitExceeded,
    refusals.NotAttempted: error.NotAttempted,
    refusals.DuplicateExternalNumber: error.DuplicateExternalNumber,
    refusals.IdempotencyConflict: error.IdempotencyConflict,
    refusals.RequestInProgress: error.RequestInProgress,
    refusals.ServiceDown: error.ServiceUnavailable,
    refusals.Forbidden: error.Forbidden,
    refusals.NotFound: error.NotFound,
    refusals.ActionRejected: error.ActionRejected,
    refusals.VersionConflict: error.VersionConflict,
    refusals.PaymentDeclined: error.PaymentDeclined,
}


def register_views(table: Mapping[type[Any], type[Any]] = TYPE_OF_VIEW) -> None:
    """Tells each type its read model; before the schema is built, as often as one likes."""
    for view, graphql_type in table.items():
        graphql_type.__strawberry_definition__.is_type_of = _shows(view)


def _shows(view: type[Any]) -> Callable[[Any, Any], bool]:
    def is_type_of(value: Any, _info: Any) -> bool:
        return isinstance(value, view)

    return is_type_of
