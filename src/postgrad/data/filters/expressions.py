"""Conditions that a recipe writes itself: `words(assistant) > 3 and not contains(user, "foo")`.

An expression looks like Python and is none: it is parsed into a tree, every node of the tree must be one of those named
here, and the tree is made into plain functions once. There are no attributes but `meta.KEY`, no calls but those of
`FUNCTIONS`, no loops and no names from outside, so that it can reach nothing but its own row, and does work in
proportion to it. A regular expression has `SECONDS` for one text: if it takes longer the run stops, since to drop or
keep the row would depend on the machine.

Values are texts, numbers, true, false, and whatever a row's `meta` holds (None where it lacks the key). What cannot be
computed is None: arithmetic with a text, a division by zero. A comparison with None by size is false.
"""

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from postgrad.data.filters import languages, lengths
from postgrad.data.filters.finding import Check, CountTokens, Finding
from postgrad.data.filters.splitting import words_of
from postgrad.data.rows import Record, own_origin, taught
from postgrad.records.types import Message
from postgrad.support.errors import Mistake
from postgrad.support.nearest import nearest

WHERE = "curate.filter.keep_if"
LONGEST = 1000
"""Characters of an expression."""
LONGEST_PATTERN = 300
MOST_REPEATS = 1000
"""Largest number in a pattern's `{m,n}`: the pattern is unrolled when it is compiled."""
SECONDS = 1.0
_CALLS_ITSELF = regex.compile(r"(?<!\\)(?:\\\\)*\(\?(?:R|[+-]?\d|&|P>)")
"""A pattern that calls a group, or itself: without end it takes all memory before it takes a second."""


@dataclass(frozen=True, slots=True)
class _Row:
    record: Record
    messages: tuple[Message, ...]
    count_tokens: CountTokens | None

    def said_by(self, role: str) -> str:
        return "\n".join(message.content for message in self.messages if message.role == role)


Value = Any
Compiled = Callable[[_Row], Value]


def _tokens(row: _Row) -> int | None:
    return None if row.count_tokens is None else row.count_tokens(row.messages)


NAMES: dict[str, Compiled] = {
    "user": lambda row: row.said_by("user"),
    "assistant": lambda row: row.said_by("assistant"),
    "system": lambda row: row.said_by("system"),
    "text": lambda row: "\n".join(message.content for message in row.messages),
    "chars": lambda row: lengths.characters(row.messages),
    "words": lambda row: lengths.words(row.messages),
    "tokens": _tokens,
    "turns": lambda row: lengths.turns(row.messages),
    "source": lambda row: row.record.source,
    "capability": lambda row: row.record.capability,
    "licence": lambda row: row.record.licence,
    "true": lambda row: True,
    "false": lambda row: False,
}
"""Texts of several turns are joined by a line break; `text` is all of them."""

FUNCTIONS: dict[str, tuple[int, Callable[..., Value]]] = {
    "chars": (1, lambda text: len(text.strip())),
    "words": (1, lambda text: len(words_of(text))),
    "lower": (1, lambda text: text.lower()),
    "language": (1, lambda text: languages.language_of(languages.prose_of(text))[0]),
    "contains": (2, lambda text, part: part in text),
    "startswith": (2, lambda text, part: text.startswith(part)),
    "endswith": (2, lambda text, part: text.endswith(part)),
    "count": (2, lambda text, part: text.count(part)),
}
"""Name → how many texts it takes, and what it makes of them. `matches` is apart: its pattern is compiled beforehand."""
MATCHES = "matches"

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod}
_BY_SIZE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}


def check(said: Sequence[str], count_tokens: CountTokens | None) -> Check:
    """Rows stay of which every expression is true. Mistake for an expression that is none."""
    compiled = [compile_expression(text) for text in said]
    if count_tokens is None and use_tokens(said):
        raise Mistake("`tokens` needs a tokenizer", where=WHERE, mend="give a base model, or count words")

    def find(record: Record) -> Finding | None:
        row = _Row(record, taught(record), count_tokens)
        for number, holds in enumerate(compiled, 1):
            if not holds(row):
                return "an expression is not true", f"expression {number}"
        return None

    return find


