"""${message}."""
<%
def quoted(value):
    return "None" if value is None else '"' + value + '"'
%>
${imports if imports else ""}
import sqlalchemy as sa
from alembic import op

revision = ${quoted(up_revision)}
down_revision = ${quoted(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    ${downgrades if downgrades else "pass"}
