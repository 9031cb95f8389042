"""What a source file does, without what it says: what hashes are made of that decide what is judged or built again.

Comments, docstrings, descriptions and white space between words go; whatever is not known to be words counts as logic. The worst
of leaving words in is a judgement too many, and the worst of taking logic out is a verdict by rules that are gone.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

_SQL = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|(?:\{\#.*?\#\}|--[^\n]*|/\*.*?\*/|\s)+""", re.DOTALL)
"""A quoted text or name, which stays; or comments (Jinja's too) and white space, which become one space."""
_MEANINGS = {"Column": 1, "Table": 2, "RawTable": 2, "_control": 1}
"""Which argument says what a table or column of the warehouse means."""


def sql_logic(source: str) -> str:
    """SQL or a Jinja template of SQL, without its comments, on one line."""
    return _SQL.sub(lambda found: found[1] or " ", source).strip()


def python_logic(source: str) -> str:
    """A Python module without comments, docstrings, descriptions, messages of findings (`about`), errors and logs, and layout.

    It is written anew from its syntax tree: bytecode would change with the version of Python.
    """
    return ast.unparse(_WithoutWords().visit(ast.parse(source)))


def yaml_logic(source: str, words: Container[str]) -> str:
    """YAML or JSON without the keys that hold words, at any depth, whatever the order of keys; empty when nothing is left."""
    import yaml

    held = _without(yaml.load(source, Loader=yaml.CSafeLoader), words)
    return json.dumps(held, sort_keys=True, default=str) if held else ""


def _without(value: Any, words: Container[str]) -> Any:  # noqa: ANN401 - what YAML holds
    if isinstance(value, dict):
        return {key: _without(one, words) for key, one in value.items() if key not in words}
    return [_without(one, words) for one in value] if isinstance(value, list) else value


class _WithoutWords(ast.NodeTransformer):
    """Drops texts that stand alone, and empties those that somebody reads."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant):
            return None
        of_a_log = isinstance(node.value, ast.Call) and ast.unparse(node.value.func).startswith("_log.")
        return _emptied(node) if of_a_log else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        at = _MEANINGS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if at is not None and at < len(node.args):
            _emptied(node.args[at])
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        return _emptied(node) if node.arg in ("about", "description") else self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        is_about = any(isinstance(target, ast.Name) and target.id == "about" for target in node.targets)
        return _emptied(node) if is_about else self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        is_about = isinstance(node.target, ast.Name) and node.target.id == "about"
        return _emptied(node) if is_about else self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return _emptied(node)


def _emptied(node: ast.AST) -> ast.AST:
    """Empty the sentences below a node. A text without a space may be a code or a key, so it stays."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and " " in one.value:
            one.value = ""
    return node
