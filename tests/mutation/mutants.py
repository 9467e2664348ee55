"""Small mistakes put into a module's source, one at a time, by the operators of mutmut.

Prose, log lines, annotations, decorators and imports stay as they are: what a message says is not
what these tests are for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

LOG_CALL = m.Call(func=m.Attribute(value=m.Name("log") | m.Name("logger") | m.Name("LOG")))
LEFT_ALONE = (
    m.Annotation()
    | m.Decorator()
    | m.Import()
    | m.ImportFrom()
    | LOG_CALL
    | m.Call(func=m.Name("cast") | m.Name("TypeVar"))
    | m.Raise()
    | m.If(test=m.Name("TYPE_CHECKING"))
)


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake.

    Attributes:
        line: Where it is.
        before: The lines that it changes, joined.
        after: What became of them.
        source: The whole module.
    """

    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    collector = _Collector()
    wrapper.visit(collector)
    seen = {source}
    for line, node, replacement in collector.found:
        changed = _replace(wrapper.module, node, replacement)
        if changed in seen or not _compiles(changed):
            continue
        seen.add(changed)
        yield Mutant(line, *_difference(source, changed), source=changed)


class _Collector(cst.CSTVisitor):
    """Finds what may be changed, and into what."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, cst.CSTNode, cst.CSTNode]] = []
        self._line = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, LEFT_ALONE) or _is_text(node):
            return False
        if position := self.get_metadata(PositionProvider, node, None):
            self._line = position.start.line
        for kind, operator in mutation_operators:
            if isinstance(node, kind) and not _is_table(node):
                self.found += [(self._line, node, changed) for changed in operator(node)]
        if isinstance(node, cst.SimpleString):
            self.found += [(self._line, node, changed) for changed in _shorter(node)]
        return True


def _is_text(node: cst.CSTNode) -> bool:
    """Whether a node is a docstring or prose; a single word may be a key."""
    if m.matches(node, m.Expr(value=m.SimpleString() | m.ConcatenatedString())):
        return True
    return isinstance(node, cst.SimpleString) and " " in node.value.strip("\"' ")


def _is_table(node: cst.CSTNode) -> bool:
    """Whether a string lists Chinese characters: what is added is never looked up."""
    return (
        isinstance(node, cst.SimpleString)
        and not node.value.isascii()
        and len(node.value.strip("\"'")) > 1
    )


def _shorter(node: cst.SimpleString) -> Iterator[cst.SimpleString]:
    """A table without its first character."""
    if _is_table(node):
        yield node.with_changes(value=node.value[0] + node.value[2:])


def _replace(module: cst.Module, node: cst.CSTNode, replacement: cst.CSTNode) -> str:
    changed = module.deep_replace(node, replacement)
    return changed.code if isinstance(changed, cst.Module) else module.code


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    old, new = before.splitlines(), after.splitlines()
    changes = [
        change
        for change in difflib.SequenceMatcher(None, old, new).get_opcodes()
        if change[0] != "equal"
    ]
    gone = chain.from_iterable(old[start:end] for _, start, end, _, _ in changes)
    come = chain.from_iterable(new[start:end] for _, _, _, start, end in changes)
    return _joined(gone), _joined(come)


def _joined(lines: Iterator[str]) -> str:
    return " ".join(line.strip() for line in lines)
