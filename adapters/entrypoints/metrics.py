"""What the process counts, in the text format that Prometheus reads: how operations were executed, and what the cache has spared."""

from typing import Final

from schema.execution.executor import Executor

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metrics_of(executor: Executor) -> str:
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
    ]
    return "\n".join([*lines, ""])


def _counter(name: str, meaning: str, values: dict[str, int]) -> list[str]:
    samples = [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in values.items()]
    return [f"# HELP {name} {meaning}", f"# TYPE {name} counter", *samples]
