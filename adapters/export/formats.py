"""Which format is written by what."""

from pathlib import Path

from adapters.export.parquet_files import ParquetFile
from adapters.export.text_files import CsvFile, JsonLines
from domain.ports.exports import FileEncoder
from domain.values.enums import ExportDataset, ExportFormat

_TEXT = {ExportFormat.JSONL: JsonLines, ExportFormat.CSV: CsvFile}


class ArrowFormats:
    def encoder(self, kind: ExportFormat, dataset: ExportDataset, path: Path, resume_at: int | None) -> FileEncoder:
        text = _TEXT.get(kind)
        return ParquetFile(dataset, path) if text is None else text(dataset, path, resume_at)
