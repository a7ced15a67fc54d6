"""What the payment provider asks its tables."""

from typing import Final

from sqlalchemy import BigInteger, Text, bindparam, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.embedded.tables import provider_operations, provider_payments
from adapters.sql import prepare

_PAYMENT_ID: Final = bindparam("payment_id", type_=Text)
_OF_PAYMENT: Final = provider_payments.c.payment_id == _PAYMENT_ID

PAYMENT: Final = prepare(select(provider_payments).where(_OF_PAYMENT))
LOCK_PAYMENT: Final = prepare(select(provider_payments).where(_OF_PAYMENT).with_for_update())

PAY: Final = prepare(
    insert(provider_payments)
    .values(
        {
            name: bindparam(name, type_=provider_payments.c[name].type)
            for name in (
                "payment_id",
                "order_id",
                "method",
                "amount_minor",
                "currency",
                "state",
                "authorized_minor",
                "captured_minor",
                "reference",
                "decline_code",
                "decline_message",
            )
        }
    )
    # An update that changes nothing, because DO NOTHING would not give the row back.
    .on_conflict_do_update(index_elements=["payment_id"], set_={"payment_id": literal_column("excluded.payment_id")})
    .returning(*provider_payments.c)
)

OPERATION: Final = prepare(
    select(provider_operations).where(provider_operations.c.operation_id == bindparam("operation_id", type_=Text))
)
RECORD: Final = prepare(
    insert(provider_operations).values(
        {
            name: bindparam(name, type_=provider_operations.c[name].type)
            for name in ("operation_id", "payment_id", "kind", "amount_minor", "decline_code", "decline_message")
        }
    )
)
CHANGE: Final = prepare(
    update(provider_payments)
    .values(
        state=bindparam("state", type_=Text),
        authorized_minor=bindparam("authorized_minor", type_=BigInteger),
        captured_minor=bindparam("captured_minor", type_=BigInteger),
        refunded_minor=bindparam("refunded_minor", type_=BigInteger),
    )
    .where(_OF_PAYMENT)
)

FINISH_STEP: Final = prepare(
    update(provider_payments)
    .values(
        {
            name: bindparam(name, type_=provider_payments.c[name].type)
            for name in ("state", "authorized_minor", "captured_minor", "decline_code", "decline_message")
        }
    )
    .where(_OF_PAYMENT)
)
