"""All ports together, as the assembler hands them to the actions and the readers."""

from dataclasses import dataclass, field

from domain.policies import Policies
from domain.ports.analytics import Analytics
from domain.ports.changes import OrderChanges
from domain.ports.clock import Clock
from domain.ports.exports import ExportJobs, ExportLinks, NoExportJobs, NoExportLinks
from domain.ports.inventory import Inventory
from domain.ports.logistics import Logistics, Taxes
from domain.ports.members import Members
from domain.ports.order_views import OrderViews
from domain.ports.payments import Payments
from domain.ports.products import Content, Products
from domain.ports.promotions import Promotions
from domain.ports.quote_tokens import QuoteTokens
from domain.ports.unit_of_work import UnitOfWorkFactory
from domain.ports.voucher_codes import VoucherCodes


@dataclass(frozen=True, slots=True)
class Terms:
    """Numbers that the operator sets."""

    idempotency_ttl_s: int = 24 * 3600
    quote_ttl_s: int = 900
    lease_s: int = 30
    """How long one worker or request may be at a job, a timer or a key before another takes it up."""
    retry_after_ms: int = 500
    """What a caller is told whose key is being worked on."""


@dataclass(frozen=True, slots=True)
class Ports:
    clock: Clock
    unit_of_work: UnitOfWorkFactory
    order_views: OrderViews
    products: Products
    content: Content
    members: Members
    inventory: Inventory
    promotions: Promotions
    voucher_codes: VoucherCodes
    payments: Payments
    logistics: Logistics
    taxes: Taxes
    quote_tokens: QuoteTokens
    policies: Policies
    terms: Terms
    analytics: Analytics
    order_changes: OrderChanges
    embedded: frozenset[type] = frozenset()
    """Ports that a unit of work can bind to its own transaction."""
    exports: ExportJobs = field(default_factory=NoExportJobs)
    export_links: ExportLinks = field(default_factory=NoExportLinks)
