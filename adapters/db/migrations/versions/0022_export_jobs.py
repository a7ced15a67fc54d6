"""Jobs that export: what was asked for, how far each came, and who is at it."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE TABLE export_jobs (
            id text COLLATE "C" NOT NULL,
            owner text COLLATE "C" NOT NULL,
            scope jsonb NOT NULL,
            status text COLLATE "C" NOT NULL,
            format text COLLATE "C" NOT NULL,
            dataset text COLLATE "C" NOT NULL,
            filter jsonb NOT NULL,
            since text COLLATE "C",
            progress double precision,
            row_count bigint NOT NULL,
            byte_count bigint NOT NULL,
            sha256 text COLLATE "C",
            watermark text COLLATE "C",
            error text,
            created_at timestamptz NOT NULL,
            finished_at timestamptz,
            expires_at timestamptz,
            due_at timestamptz,
            locked_until timestamptz,
            attempts integer NOT NULL DEFAULT 0,
            CONSTRAINT pk_export_jobs PRIMARY KEY (id),
            CONSTRAINT ck_export_jobs_not_negative CHECK (row_count >= 0 AND byte_count >= 0 AND attempts >= 0),
            CONSTRAINT ck_export_jobs_due_or_finished CHECK ((due_at IS NULL) = (finished_at IS NOT NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_export_jobs_owner_created_at_id ON export_jobs (owner, created_at, id)")
    op.execute("CREATE INDEX ix_export_jobs_due_at ON export_jobs (due_at) WHERE due_at IS NOT NULL")
    op.execute("CREATE INDEX ix_export_jobs_expires_at ON export_jobs (expires_at) WHERE expires_at IS NOT NULL")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE export_jobs")
