"""One file per revision: expand, backfill, contract."""
