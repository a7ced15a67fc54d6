"""PostgreSQL: the embedded server, the execution layer over asyncpg, the tables and their migrations."""
