"""Faults: what goes wrong without being an answer.

    OrderCenterFault
    ├── DomainFault           our bug: a rule was broken by our own code
    ├── ServiceUnavailable    somebody else's, and trying again may help
    ├── ServiceRejected       somebody else's, and trying again does not help
    └── BadRequest            the caller's: an argument outside of its limits

Refusals that a caller can expect (out of stock, wrong state) are no faults: they are values, in `domain/actions/outcomes.py`.
"""


class OrderCenterFault(Exception):
    code = "INTERNAL"
    is_retryable = False


class DomainFault(OrderCenterFault):
    """A rule was broken by our own code."""


class ServiceUnavailable(OrderCenterFault):
    code = "SERVICE_UNAVAILABLE"
    is_retryable = True

    def __init__(self, service: str, reason: str, retry_after_ms: int = 1000) -> None:
        super().__init__(f"The {service} service does not answer: {reason}.")
        self.service = service
        self.retry_after_ms = retry_after_ms


class ServiceRejected(OrderCenterFault):
    code = "SERVICE_REJECTED"

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(f"The {service} service refused: {reason}.")
        self.service = service


class BadRequest(OrderCenterFault):
    code = "BAD_REQUEST"

    def __init__(self, message: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.code = code
