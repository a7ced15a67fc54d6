"""All moments in which demo orders are caught, one after the other."""

from typing import Final

from adapters.seeding import scripts
from adapters.seeding.claims import CLAIMS
from adapters.seeding.variants import VARIANTS

MOMENTS: Final = (*scripts.MOMENTS, *CLAIMS, *VARIANTS)
