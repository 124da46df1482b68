"""Digests of what scripts compute: an edit that can change a result changes the digest, an edit of what is only said does not.

A digest goes over the top-level definitions that a script reaches, through all that they refer to, and over the statements that
run when their modules are imported. Of each it takes what computes: neither comments, layout, docstrings and annotations, nor
what goes into messages (SILENT). Where a reference cannot be told exactly, it takes the whole module.

The code must keep to this: what is found by its name in a string (importlib, pkgutil) is given as a root; the value of a
top-level assignment, and what is only said, is computed without changing anything else; nothing depends on the order in which
modules are imported, or reads docstrings of functions or annotations but through decorators and base classes. Other files that
code reads are not seen.
"""

import ast
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from scalestream.digest.computing import Computing
from scalestream.digest.syntax import (
    FUNCTIONS,
    IMPORTS,
    bound_names,
    declares_globals,
    dotted_name,
    has_imports_inside,
    imports,
    is_definition,
    local_names,
    makers,
    references,
    run_at_import,
)

# Modules, or what is in them, whose calls say something and compute nothing. What they are called with is not looked at, so no
# result may come through it: the iterable of `watched(...)(iterable)` counts, as it is not given to `watched` itself.
SILENT = (
    "logging",
    "warnings.warn",
    "scalestream.__version__",
    "scalestream.errors",
    "scalestream.run.progress",
    "scalestream.run.provenance",
    "scalestream.run.receipts",
    "scalestream.run.checkpoint.INTERVAL",
    "scalestream.networks.architectures.FAMILIES",  # names alone; that of the network of a run is given as a root
    "scalestream.networks.architectures.description",  # a parameter of the job
    "scalestream.networks.architectures.family",
    "job._content",
    "job._end_with",
    "job._identity",
    "job._log_to",
    "job._record",
)
LOOK_AT_ALL = {"eval", "exec", "globals"}  # which may use any name of their module


@dataclass(eq=False)
class Statement:
    """A statement at the top level of a module.

    names: that it binds. imports: names bound by imports in it, with what they stand for. loads: what these imports load.
    """

    module: "Module"
    position: int
    node: ast.stmt
    names: set[str]
    imports: dict[str, set[str]]
    loads: set[str]

    def __str__(self) -> str:
        return f"{self.module.name}:{','.join(sorted(self.names))}"


class Module:
    """A module's statements, and what its names stand for. folder: of a package."""

    def __init__(self, name: str, source: bytes, folder: Path | None):
        self.name, self.folder = name, folder
        package = name if folder else name.rpartition(".")[0]
        tree = ast.parse(source)
        self.used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        if ast.get_docstring(tree, clean=False) is not None:
            tree.body[0] = ast.Assign([ast.Name("__doc__", ast.Store())], tree.body[0].value)
        self.statements = [
            Statement(self, position, node, bound_names(node), *imports(node, package))
            for position, node in enumerate(tree.body)
        ]
        self.bound, self.imports, self.loads = defaultdict(list), defaultdict(set), set()
        for statement in self.statements:
            for name in statement.names:
                self.bound[name].append(statement)
            inside = isinstance(statement.node, FUNCTIONS | ast.ClassDef)
            if not inside:
                self.loads |= statement.loads
            if statement.imports and (not inside or declares_globals(statement.node)):
                for name, targets in statement.imports.items():
                    self.imports[name] |= targets

    def __str__(self) -> str:
        return f"{self.name}.*"

    def is_rebound(self, name: str) -> bool:
        """Whether more than one statement says what a name stands for."""
        return len(self.bound.get(name, ())) + len(self.imports.get(name, ())) > 1


Target = Statement | Module | str  # a definition, a module as a value, or a name that is external or silent


@dataclass(frozen=True)
class Meaning:
    """What of a statement computes, as text that is empty where nothing does, and what it refers to."""

    text: str
    targets: frozenset[Target]


