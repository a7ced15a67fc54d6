"""Business units and channels: named by code, described by the policies. A code that the policies no longer know is its own name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.access.viewer import Viewer
from domain.orders.views import OrderView
from domain.policies import ChannelPolicy, UnitPolicy
from domain.values.enums import ChannelKind
from resolvers.context import Info, RequestContext


@dataclass(frozen=True, slots=True)
class FormerUnit:
    code: str

    @property
    def name(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class FormerChannel:
    code: str
    kind: ChannelKind

    @property
    def name(self) -> str:
        return self.code


def business_unit_of(order: OrderView, context: RequestContext) -> UnitPolicy | FormerUnit:
    return context.ports.policies.unit(order.business_unit) or FormerUnit(order.business_unit)


def channel_of(order: OrderView, context: RequestContext) -> ChannelPolicy | FormerChannel:
    return context.ports.policies.channel(order.channel) or FormerChannel(order.channel, order.channel_kind)


def business_units(info: Info) -> tuple[UnitPolicy, ...]:
    return business_units_of(info.context.viewer, info.context)


def channels(info: Info) -> tuple[ChannelPolicy, ...]:
    return channels_of(info.context.viewer, info.context)


def business_units_of(viewer: Viewer, context: RequestContext) -> tuple[UnitPolicy, ...]:
    return _among(context.ports.policies.units.values(), viewer.business_units)


def channels_of(viewer: Viewer, context: RequestContext) -> tuple[ChannelPolicy, ...]:
    return _among(context.ports.policies.channels.values(), viewer.channels)


def _among(policies: Iterable[Any], codes: frozenset[str] | None) -> tuple[Any, ...]:
    """By code; those that the viewer works for."""
    return tuple(sorted((p for p in policies if codes is None or p.code in codes), key=lambda policy: policy.code))
