"""`docs/bi-datasets.md`: datasets with their grain and columns, exports, measures and dimensions, from the code that makes them."""

from collections.abc import Iterator
from typing import Final

from adapters.db.bi_views import DATASETS, SCHEMA
from domain.analytics.catalogue import DIMENSIONS, MEASURES, Level
from domain.exports.datasets import ColumnKind, ExportColumn
from domain.exports.datasets import datasets_markdown as exported_markdown
from domain.ports.bi_datasets import BiDataset

_HEAD: Final = f"""# Datasets for BI

What [bi.md](bi.md) reads. This page is printed by `order-center bi datasets`; a test holds the two together.

## Views and files

By SQL as views of the schema `{SCHEMA}`, by HTTP as `/bi/{{dataset}}.csv` and `.parquet`: the names, types and meanings are the same.
"""
_EXPORTS: Final = """## Exports

Of `startExport` and `order-center export`. The grain is the views' own, but for the moment: an export's rows are of its watermark.
"""
_FIGURES: Final = """## Measures and dimensions

Of `orderAnalytics`; `analyticsCatalog` says the same.
"""
_LEVELS: Final = {Level.ORDER: "order", Level.LINE: "line", Level.PIECE: "line's part in a warehouse"}
_TYPES: Final = {
    ColumnKind.TEXT: "text",
    ColumnKind.WHOLE: "integer",
    ColumnKind.MONEY: "number, in `currency`",
    ColumnKind.FLAG: "true or false",
    ColumnKind.TIME: "time, UTC",
}


def datasets_markdown() -> str:
    """One part after the other: views, exports, figures."""
    views = (line for dataset in DATASETS.values() for line in _lines(dataset))
    return "\n".join([_HEAD, *views, _EXPORTS, exported_markdown(), _FIGURES, *_figures(), ""])


def _figures() -> Iterator[str]:
    yield "| measure | type | in | adds up | meaning |"
    yield "|---|---|---|---|---|"
    for measure, entry in MEASURES.items():
        adds_up = "yes" if entry.additive else "no: reckoned anew for totals"
        yield f"| `{measure}` | {entry.type} | {entry.unit} | {adds_up} | {entry.description} |"
    yield ""
    yield "| dimension | of | meaning |"
    yield "|---|---|---|"
    for dimension, found in DIMENSIONS.items():
        yield f"| `{dimension}` | the {_LEVELS[found.level]} | {found.description} |"


def _lines(dataset: BiDataset) -> Iterator[str]:
    yield f"### {SCHEMA}.{dataset.name}"
    yield ""
    yield f"Grain: {dataset.grain}. Key: {_names(dataset.key)}. `from` and `to` are about `{dataset.time}`."
    yield ""
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    yield from (_row(column) for column in dataset.columns)
    yield ""


def _row(column: ExportColumn) -> str:
    null = ", or NULL" if column.is_nullable else ""
    return f"| `{column.name}` | {_TYPES[column.kind]}{null} | {column.description} |"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
