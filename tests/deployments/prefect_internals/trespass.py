"""Finds where source code leans on what is private to other packages, or changes what is not its own."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module

OURS = frozenset({"flows", "tasks", "deployments", "tests"})
#: Its background services are Prefect's insides, whatever name of it is imported.
_INSIDE = "docket"
_ACCESS = frozenset({"getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller"})
_CHANGES = frozenset({"setattr", "delattr"})
#: Methods that change a dictionary, a list, a set or a context variable.
_CHANGING = frozenset(
    {"update", "setdefault", "pop", "popitem", "clear", "append", "extend", "insert", "remove", "add", "set"}
    | {"discard", "reset", "__setitem__", "__setattr__", "__delattr__"}
)
_PRIVATE_MODULE = re.compile(r"[a-zA-Z]\w*(\.\w+)*[.:]_[a-zA-Z]\w*([.:]\w+)*")


def trespasses(source: str) -> list[str]:
    """Return what a file does that it must not, as "line: what", in order of lines."""
    tree = ast.parse(source)
    foreign = _foreign_names(tree)
    found = [*_imports(tree), *_accesses(tree), *_changes(tree, foreign), *_overrides(tree)]
    return [f"{line}: {what}" for line, what in sorted(set(found))]


Found = Iterator[tuple[int, str]]


def _imports(tree: ast.AST) -> Found:
    """Private modules and names, also where they are only named in a string that could be imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            paths = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            paths = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_path = _PRIVATE_MODULE.fullmatch(node.value) and _is_installed(node.value.split(".")[0])
            paths = [node.value] if is_path else []
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__"):
            paths = [ast.unparse(arg) for arg in node.args if not _is_own_module(arg)]
            yield from ((node.lineno, f"imports {path}, which cannot be seen") for path in paths)
            continue
        else:
            continue
        for path in paths:
            first, *rest = re.split("[.:]", path)
            if first == _INSIDE or (_is_foreign(first) and any(map(_is_private, rest))):
                yield node.lineno, f"imports {path}"
            elif path.startswith("unittest.mock"):
                yield node.lineno, f"imports {path}, which replaces what is not its own"


def _is_own_module(path: ast.expr) -> bool:
    """Whether what is imported by a computed name is surely one of our own: the text begins with it."""
    if isinstance(path, ast.JoinedStr):
        path = path.values[0]
    return isinstance(path, ast.Constant) and str(path.value).split(".")[0] in OURS


def _accesses(tree: ast.AST) -> Found:
    """Private attributes of anything but oneself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not is_own and ast.unparse(node) != "os._exit":
                yield node.lineno, f"uses {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and _name(node.func) in _ACCESS:
            for arg in node.args:
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str) and _is_private(arg.value):
                    yield node.lineno, f"uses {arg.value} by {ast.unparse(node.func)}"
        elif isinstance(node, ast.Subscript) and _is_namespace(node.value):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else ""
            if _is_private(str(key)):
                yield node.lineno, f"uses {ast.unparse(node)}"


def _changes(tree: ast.AST, foreign: set[str]) -> Found:
    """Changes of what another package has made: of modules, classes, and what these hold."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            root = _root(node)
            if root in foreign or _is_namespace(node.value) or ast.unparse(node.value) == "sys.modules":
                yield node.lineno, f"changes {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and _name(node.func) in _CHANGES:
            if node.args and ast.unparse(node.args[0]) not in ("self", "cls"):
                yield node.lineno, f"changes {ast.unparse(node.args[0])} by {ast.unparse(node.func)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            is_foreign = _root(owner) in foreign or _is_namespace(owner)
            if node.func.attr in _CHANGING and (is_foreign or ast.unparse(owner) == "sys.modules"):
                yield node.lineno, f"changes {ast.unparse(owner)} by {node.func.attr}"


def _overrides(tree: ast.AST) -> Found:
    """Private names of a foreign base class, which a class of ours defines or uses."""
    origins = _origins(tree)
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}

    def inherited(node: ast.ClassDef) -> set[str]:
        names: set[str] = set()
        for base in node.bases:
            plain = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
            if plain in classes and classes[plain] is not node:
                names |= inherited(classes[plain])
            else:
                names |= _private_names_of(origins.get(plain.split(".")[0], ""), plain)
        return names

    for node in classes.values():
        private = inherited(node)
        for line, name in _own_private_names(node):
            if name in private:
                yield line, f"{node.name} has {name}, which is its base class's"


