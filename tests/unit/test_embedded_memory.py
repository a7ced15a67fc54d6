from pathlib import Path

import pytest

from adapters.db import embedded_memory

MB = 2**20


@pytest.mark.parametrize(
    ("memory_mb", "buffers_mb"),
    [(256, 128), (512, 128), (516, 129), (2048, 512), (4095, 1023), (4096, 1024), (65_536, 1024)],
)
def test_a_quarter_of_the_memory_within_bounds(
    memory_mb: int, buffers_mb: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_memory, "memory_bytes", lambda: memory_mb * MB)
    assert embedded_memory.buffers_mb() == buffers_mb


@pytest.mark.parametrize(
    ("text", "found"), [("1073741824\n", 1_073_741_824), ("max\n", None), ("", None), (None, None)]
)
def test_a_container_may_have_less_than_the_machine(
    text: str | None, found: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(embedded_memory, "_CONTAINER_LIMITS", ())
    machine = embedded_memory.memory_bytes()
    assert machine > 0
    if text is not None:
        limit.write_text(text, encoding="ascii")
    monkeypatch.setattr(embedded_memory, "_CONTAINER_LIMITS", (limit,))
    assert embedded_memory.memory_bytes() == min(machine, found or machine)
