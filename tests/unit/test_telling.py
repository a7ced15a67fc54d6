import logging

import pytest

from adapters.worker.telling import LastingFault
from domain.values.faults import ServiceUnavailable


def test_a_fault_that_lasts_is_told_when_it_begins_changes_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "order_center.worker")
    fault = LastingFault("The cube could not be kept; it is tried again.")
    fault.is_over()
    for error in (OSError("refused"), OSError("refused"), ValueError("odd"), ServiceUnavailable("analytics", "away")):
        fault.goes_on(error)
    fault.is_over()
    fault.is_over()
    fault.goes_on(OSError("refused"))
    told = [(record.levelname, record.getMessage(), record.exc_info is not None) for record in caplog.records]
    sentence = "The cube could not be kept; it is tried again."
    assert told == [
        ("ERROR", f"{sentence} (refused)", False),
        ("ERROR", f"{sentence} (odd)", True),
        ("ERROR", f"{sentence} ({ServiceUnavailable('analytics', 'away')})", False),
        ("WARNING", f"That is over now: {sentence}", False),
        ("ERROR", f"{sentence} (refused)", False),
    ]
