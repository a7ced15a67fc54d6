"""Reads the policies: a folder with one TOML file per business unit, and `channels.toml`. See `docs/policies.md`.

All that is wrong in all files is reported at once, a line each: `acme.toml:14: timeouts.pay: "30x" is not a duration …`.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

from adapters.faults import OperatorFault
from adapters.policy_forms import DURATION, ENTRY_FORMS, FORMS, Form, written
from adapters.toml_lines import KeyPath, line_of, parse_toml, syntax_error
from domain.policies import ChannelPolicy, Policies, UnitPolicy

PACKAGED: Final = Path(__file__).parent / "policies"
CHANNELS_FILE: Final = "channels.toml"
SECONDS: Final = "_s"
"""How the fields end that hold durations."""

P = TypeVar("P")


class PolicyError(OperatorFault):
    """The policies cannot be used. The message has one line per problem, each beginning with its file and line."""

    code = "INVALID_POLICY"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_policies(folder: Path | None = None) -> Policies:
    """The policies of a folder; None: the packaged ones. Raises PolicyError."""
    folder = folder or PACKAGED
    if not folder.is_dir():
        raise PolicyError([f"{folder}: is not a folder"])
    files = {path.name: _PolicyFile.read(path) for path in sorted(folder.glob("*.toml"))}
    channel_file = files.pop(CHANNELS_FILE, None) or _PolicyFile.missing(CHANNELS_FILE)
    unit_files = list(files.values())
    units = _units(unit_files)
    channels = _channels(channel_file, _declared_codes(unit_files))
    problems = [problem for file in (*unit_files, channel_file) for problem in file.sorted_problems()]
    if not unit_files:
        problems.append(f"{folder}: has no file of a business unit")
    if problems:
        raise PolicyError(problems)
    return Policies(units, channels)


def policy_key(name: str) -> str:
    """The key in a file of a policy's field: durations have their unit in the value, not in the key."""
    return name.removesuffix(SECONDS)


@dataclass(slots=True)
class _PolicyFile:
    name: str
    text: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    is_read: bool = False
    problems: list[tuple[int, str]] = field(default_factory=list)
    """Line and sentence; line 0: of the whole file."""

    @classmethod
    def missing(cls, name: str) -> "_PolicyFile":
        return cls(name, problems=[(0, "is missing")])

    @classmethod
    def read(cls, path: Path) -> "_PolicyFile":
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            return cls(path.name, problems=[(0, f"cannot be read: {error.strerror}")])
        except UnicodeDecodeError:
            return cls(path.name, problems=[(0, "is not UTF-8 text")])
        try:
            return cls(path.name, text, parse_toml(text), is_read=True)
        except tomllib.TOMLDecodeError as error:
            return cls(path.name, problems=[syntax_error(error, text)])

    def sorted_problems(self) -> list[str]:
        """In the order of the file, each beginning with the file and the line."""
        in_order = sorted(self.problems, key=lambda problem: problem[0])
        return [
            f"{self.name}:{line}: {sentence}" if line else f"{self.name}: {sentence}" for line, sentence in in_order
        ]

    def report(self, at: KeyPath, key: KeyPath, sentence: str) -> None:
        """A problem with `key`, on the line where `at` stands (the key itself, or its table where it is missing)."""
        dotted = ".".join(step for step in key if isinstance(step, str))
        self.problems.append((line_of(self.text, at), f"{dotted}: {sentence}"))

    def policy(self, kind: type[P], table: Any, at: KeyPath) -> P | None:
        """One policy from its table; None when something in it is wrong, which is then reported."""
        if not isinstance(table, dict):
            self._refuse(at, table, "a table")
            return None
        before = len(self.problems)
        hints = get_type_hints(kind)
        by_key = {policy_key(part.name): part for part in fields(kind)}  # type: ignore[arg-type]  # any dataclass
        for key in [key for key in table if key not in by_key]:
            self.report((*at, key), (*at, key), "is no key of this table" + _suggestion(key, by_key))
        for key in [key for key, part in by_key.items() if key not in table and _is_required(part)]:
            self.report(at, (*at, key), "is missing")
        values = {
            part.name: self._value(part.name, hints[part.name], table[key], (*at, key))
            for key, part in by_key.items()
            if key in table
        }
        return None if len(self.problems) > before else kind(**values)

    def _value(self, name: str, hint: Any, value: Any, at: KeyPath) -> Any:
        if is_dataclass(hint):
            return self.policy(hint, value, at)  # type: ignore[arg-type]  # hints are classes
        if name in ENTRY_FORMS:
            return self._entries(ENTRY_FORMS[name], value, at)
        return self._single(DURATION if name.endswith(SECONDS) else FORMS[name], value, at)

    def _entries(self, form: Form, value: Any, at: KeyPath) -> dict[str, Any] | None:
        if isinstance(value, dict):
            return {key: self._single(form, entry, (*at, key)) for key, entry in value.items()}
        self._refuse(at, value, "a table")
        return None

    def _single(self, form: Form, value: Any, at: KeyPath) -> Any:
        result = form.read(value)
        if result is None:
            self._refuse(at, value, form.words)
        return result

    def _refuse(self, at: KeyPath, value: Any, words: str) -> None:
        self.report(at, at, f"{written(value)} is not {words}")


def _is_required(part: "Field[Any]") -> bool:
    return part.default is MISSING and part.default_factory is MISSING


def _suggestion(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _units(files: Iterable[_PolicyFile]) -> dict[str, UnitPolicy]:
    units: dict[str, UnitPolicy] = {}
    owners: dict[str, str] = {}
    for file in files:
        unit = file.policy(UnitPolicy, file.document, ()) if file.is_read else None
        if unit is None:
            continue
        if unit.code in units:
            file.report(("code",), ("code",), f"{written(unit.code)} is the code of {owners[unit.code]} already")
        units[unit.code] = unit
        owners[unit.code] = file.name
    return units


def _declared_codes(files: Sequence[_PolicyFile]) -> list[str] | None:
    """The codes of all units, also of those with errors elsewhere; None when a file could not be read at all: then a
    channel's unknown unit may be the one in that file.
    """
    if not all(file.is_read for file in files):
        return None
    return [code for file in files if isinstance(code := file.document.get("code"), str)]


def _channels(file: _PolicyFile, known_units: list[str] | None) -> dict[str, ChannelPolicy]:
    channels: dict[str, ChannelPolicy] = {}
    for key in [key for key in file.document if key != "channels"]:
        file.report((key,), (key,), "is no key of this file" + _suggestion(key, ["channels"]))
    for index, table in enumerate(_channel_tables(file)):
        at = ("channels", index)
        channel = file.policy(ChannelPolicy, table, at)
        if channel is None:
            continue
        if channel.code in channels:
            file.report((*at, "code"), (*at, "code"), f"{written(channel.code)} is the code of an earlier channel")
        for code in _unknown_units(channel, known_units):
            units_at = (*at, "business_units")
            file.report(units_at, units_at, f"there is no business unit {code}" + _suggestion(code, known_units or []))
        channels[channel.code] = channel
    return channels


def _channel_tables(file: _PolicyFile) -> list[Any]:
    tables = file.document.get("channels")
    if isinstance(tables, list) and tables:
        return tables
    if file.is_read:
        file.problems.append((1, "channels: there are none; each is a table that begins with [[channels]]"))
    return []


def _unknown_units(channel: ChannelPolicy, known_units: list[str] | None) -> list[str]:
    return [] if known_units is None else [code for code in channel.business_units if code not in known_units]
