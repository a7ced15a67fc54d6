"""The statements of questions, each compiled once."""

from collections.abc import Hashable
from typing import Final

from sqlalchemy import Dialect

from adapters.analytics_questions import Question
from adapters.sql import Compiled, compiled_for

STATEMENTS_KEPT: Final = 512


class Statements:
    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled: dict[Hashable, Compiled] = {}

    def of(self, question: Question) -> Compiled:
        found = self._compiled.get(question.key)
        if found is None:
            if len(self._compiled) >= STATEMENTS_KEPT:
                self._compiled.clear()
            found = self._compiled[question.key] = compiled_for(question.clause(), self._dialect)
        return found
