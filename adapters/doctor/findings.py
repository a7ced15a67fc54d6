"""What the doctor found, and how it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    title: str
    looked_at: int
    violations: int
    examples: tuple[str, ...]
    """Up to five of what breaks the rule, by name."""


def exit_code(findings: Iterable[Finding]) -> int:
    return 1 if any(finding.violations for finding in findings) else 0


def findings_table(findings: Iterable[Finding]) -> Table:
    table = Table(title="What must always hold", title_justify="left")
    table.add_column("rule")
    table.add_column("what", overflow="fold")
    table.add_column("rows", justify="right")
    table.add_column("violations", justify="right")
    table.add_column("for example", overflow="fold")
    for finding in findings:
        style = "red" if finding.violations else "green"
        violations = Text(f"{finding.violations:,}", style)
        table.add_row(
            finding.code, finding.title, f"{finding.looked_at:,}", violations, Text("\n".join(finding.examples))
        )
    return table
