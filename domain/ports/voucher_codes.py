"""The voucher service: codes for what is bought and not sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VoucherDemand:
    """Units of one order line: a code for each."""

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class VoucherCode:
    code: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodesIssued:
    """For each line as many codes as it has units."""

    codes: Mapping[str, tuple[VoucherCode, ...]]


@dataclass(frozen=True, slots=True)
class CodesRefused:
    """There are none to be had: trying again does not help by itself."""

    message: str


class VoucherCodes(Protocol):
    async def issue(self, order_id: str, demands: Sequence[VoucherDemand], at: datetime) -> CodesIssued | CodesRefused:
        """All or none. Idempotent by order and line. Raises ServiceUnavailable."""
        ...

    async def cancel(self, order_id: str, codes: Sequence[str] | None = None) -> None:
        """These codes of the order, or all of them, are worth nothing any more. Idempotent."""
        ...