def use_tokens(said: Sequence[str]) -> bool:
    """Whether one of the expressions counts tokens. Mistake for an expression that is none."""
    return any(isinstance(node, ast.Name) and node.id == "tokens" for text in said for node in ast.walk(_tree(text)))


def compile_expression(text: str) -> Compiled:
    """The function of an expression. Mistake, with the place in the expression, for what expressions do not have."""
    return _Compiler(text).make(_tree(text))


def _tree(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise Mistake(f"an expression of {len(text)} characters", where=WHERE,
                      mend=f"use at most {LONGEST}; several expressions must all be true")
    try:
        return ast.parse(" ".join(text.splitlines()).strip(), mode="eval").body
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise Mistake(f"`{_shown(text)}` is no expression{place} ({error.msg})", where=WHERE,
                      mend='write e.g. `words(assistant) > 3 and not contains(user, "foo")`') from None
    except (ValueError, RecursionError, MemoryError):
        raise Mistake(f"`{_shown(text)}` is no expression", where=WHERE, mend="write it more simply") from None


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


class _Compiler:
    """Makes a function of each node of a tree, and refuses every node that is not named here."""

    def __init__(self, text: str) -> None:
        self._text = text

    def make(self, node: ast.expr) -> Compiled:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None as value):
                return lambda row: value
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.Attribute(value=ast.Name(id="meta"), attr=key):
                return _meta(key)
            case ast.Subscript(value=ast.Name(id="meta"), slice=ast.Constant(value=str() as key)):
                return _meta(key)
            case ast.BoolOp(op=op, values=values):
                return _both_or_either(isinstance(op, ast.And), [self.make(value) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                made = self.make(operand)
                return lambda row: not made(row)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _arithmetic(operator.sub, lambda row: 0, self.make(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _arithmetic(_ARITHMETIC[type(op)], self.make(left), self.make(right))
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return self._compare(left, ops, rights)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(node, name, arguments)
        raise self._wrong(node, f"`{_shown(ast.unparse(node))}` is not among what expressions have",
                          "see docs/filters.md")

    def _wrong(self, node: ast.expr, what: str, mend: str) -> Mistake:
        return Mistake(f"{what} (`{_shown(self._text)}`, character {node.col_offset + 1})", where=WHERE, mend=mend)

    def _name(self, node: ast.expr, name: str) -> Compiled:
        if name == "meta":
            raise self._wrong(node, "`meta` alone is no value", "name one of its keys: `meta.KEY`")
        if name not in NAMES:
            known = [*NAMES, "meta", *FUNCTIONS, MATCHES]
            called = f"`{name}` is a function" if name in (*FUNCTIONS, MATCHES) else f"unknown name `{name}`"
            raise self._wrong(node, called, f"write {name}(…)" if called.endswith("function") else nearest(name, known))
        return NAMES[name]

    def _call(self, node: ast.expr, name: str, arguments: list[ast.expr]) -> Compiled:
        if name not in FUNCTIONS and name != MATCHES:
            raise self._wrong(node, f"unknown function `{name}`", nearest(name, [*FUNCTIONS, MATCHES]))
        wanted = 2 if name == MATCHES else FUNCTIONS[name][0]
        if len(arguments) != wanted:
            raise self._wrong(node, f"`{name}` takes {wanted} value{'s' * (wanted > 1)}, not {len(arguments)}",
                              "see docs/filters.md")
        if name == MATCHES:
            return self._matches(arguments[0], arguments[1])
        function, made = FUNCTIONS[name][1], [self.make(argument) for argument in arguments]

        def call(row: _Row) -> Value:
            values = [make(row) for make in made]
            return function(*values) if all(isinstance(value, str) for value in values) else None

        return call

    def _matches(self, text: ast.expr, pattern: ast.expr) -> Compiled:
        if not (isinstance(pattern, ast.Constant) and isinstance(pattern.value, str)):
            raise self._wrong(pattern, "the second value of `matches` is no text in quotes", "write the pattern out")
        compiled, made = self._pattern(pattern, pattern.value), self.make(text)

        def search(row: _Row) -> Value:
            value = made(row)
            if not isinstance(value, str):
                return None
            try:
                return compiled.search(value, timeout=SECONDS) is not None
            except TimeoutError:
                origin = own_origin(row.record)
                where = f"row {origin.row} of {origin.source}"
                raise Mistake(f"`{_shown(self._text)}` takes more than {SECONDS:g} s on {where}", where=WHERE,
                              mend="write the pattern without nested repeats") from None

        return search

    def _pattern(self, node: ast.expr, said: str) -> "regex.Pattern[str]":
        repeats = [int(digits) for digits in regex.findall(r"\d+", " ".join(regex.findall(r"\{([\d,]+)\}", said)))]
        product = 1
        for repeat in repeats:
            product *= max(repeat, 1)
        if len(said) > LONGEST_PATTERN or product > MOST_REPEATS:
            raise self._wrong(node, "the pattern is too large",
                              f"use at most {LONGEST_PATTERN} characters, and repeats that multiply to {MOST_REPEATS}")
        if _CALLS_ITSELF.search(said):
            raise self._wrong(node, "the pattern calls a group or itself", "write the group out where it is called")
        try:
            return regex.compile(said)
        except (regex.error, RecursionError) as error:
            raise self._wrong(node, f"the pattern is no regular expression ({error})", "mend the pattern") from None

    def _compare(self, left: ast.expr, ops: list[ast.cmpop], rights: list[ast.expr]) -> Compiled:
        makes = [self.make(left)]
        tests: list[Callable[[Value, Value], bool]] = []
        for op, right in zip(ops, rights, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                makes.append(self._list(right))
                tests.append(_is_in if isinstance(op, ast.In) else lambda a, b: not _is_in(a, b))
            else:
                makes.append(self.make(right))
                tests.append(self._test(op, right))

        def holds(row: _Row) -> bool:
            a = makes[0](row)
            for make, test in zip(makes[1:], tests, strict=True):
                b = make(row)
                if not test(a, b):
                    return False
                a = b
            return True

        return holds

    def _test(self, op: ast.cmpop, right: ast.expr) -> Callable[[Value, Value], bool]:
        if isinstance(op, ast.Eq):
            return lambda a, b: bool(a == b)
        if isinstance(op, ast.NotEq):
            return lambda a, b: bool(a != b)
        if type(op) not in _BY_SIZE:
            raise self._wrong(right, "`is` is not among what expressions have", "use == or !=")
        by_size = _BY_SIZE[type(op)]
        return lambda a, b: _are_alike(a, b) and by_size(a, b)

    def _list(self, node: ast.expr) -> Compiled:
        """What stands after `in`: a text to look in, or a list of values."""
        if not isinstance(node, ast.List | ast.Tuple):
            return self.make(node)
        items = [self.make(item) for item in node.elts]
        return lambda row: [item(row) for item in items]


def _meta(key: str) -> Compiled:
    return lambda row: row.record.meta.get(key)


def _both_or_either(both: bool, made: list[Compiled]) -> Compiled:
    if both:
        return lambda row: all(make(row) for make in made)
    return lambda row: any(make(row) for make in made)


def _arithmetic(compute: Callable[[Any, Any], Any], left: Compiled, right: Compiled) -> Compiled:
    def computed(row: _Row) -> Value:
        a, b = left(row), right(row)
        if not (isinstance(a, int | float) and isinstance(b, int | float)):
            return None
        try:
            return compute(a, b)
        except ArithmeticError:
            return None

    return computed


def _are_alike(a: Value, b: Value) -> bool:
    """Whether two values can be compared by size: two numbers or two texts."""
    return all(isinstance(value, int | float) for value in (a, b)) or all(isinstance(value, str) for value in (a, b))


def _is_in(value: Value, among: Value) -> bool:
    if isinstance(among, str):
        return isinstance(value, str) and value in among
    return isinstance(among, list) and value in among
