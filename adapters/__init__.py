"""Everything outside the domain: entrypoints, the database, embedded services and the worker."""
