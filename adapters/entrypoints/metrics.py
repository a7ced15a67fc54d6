"""What the process counts, in the text format that Prometheus reads: how operations were executed, and what the cache has spared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schema.execution.executor import Executor

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class FeedLag:
    """Seconds."""

    feed_s: float
    rollup_s: float
    engine_s: float | None = None
    """None: PostgreSQL answers analytics itself, or the engine does not tell."""


def metrics_of(executor: Executor, feed: FeedLag | None = None) -> str:
    """`feed`: None where the database does not answer."""
    counters, kept = executor.counters, executor.operations
    fallbacks = sum(counters.fallbacks.values())
    lines = [
        *_counter(
            "order_center_operations_total",
            "Operations executed, by executor.",
            {'executor="compiled"': counters.compiled, 'executor="core"': fallbacks},
        ),
        *_counter(
            "order_center_operation_parts_replayed_total",
            "Parts of compiled operations that graphql-core wrote, because of errors in them.",
            {"": counters.replayed},
        ),
        *_counter(
            "order_center_operation_cache_total",
            "Look-ups of operations by their text.",
            {'result="hit"': kept.hits, 'result="miss"': kept.misses},
        ),
        *(() if feed is None else _lags(feed)),
    ]
    return "\n".join([*lines, ""])


def _lags(feed: FeedLag) -> list[str]:
    return [
        *_samples(
            "order_center_change_feed_lag_seconds",
            "Age of the oldest change that is written but cannot be told yet, as an older transaction is still running.",
            {"": feed.feed_s},
            "gauge",
        ),
        *_samples(
            "order_center_rollup_lag_seconds",
            "Age of the oldest change that is not in the cube yet.",
            {"": feed.rollup_s},
            "gauge",
        ),
        *(() if feed.engine_s is None else _engine_lag(feed.engine_s)),
    ]


def _engine_lag(seconds: float) -> list[str]:
    return _samples(
        "order_center_analytics_engine_lag_seconds",
        "Age of the oldest change that is not in the analytical engine's copy yet.",
        {"": seconds},
        "gauge",
    )


def _counter(name: str, meaning: str, values: Mapping[str, float]) -> list[str]:
    return _samples(name, meaning, values, "counter")


def _samples(name: str, meaning: str, values: Mapping[str, float], kind: str) -> list[str]:
    samples = [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in values.items()]
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", *samples]