def _own_private_names(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and ast.unparse(inner.value) in ("self", "cls"):
            yield inner.lineno, inner.attr
    for inner in node.body:
        for target in _defined(inner):
            yield inner.lineno, target


def _defined(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


@cache
def _private_names_of(origin: str, name: str) -> frozenset[str]:
    """Return the private names of a class and of what it is made of, but for our own and Python's.

    `origin` is the module, or the module and name, that the first word of `name` was imported from.
    """
    if not origin:
        return frozenset()
    module, _, attribute = origin.partition(":")
    found = import_module(module)
    for word in ([attribute] if attribute else []) + name.split(".")[1:]:
        found = getattr(found, word)
    private: set[str] = set()
    kinds: tuple[type, ...] = inspect.getmro(found) if inspect.isclass(found) else ()
    for kind in kinds:
        if _is_foreign(kind.__module__.split(".")[0]):
            private |= set(filter(_is_private, vars(kind)))
            try:
                source = textwrap.dedent(inspect.getsource(kind))
            except (OSError, TypeError):
                continue
            (node,) = ast.parse(source).body
            assert isinstance(node, ast.ClassDef)
            private |= {used for _, used in _own_private_names(node) if _is_private(used)}
    return frozenset(private)


def _origins(tree: ast.AST) -> dict[str, str]:
    """Return where each imported name comes from: "module", or "module:name"."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}:{alias.name}"
    return found


def _foreign_names(tree: ast.AST) -> set[str]:
    """Return the names that stand for something another package has made, aliases included."""
    names = {name for name, origin in _origins(tree).items() if _is_foreign(re.split("[.:]", origin)[0])}
    aliases = list(_aliases(tree))
    while more := {name for name, value in aliases if _stands_for(value, names)} - names:
        names |= more
    return names


def _aliases(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        targets: Iterable[ast.expr] = ()
        value: ast.expr | None = None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            targets, value = [node.target], node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            targets, value = [node.target], node.iter
        elif isinstance(node, ast.withitem) and node.optional_vars:
            targets, value = [node.optional_vars], node.context_expr
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                yield target.id, value


def _stands_for(value: ast.expr, names: set[str]) -> bool:
    """Whether an expression is one of these, or a part of one; what a call of one returns is not."""
    if isinstance(value, (ast.Tuple, ast.List)):
        return any(_stands_for(each, names) for each in value.elts)
    if isinstance(value, ast.IfExp):
        return _stands_for(value.body, names) or _stands_for(value.orelse, names)
    if isinstance(value, ast.Call):
        return _name(value.func) in ("import_module", "__import__")
    return _root(value) in names or ast.unparse(value).startswith("sys.modules[")


def _root(node: ast.expr) -> str:
    """Return the name that a chain of attributes and items begins with; "" if a call comes between."""
    while True:
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        elif isinstance(node, ast.Call) and _name(node.func) in ("vars", "cast", "getattr") and node.args:
            node = node.args[-1 if _name(node.func) == "cast" else 0]
        else:
            return node.id if isinstance(node, ast.Name) else ""


def _is_namespace(node: ast.expr) -> bool:
    """Whether it is the dictionary of something else: vars(x), x.__dict__."""
    if isinstance(node, ast.Call) and _name(node.func) == "vars" and node.args:
        return ast.unparse(node.args[0]) not in ("self", "cls")
    is_dict = isinstance(node, ast.Attribute) and node.attr == "__dict__"
    return is_dict and ast.unparse(node) not in ("self.__dict__", "cls.__dict__")


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__")) and name != "_"


def _is_foreign(package: str) -> bool:
    return package not in OURS and package not in sys.stdlib_module_names and not hasattr(builtins, package)


@cache
def _is_installed(package: str) -> bool:
    from importlib.util import find_spec

    return package.isidentifier() and _is_foreign(package) and find_spec(package) is not None
