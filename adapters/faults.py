"""What the operator can put right, wherever it arises."""


class OperatorFault(Exception):
    """Ends a command with its message, one sentence, and exit code 2. No password is ever part of it."""