class Library:
    """The modules below some folders, each read once.

    folders: where Python would look for modules; what is not there is external. silent: see SILENT. read: gives the source of a
    file.
    """

    def __init__(
        self, folders: Iterable[str | Path], silent: Iterable[str] = SILENT, read: Callable[[Path], bytes] = Path.read_bytes
    ):
        self.folders, self.silent, self.read = [Path(folder) for folder in folders], set(silent), read
        self.module, self.find, self.loaded, self.meaning, self.acts, self.effects, self.record = map(
            cache, (self._module, self._find, self._loaded, self._meaning, self._acts, self._effects, self._record)
        )
        self.follow = cache(self._follow)

    def digest(self, roots: Iterable[str]) -> str:
        """The sha256 of what the roots compute.

        A root is "module", for all that is in it, or "module:name". Raises ValueError for one that is not there or is silent.
        """
        statements, modules = self.follow(frozenset(roots))
        return _sha256(*sorted(map(self.record, statements | modules)))

    def reached(self, roots: Iterable[str]) -> set[str]:
        """What the digest goes over: definitions as "module:name", and modules whose import does something as "module:"."""
        statements, modules = self.follow(frozenset(roots))
        names = {f"{statement.module.name}:{name}" for statement in statements for name in statement.names}
        return names | {f"{module.name}:" for module in modules}

    def _follow(self, roots: frozenset[str]) -> tuple[set[Statement], set[Module]]:
        """The statements that the roots lead to, and the modules that do something when they are imported on the way."""
        reached, modules = set(), set()
        pending = [target for root in roots for target in self._root(root)]
        while pending:
            target = pending.pop()
            if target in reached:
                continue
            reached.add(target)
            if isinstance(target, Statement):
                pending += [target.module.name, *self.meaning(target).targets, *target.loads]
            elif isinstance(target, Module):
                pending += self._contents(target)
            else:
                loaded = self.loaded(target) - modules
                modules |= loaded
                pending += [inner for module in loaded for inner in (*module.loads, *self.effects(module))]
        return {target for target in reached if isinstance(target, Statement)}, set(filter(self.effects, modules))

    def _root(self, root: str) -> Iterable[Target]:
        name, _, definition = root.partition(":")
        module = self.module(name)
        targets = self._within(module, definition) if module else set()
        if module and targets == {module} and not definition:
            return [name, *self._definitions(module)]
        if not targets or not all(isinstance(target, Statement) for target in targets):
            raise ValueError(f"{root}: no such definition is in {', '.join(map(str, self.folders))}, or it is silent")
        return targets

    def _contents(self, module: Module) -> Iterator[Target]:
        """All that can be had from a module as a value, modules of a package included."""
        yield module.name
        yield from self._definitions(module)
        for targets in module.imports.values():
            for target in targets:
                yield from self.find(target)
        for path in module.folder.iterdir() if module.folder else ():
            yield from self._within(module, path.stem) - {module}

    def _definitions(self, module: Module) -> Iterator[Statement]:
        """What a module defines, with no say of what its import does."""
        for statement in module.statements:
            silent = statement.names and all(self._is_silent(f"{module.name}.{name}") for name in statement.names)
            if not (silent or statement.names == {"__doc__"} or isinstance(statement.node, IMPORTS) or self.acts(statement)):
                yield statement

    def _loaded(self, dotted: str) -> set[Module]:
        """The modules that run when a dotted name is imported: the packages on its path too."""
        modules, parts = set(), dotted.split(".")
        for count in range(1, len(parts) + 1):
            prefix = ".".join(parts[:count])
            module = self.module(prefix)
            if not module or self._is_silent(prefix):
                break
            modules.add(module)
        return modules

    def _module(self, name: str) -> Module | None:
        for folder in self.folders:
            path = folder.joinpath(*name.split("."))
            package, file = path / "__init__.py", path.with_name(f"{path.name}.py")
            if package.is_file():
                return Module(name, self.read(package), path)
            if file.is_file():
                return Module(name, self.read(file), None)
            if "." in name and path.is_dir():  # a package without an __init__.py
                return Module(name, b"", path)
        return None

    def _is_silent(self, dotted: str) -> bool:
        parts = dotted.split(".")
        return any(".".join(parts[:count]) in self.silent for count in range(1, len(parts) + 1))

    def _is_foreign(self, dotted: str) -> bool:
        """Whether importing a name may do something that is not seen here."""
        return not self._is_silent(dotted) and not self.module(dotted.partition(".")[0])

    def _find(self, dotted: str, seen: frozenset[tuple[Module, str]] = frozenset()) -> set[Target]:
        """What a dotted name stands for, through modules that import it from elsewhere."""
        head, _, rest = dotted.partition(".")
        module = self.module(head)
        return self._within(module, rest, seen) if module and not self._is_silent(dotted) else {dotted}

    def _within(self, module: Module, rest: str, seen: frozenset[tuple[Module, str]] = frozenset()) -> set[Target]:
        """What a dotted name in a module stands for: the whole module where that cannot be told."""
        if self._is_silent(f"{module.name}.{rest}"):
            return {f"{module.name}.{rest}"}
        name, _, more = rest.partition(".")
        targets = set(module.bound.get(name, ()))
        if (module, name) not in seen:
            for target in module.imports.get(name, ()):
                targets |= self.find(f"{target}.{more}".rstrip("."), seen | {(module, name)})
        if inner := self._inner(module, name):
            targets |= self._within(inner, more, seen)
        return targets if targets or name in ("__file__", "__name__") else {module}

    def _inner(self, module: Module, name: str) -> Module | None:
        """A package's module."""
        return self.module(f"{module.name}.{name}") if module.folder and name else None

    def _meant(self, statement: Statement, dotted: str) -> set[Target]:
        """What a dotted name in a statement may stand for; nothing where it is local or Python's own."""
        module, (name, _, more) = statement.module, dotted.partition(".")
        targets = {module} if name in LOOK_AT_ALL else set()
        for target in statement.imports.get(name, ()):
            targets |= self.find(f"{target}.{more}".rstrip("."))
        if name in module.bound or name in module.imports or self._inner(module, name):
            targets |= self._within(module, dotted)
        return targets

    def _meaning(self, statement: Statement) -> Meaning:
        """Consumes the statement's tree, which other questions are asked of before."""
        self.acts(statement)
        local, meant = local_names(statement.node), cache(partial(self._meant, statement))

        def is_silent(dotted: str) -> bool:
            """Whether a name can only stand for what is silent."""
            targets = meant(dotted)
            certain = dotted.partition(".")[0] not in local and "*" not in statement.module.imports
            return certain and bool(targets) and all(isinstance(target, str) and self._is_silent(target) for target in targets)

        def names(dotted: str) -> set[str]:
            return set(map(str, meant(dotted)))

        node = Computing(is_silent, names).visit(statement.node)
        if node is None:
            return Meaning("", frozenset())
        meanings = {dotted: meant(dotted) for dotted in references(node)}
        for name in statement.imports if has_imports_inside(statement.node) else {"*"} & statement.imports.keys():
            meanings[f"import {name}"] = set().union(*map(self.find, statement.imports[name]))
        lines = sorted(f"{dotted} = {target}" for dotted, targets in meanings.items() for target in targets)
        return Meaning("\n".join([ast.dump(node), *lines]), frozenset().union(*meanings.values()) - {statement})

    def _effects(self, module: Module) -> list[Statement]:
        """The statements that do something when a module is imported, in their order."""
        return [statement for statement in module.statements if self.acts(statement) and self.meaning(statement).text]

    def _acts(self, statement: Statement) -> bool:
        """Whether a statement does more than give one name its only meaning."""
        node, module = statement.node, statement.module
        if isinstance(node, IMPORTS):
            return any(
                name == "*" or module.is_rebound(name) or name not in module.used and any(map(self._is_foreign, targets))
                for name, targets in statement.imports.items()
            )
        special = isinstance(node, FUNCTIONS) and node.name.startswith("__")
        return special or not is_definition(node) or any(map(module.is_rebound, statement.names)) or self._registers(statement)

    def _registers(self, statement: Statement) -> bool:
        """Whether a definition runs the library's code, as a decorator, as a base class or on a variable of the library."""

        def meant(parts: Iterable[ast.AST]) -> set[Target]:
            return {target for dotted in map(dotted_name, parts) if dotted for target in self._meant(statement, dotted)}

        called = [node.func for part in run_at_import(statement.node) for node in ast.walk(part) if isinstance(node, ast.Call)]
        receivers = {
            target
            for target in meant(func.value for func in called if isinstance(func, ast.Attribute))
            if isinstance(target, Statement) and isinstance(target.node, ast.Assign | ast.AnnAssign)
        }
        return bool(receivers) or any(not isinstance(target, str) for target in meant(makers(statement.node)))

    def _record(self, reached: Statement | Module) -> str:
        if isinstance(reached, Module):
            return _sha256(reached.name, *(self.meaning(effect).text for effect in self.effects(reached)))
        before = sum(effect.position < reached.position for effect in self.effects(reached.module))
        return _sha256(reached.module.name, str(before), self.meaning(reached).text)


@cache
def library(*folders: Path) -> Library:
    """The library of some folders, which all workflows of a process share that have these."""
    return Library(folders)


def _sha256(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode(errors="surrogatepass")).hexdigest()
