"""Small wrong changes to a module's functions: what a slip of the hand could do to a line that guards a deletion."""

import ast
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shared.domain.log import ALERTS

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
BORDERS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
ALERT_NAMES = frozenset(f"LogEvent.{event.name}" for event in ALERTS)

type Change = tuple[str, Callable[[ast.AST], None]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one module.

    Attributes:
        path: of the module.
        where: function, line, and what was changed there.
        source: the module with the change.
    """

    path: str
    where: str
    source: str


def mutants(path: str, source: str, functions: Iterable[str] | None) -> Iterator[Mutant]:
    """Every change to the named functions of a module (all of them for None), one at a time."""
    tree = ast.parse(source)
    wanted = set(functions) if functions is not None else None
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or (wanted is not None and function.name not in wanted):
            continue
        for place, node in enumerate(ast.walk(function)):
            for what, _ in changes(node):
                mutated = changed(tree, function, place, what)
                line = getattr(node, "lineno", function.lineno)
                yield Mutant(path, f"{function.name}, line {line}: {what}", mutated)


def changed(tree: ast.Module, function: ast.FunctionDef, place: int, what: str) -> str:
    """The module's text with one node of one function changed."""
    other = copy.deepcopy(tree)
    twin = next(
        node for node in ast.walk(other) if isinstance(node, ast.FunctionDef) and node.lineno == function.lineno
    )
    node = list(ast.walk(twin))[place]
    dict(changes(node))[what](node)
    return ast.unparse(ast.fix_missing_locations(other))


def changes(node: ast.AST) -> Iterator[Change]:
    """What may be done to a node: a description, and the deed."""
    match node:
        case ast.Compare(ops=[operator]):
            yield from comparisons(ast.unparse(node), operator)
        case ast.BoolOp(op=ast.And()):
            yield f"`{ast.unparse(node)}` with or", or_instead
        case ast.BoolOp(op=ast.Or()):
            yield f"`{ast.unparse(node)}` with and", and_instead
        case ast.If() | ast.IfExp():
            yield f"`if {ast.unparse(node.test)}` always", always
            yield f"`if {ast.unparse(node.test)}` never", never
        case ast.FunctionDef():
            yield from statements(node.body)
        case ast.Constant(value=bool(value)):
            yield f"`{value}` turned", turned
        case ast.Constant(value=int(value)):
            yield f"`{value}` plus one", plus_one
    if isinstance(node, ast.If | ast.Try | ast.For | ast.ExceptHandler | ast.With):
        yield from statements(node.body)
    if isinstance(node, ast.If | ast.Try):
        yield from statements(node.orelse)


def comparisons(text: str, operator: ast.cmpop) -> Iterator[Change]:
    yield f"`{text}` opposed", lambda node: compare_by(node, OPPOSITES[type(operator)])
    if type(operator) in BORDERS:
        yield f"`{text}` with another border", lambda node: compare_by(node, BORDERS[type(operator)])


def compare_by(node: ast.AST, operator: type[ast.cmpop]) -> None:
    assert isinstance(node, ast.Compare)
    node.ops = [operator()]


def or_instead(node: ast.AST) -> None:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or()


def and_instead(node: ast.AST) -> None:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.And()


def always(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp)
    node.test = ast.Constant(value=True)


def never(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp)
    node.test = ast.Constant(value=False)


def turned(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    node.value = not node.value


def plus_one(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int)
    node.value += 1


def statements(body: list[ast.stmt]) -> Iterator[Change]:
    """Leave out a call or a raise of this very block."""
    for statement in body:
        if isinstance(statement, ast.Raise) or (called(statement) is not None and not is_mere_log(statement)):
            line = ast.unparse(statement).splitlines()[0]
            yield f"without `{line}` (line {statement.lineno})", leaving_out(statement.lineno)


def leaving_out(line: int) -> Callable[[ast.AST], None]:
    def leave_out(node: ast.AST) -> None:
        for block in (getattr(node, "body", []), getattr(node, "orelse", [])):
            for place, statement in enumerate(block):
                if statement.lineno == line:
                    block[place] = ast.Pass(lineno=line, col_offset=0)

    return leave_out


def is_mere_log(statement: ast.stmt) -> bool:
    """Whether it writes a log line that nobody is alerted by."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name("log"), args=[event, *_])):
            return ast.unparse(event).startswith("LogEvent.") and ast.unparse(event) not in ALERT_NAMES
    return False


def called(statement: ast.stmt) -> str | None:
    """The name of what a statement calls, if it is nothing but a call."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return None
    return ast.unparse(statement.value.func)
