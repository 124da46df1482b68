"""What of a statement computes: a tree without docstrings, annotations and what is only said."""

import ast
from collections.abc import Callable

from scalestream.digest.syntax import dotted_name, is_constant, leaves_nothing, makers, references

SILENT_KEYWORDS = {"note"}
# Decorators and bases that do not look at annotations, unless these mention one of SPECIAL_ANNOTATIONS.
BLIND = {
    "abc.abstractmethod",
    "classmethod",
    "contextlib.contextmanager",
    "dataclasses.dataclass",
    "functools.cache",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.wraps",
    "property",
    "staticmethod",
    "torch.inference_mode",
    "torch.no_grad",
    "typing.NamedTuple",
}
SPECIAL_ANNOTATIONS = ("ClassVar", "InitVar", "KW_ONLY")


class Computing(ast.NodeTransformer):
    """Leaves of a tree what computes.

    is_silent: of a dotted name in it. names: the full names that a dotted name may stand for.
    """

    def __init__(self, is_silent: Callable[[str], bool], names: Callable[[str], set[str]]):
        self.is_silent, self.names = is_silent, names
        self.in_class = self.is_looked_at = False

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        said = isinstance(node.value, ast.Call) and self._says(node.value.func) and leaves_nothing(node.value)
        return None if said or is_constant(node) else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        self.generic_visit(node)
        return node if node.body or node.orelse or not leaves_nothing(node.test) else None

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return self.generic_visit(ast.Assert(node.test))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        dotted = dotted_name(node.func)
        if dotted and self.is_silent(dotted) and leaves_nothing(*node.args, *node.keywords):
            return ast.Call(node.func, [], [])
        if not dotted or not self.names(dotted):  # of a local name or a method
            node.keywords = [
                keyword for keyword in node.keywords if keyword.arg not in SILENT_KEYWORDS or not leaves_nothing(keyword)
            ]
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not self._look_at_annotations(node):
            node.returns = None
            arguments = node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
                if argument:
                    argument.annotation = None
        return self._scope(node, False)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._scope(node, True)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if not self.in_class and node.value:
            return self.visit(ast.Assign([node.target], node.value))
        names = [full for dotted in references(node.annotation) for full in self.names(dotted)]
        special = any(special in f"{names} {ast.dump(node.annotation)}" for special in SPECIAL_ANNOTATIONS)
        if not self.in_class or not self.is_looked_at and not special:
            node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def _scope(self, node: ast.AST, in_class: bool) -> ast.AST:
        outside = self.in_class, self.is_looked_at
        self.in_class, self.is_looked_at = in_class, in_class and self._look_at_annotations(node)
        if not getattr(node, "type_params", None):
            vars(node).pop("type_params", None)  # which Python 3.12 has, for those of 3.11 to be the same
        self.generic_visit(node)
        self.in_class, self.is_looked_at = outside
        return node

    def _look_at_annotations(self, node: ast.AST) -> bool:
        """Whether a decorator or a base may do so."""
        return not all(name and (self.names(name) or {name}) <= BLIND for name in map(dotted_name, makers(node, inside=False)))

    def _says(self, node: ast.AST) -> bool:
        """Whether what is called is silent, or a method of what a silent call gives."""
        dotted = dotted_name(node)
        if dotted is None and isinstance(node, ast.Attribute):
            return isinstance(node.value, ast.Call) and self._says(node.value.func)
        return dotted is not None and self.is_silent(dotted)
