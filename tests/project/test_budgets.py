"""Size and care of the product's code, measured on its syntax trees."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kbservice"
GENERATED = PACKAGE / "store" / "migrations" / "versions"

Function = ast.FunctionDef | ast.AsyncFunctionDef

SOURCES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
    if not path.is_relative_to(GENERATED)
}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}
MODULE_LINES = {name: source.count("\n") for name, source in SOURCES.items()}
FUNCTIONS = [
    (f"{name}:{node.lineno} {node.name}", node)
    for name, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, Function)
]
FUNCTION_LINES = {place: (node.end_lineno or 0) - node.lineno + 1 for place, node in FUNCTIONS}


def p90(values: dict[str, int]) -> float:
    return quantiles(values.values(), n=10, method="inclusive")[-1]


def beyond(limit: int, values: dict[str, int]) -> dict[str, int]:
    return {place: lines for place, lines in values.items() if lines > limit}


def untyped_arguments(function: Function) -> list[str]:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    arguments += [extra for extra in (given.vararg, given.kwarg) if extra is not None]
    return [
        argument.arg
        for argument in arguments
        if argument.annotation is None and argument.arg not in {"self", "cls"}
    ]


def decorators(node: Function | ast.ClassDef) -> set[str]:
    return {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}


def undocumented(node: ast.AST, place: str) -> list[str]:
    """Return the public names under a module or class that have no docstring."""
    found = []
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef) or child.name.startswith("_"):
            continue
        # An overload or a setter speaks through the function that it belongs to.
        borrowed = decorators(child) & {"overload", "override", "setter"}
        here = f"{place}:{child.lineno} {child.name}"
        if not borrowed and ast.get_docstring(child) is None:
            found.append(here)
        if isinstance(child, ast.ClassDef):
            found += undocumented(child, place)
    return found


def late_imports(function: Function) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(function)
        if (isinstance(node, ast.ImportFrom) and (node.level or first_party(node.module or "")))
        or (isinstance(node, ast.Import) and any(first_party(alias.name) for alias in node.names))
    ]


def first_party(module: str) -> bool:
    return module.partition(".")[0] == "kbservice"


def test_modules_stay_small() -> None:
    assert beyond(400, MODULE_LINES) == {}
    assert median(MODULE_LINES.values()) <= 120
    assert p90(MODULE_LINES) <= 300


def test_functions_stay_small() -> None:
    assert beyond(60, FUNCTION_LINES) == {}
    assert median(FUNCTION_LINES.values()) <= 8
    assert p90(FUNCTION_LINES) <= 30


def test_every_function_is_typed() -> None:
    untyped = {
        place: [*untyped_arguments(node), *(["return"] if node.returns is None else [])]
        for place, node in FUNCTIONS
    }
    assert {place: missing for place, missing in untyped.items() if missing} == {}


def test_every_module_and_public_name_has_a_docstring() -> None:
    silent = [name for name, tree in TREES.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []
    assert [place for name, tree in TREES.items() for place in undocumented(tree, name)] == []


def test_no_function_imports_the_product_late() -> None:
    late = {place: late_imports(node) for place, node in FUNCTIONS}
    assert {place: lines for place, lines in late.items() if lines} == {}
