"""Values of the demo data that documents, examples and tests name."""

from typing import Final

MEMBER: Final = "mbr_1001"
UNIT: Final = "fashion-eu"
PARTNER_CHANNEL: Final = "partner-concierge"
SKUS: Final = ("SKU-00001", "SKU-00002")
"""Of UNIT; always for sale, always in stock."""

EXTERNAL_NUMBER: Final = "CONCIERGE-1001"
"""An order of MEMBER on PARTNER_CHANNEL, with SKUS, that was shipped in part."""

COUPON: Final = "WELCOME10"
"""Ten percent, once per member, in every unit. MEMBER has it still."""
EXPIRED_COUPON: Final = "SPRING-SALE"
EXHAUSTED_COUPON: Final = "FLASH25"
