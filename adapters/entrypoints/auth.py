"""Who is calling. An authenticator turns a request's headers into a viewer; queries and actions never see how."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, Protocol

from domain.access.viewer import Viewer
from domain.policies import Policies
from domain.values.enums import ActorKind, ChannelKind, Role

SCHEME: Final = "bearer "
DEMO_MEMBER: Final = "mbr_1001"
DEMO_ROLES: Final = (
    Role.BUYER,
    Role.PARTNER,
    Role.MERCHANT,
    Role.SUPPORT,
    Role.FINANCE,
    Role.WAREHOUSE,
    Role.ANALYST,
    Role.ADMIN,
)
ANONYMOUS: Final = Viewer(ActorKind.ANONYMOUS, "anonymous", None, frozenset())


class Authenticator(Protocol):
    def viewer(self, headers: Mapping[str, str]) -> Viewer | None:
        """The caller; None: the request carries a key that is nobody's."""
        ...


class NoKeys:
    """Until keys can be issued: everybody is anonymous, who sees no order and may do nothing."""

    def viewer(self, headers: Mapping[str, str]) -> Viewer | None:
        return ANONYMOUS if key_of(headers) is None else None


class DemoKeys:
    """One key per role, made from the server's secret; no key acts as the demo admin. For loopback only."""

    def __init__(self, secret: str, policies: Policies) -> None:
        viewers = {role: _demo_viewer(role, policies) for role in DEMO_ROLES}
        self._admin = viewers[Role.ADMIN]
        self._viewers = {_demo_key(secret, role): viewer for role, viewer in viewers.items()}
        self.keys = {role: _demo_key(secret, role) for role in DEMO_ROLES}

    def viewer(self, headers: Mapping[str, str]) -> Viewer | None:
        key = key_of(headers)
        return self._admin if key is None else self._viewers.get(key)


def key_of(headers: Mapping[str, str]) -> str | None:
    """The bearer key of a request; None: it has none. Another scheme's credentials count as a key that is nobody's."""
    value = headers.get("authorization", "").strip()
    if not value:
        return None
    return value[len(SCHEME) :].strip() if value.lower().startswith(SCHEME) else value


def _demo_key(secret: str, role: Role) -> str:
    digest = hmac.new(secret.encode(), f"demo-key:{role}".encode(), hashlib.sha256).hexdigest()
    return f"demo-{role.lower()}-{digest[:16]}"


def _demo_viewer(role: Role, policies: Policies) -> Viewer:
    if role is Role.BUYER:
        return Viewer(ActorKind.MEMBER, DEMO_MEMBER, "Demo buyer", frozenset((role,)), member_id=DEMO_MEMBER)
    if role is Role.PARTNER:
        channels = frozenset(c.code for c in policies.channels.values() if c.kind is ChannelKind.PARTNER)
        return Viewer(ActorKind.PARTNER, "demo-partner", "Demo partner", frozenset((role,)), channels=channels)
    name = f"Demo {role.lower()}"
    return Viewer(ActorKind.STAFF, f"demo-{role.lower()}", name, frozenset((role,)))
