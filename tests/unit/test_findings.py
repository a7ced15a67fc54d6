from io import StringIO

from rich.console import Console

from adapters.doctor.findings import Finding, exit_code, findings_table

HEALTHY = Finding("I1", "stock adds up", 1200, 0, ())
BROKEN = Finding("I4", "money adds up", 2000, 7, ("ord_1", "ord_2"))


def test_one_violation_is_a_failure() -> None:
    assert exit_code([HEALTHY]) == 0
    assert exit_code([HEALTHY, BROKEN]) == 1


def test_the_table_says_rule_rows_violations_and_examples() -> None:
    output = StringIO()
    Console(file=output, width=120).print(findings_table([HEALTHY, BROKEN]))
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.getvalue().splitlines() if "│" in line]
    assert rows == [
        ["I1", "stock adds up", "1,200", "0", ""],
        ["I4", "money adds up", "2,000", "7", "ord_1"],
        ["", "", "", "", "ord_2"],
    ]
