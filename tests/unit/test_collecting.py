import gc

from adapters.entrypoints import collecting


def test_a_server_looks_less_often_at_less() -> None:
    before = gc.get_threshold()
    try:
        collecting.settle()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == (
            collecting.NET_ALLOCATIONS,
            collecting.YOUNG_ROUNDS,
            collecting.MIDDLE_ROUNDS,
        )
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
