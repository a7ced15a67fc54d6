"""The three operations that are measured, as a client sends them."""

from typing import Final

LIST: Final = "List"
DETAIL: Final = "Detail"
PLACE: Final = "Place"

_MONEY: Final = "fragment M on Money { amount currency }"

_LIST: Final = f"""
query {LIST}($filter: OrderFilter, $after: String) {{
  orders(filter: $filter, first: 20, after: $after) {{
    nodes {{
      id number status paymentStatus fulfillmentStatus placedAt updatedAt
      total {{ ...M }} shippingTotal {{ ...M }} discountTotal {{ ...M }}
      member {{ id name level }}
      lines {{
        id sku name quantity unitPrice {{ ...M }} total {{ ...M }}
        product {{ id name category isAvailable price {{ ...M }} }}
        stock {{ onHand reserved available }}
      }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_MONEY}"""

_DETAIL: Final = f"""
query {DETAIL}($id: ID!) {{
  order(ref: {{ id: $id }}) {{
    id number externalNumber businessUnit {{ code name }} channel {{ code name kind }} orderType
    status paymentStatus fulfillmentStatus afterSaleStatus version
    placedAt updatedAt paidAt completedAt cancelledAt memberId
    buyer {{ id name level }} member {{ id name level email phone }}
    lines {{
      id sku name category seller {{ id name }} supplyChannel deliveryMode quantity
      unitPrice {{ ...M }} discountTotal {{ ...M }} taxTotal {{ ...M }} total {{ ...M }} options
      product {{
        id sku name category isAvailable price {{ ...M }} content {{ title description images attributes }}
      }}
      stock {{
        onHand reserved available
        byWarehouse {{ warehouse {{ id code name }} onHand reserved available }}
      }}
      shippedQuantity cancelledQuantity returnedQuantity
    }}
    lineCount subtotal {{ ...M }} discountTotal {{ ...M }} shippingTotal {{ ...M }} taxTotal {{ ...M }}
    total {{ ...M }} paidTotal {{ ...M }} refundedTotal {{ ...M }} cancelledTotal {{ ...M }}
    discounts {{ kind code name amount {{ ...M }} funder lineId }}
    shippingAddress {{ recipient phone country region city line1 line2 postalCode }} shippingMethod note attributes
    installments {{ kind amount {{ ...M }} paid {{ ...M }} opensAt dueAt }}
    payments {{
      id status method amount {{ ...M }} authorized {{ ...M }} captured {{ ...M }} refunded {{ ...M }}
      providerReference externalReference createdAt
      refunds {{ id status amount {{ ...M }} reason createdAt }}
    }}
    fulfillments {{
      id number kind status warehouse {{ id code name }} seller {{ id name }} splitBy {{ dimension value }}
      lines {{ sku quantity shippedQuantity cancelledQuantity returnedQuantity options line {{ id name }} }}
      subtotal {{ ...M }} discountShare {{ ...M }} shippingShare {{ ...M }} taxShare {{ ...M }} total {{ ...M }}
      promisedAt shipments {{ id carrier trackingNumber shippedAt deliveredAt }}
    }}
    history(first: 50) {{
      nodes {{ sequence machine subjectId from to action actor {{ kind id name }} at note details }}
    }}
    timers {{ name action dueAt }}
  }}
}}
{_MONEY}"""

_PLACE: Final = f"""
mutation {PLACE}($input: PlaceOrderInput!) {{
  placeOrder(input: $input) {{
    __typename
    ... on PlaceOrderSuccess {{
      replayed order {{ id number status version total {{ ...M }} lines {{ id sku quantity total {{ ...M }} }} }}
    }}
    ... on UserError {{ code message path }}
  }}
}}
{_MONEY}"""

DOCUMENTS: Final = {LIST: _LIST, DETAIL: _DETAIL, PLACE: _PLACE}
ALL: Final = tuple(DOCUMENTS)
