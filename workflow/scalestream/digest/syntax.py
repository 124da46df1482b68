"""Questions about the syntax of Python: what statements bind, import, refer to and run."""

import ast
from collections import defaultdict

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
IMPORTS = ast.Import | ast.ImportFrom
BODIES = ast.stmt | ast.ExceptHandler | ast.match_case
LASTING = ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom  # expressions that do more than have a value


def leaves_nothing(*nodes: ast.AST) -> bool:
    """Whether expressions bind and yield nothing."""
    return not any(isinstance(inner, LASTING) for node in nodes for inner in ast.walk(node))


def dotted_name(node: ast.AST) -> str | None:
    """The name that an expression is, or the attribute of one."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(attributes)]) if isinstance(node, ast.Name) else None


def references(tree: ast.AST) -> set[str]:
    """The names that are read anywhere in a tree, each with its attributes, and those that are declared global."""
    names, pending = set(), [tree]
    while pending:
        node = pending.pop()
        dotted = dotted_name(node)
        if dotted is None:
            pending += ast.iter_child_nodes(node)
        elif isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            names.add(dotted)
        if isinstance(node, ast.Global):
            names.update(node.names)
    return names


def local_names(tree: ast.AST) -> set[str]:
    """The names that anything but an import binds somewhere in a tree."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names |= set() if isinstance(node.ctx, ast.Load) else {node.id}
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.MatchMapping):
            names.add(node.rest)
        elif isinstance(node, FUNCTIONS | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            names.add(node.name)
    return names - {None}


def bound_names(node: ast.stmt) -> set[str]:
    """The names that a top-level statement binds, but for imports."""
    if isinstance(node, FUNCTIONS | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else [node]
    walrus = {inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)}
    return walrus.union(*map(local_names, targets))


def is_definition(node: ast.stmt) -> bool:
    """Whether a statement is a function, an assignment to names alone, or a class of these."""
    if isinstance(node, ast.ClassDef):
        return all(is_definition(inner) or isinstance(inner, ast.Pass) or is_constant(inner) for inner in node.body)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    plain = ast.Name | ast.Tuple | ast.List | ast.Starred | ast.expr_context
    names = bool(targets) and all(isinstance(inner, plain) for target in targets for inner in ast.walk(target))
    return names or isinstance(node, FUNCTIONS)


def is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def run_at_import(node: ast.stmt) -> list[ast.AST]:
    """The parts of a top-level statement that run with it, and not when a function is called."""
    if isinstance(node, FUNCTIONS):
        return [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    if isinstance(node, ast.ClassDef):
        inside = [part for inner in node.body for part in run_at_import(inner)]
        return [*node.decorator_list, *node.bases, *node.keywords, *inside]
    return [node]


def statements(tree: ast.AST) -> list[ast.AST]:
    """A tree's statements, with those inside others, and what else has statements; many times fewer than its nodes."""
    nodes = [tree]
    for node in nodes:
        nodes += [inner for inner in ast.iter_child_nodes(node) if isinstance(inner, BODIES)]
    return nodes


def imports(tree: ast.AST, package: str) -> tuple[dict[str, set[str]], set[str]]:
    """The names that imports in a tree bind with what they stand for, "*" for those of star imports, and what they load."""
    bound, loads = defaultdict(set), set()
    for node in statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.partition(".")[0]
                bound[alias.asname or head].add(alias.name if alias.asname else head)
                loads.add(alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                bound[alias.asname or alias.name].add(base if alias.name == "*" else f"{base}.{alias.name}")
                loads.add(base if alias.name == "*" else f"{base}.{alias.name}")
    return bound, loads


def makers(node: ast.stmt, inside: bool = True) -> list[ast.expr]:
    """The decorators, bases and metaclass of a definition, and the decorators `inside` a class."""
    expressions = [*getattr(node, "decorator_list", ()), *getattr(node, "bases", ())]
    if isinstance(node, ast.ClassDef):
        expressions += [keyword.value for keyword in node.keywords]
        expressions += [maker for inner in node.body if inside for maker in getattr(inner, "decorator_list", ())]
    return [maker.func if isinstance(maker, ast.Call) else maker for maker in expressions]


def has_imports_inside(node: ast.stmt) -> bool:
    """Whether a class has what it imports as attributes."""
    return isinstance(node, ast.ClassDef) and any(isinstance(inner, IMPORTS) for inner in node.body)


def declares_globals(node: ast.stmt) -> bool:
    """Whether what a function binds may be the module's."""
    return any(isinstance(inner, ast.Global) for inner in statements(node))
