"""All of Stripe in one name: loaded as a whole, and only where Stripe takes the payments."""

from adapters.services.stripe_callbacks import StripeCallbacks
from adapters.services.stripe_payments import StripePayments

__all__ = ["StripeCallbacks", "StripePayments"]
