"""Which edits change the digest of a script, by small libraries, by the real one, and against what really runs."""

import ast
import sys
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pandas as pd
import pytest

from conftest import REPOSITORY, blocks_of, randomized
from scalestream.ablation.ratios import ratios
from scalestream.criteria.equations import judge
from scalestream.criteria.evaluation import evaluate
from scalestream.criteria.measurement import measure
from scalestream.criteria.responses import Answers, Responses
from scalestream.criteria.rewiring import null, passes
from scalestream.criteria.selection import select
from scalestream.digest.library import SILENT, Library
from scalestream.networks.architectures import family
from scalestream.study.sensitivity import sensitivity

WORKFLOW = REPOSITORY / "workflow"
SCRIPTS = sorted(path.stem for path in (WORKFLOW / "scripts").glob("*.py"))

FILES = {
    "scripts/work.py": '''
"""Works."""

import logging

from scalestream import network, shapes
from scalestream.run import read
from scalestream.run.provenance import text
from scalestream.run.progress import watched

LABELS: list[str] = ["a"]


def main(snakemake):
    """Does the work."""
    for row in watched("rows", 3)(read(snakemake.input[0])):
        logging.info("at %s", row)
        found = shapes.Square(row, name=text(output="x")).area()  # of one
    if not found:
        logging.warning("nothing")
    return network.device(found), LABELS


main(snakemake)
''',
    "scalestream/__init__.py": '"""A library."""\n\n__version__ = "1.0"\n',
    "scalestream/errors.py": '''
"""Errors."""


class InputError(Exception):
    """One."""


class OtherError(Exception):
    pass
''',
    "scalestream/run/__init__.py": '"""Runs."""\n\nfrom scalestream.run.tables import read\n',
    "scalestream/run/provenance.py": "def text(**more):\n    return str(more)\n",
    "scalestream/run/progress.py": "def watched(what, total):\n    return iter\n",
    "scalestream/run/tables.py": '''
"""Tables."""

from pathlib import Path

from scalestream.errors import InputError, OtherError

ROWS, UNRELATED = 3, 4
SCHEMA = dict(a=int)
OTHER_SCHEMA = dict(b=int)


def read(path: str, columns: list | None = None, *, most=ROWS) -> list[dict]:
    """The rows."""
    if not Path(path).exists():
        raise InputError(f"{path} is missing")
    assert columns != [], "no columns"
    return _rows(path, SCHEMA)[:most]


def _rows(path, schema):
    return [kind for kind in schema]


def unrelated(path):
    return OTHER_SCHEMA
''',
    "scalestream/shapes.py": '''
"""Shapes."""

from dataclasses import dataclass
from functools import cache
from math import ceil, floor as whole

from scalestream import effects


class Shape:
    def sides(self):
        return 4


@dataclass(frozen=True)
class Square(Shape):
    """A square."""

    side: float
    name: str = "square"

    def area(self) -> float:
        match self.side:
            case int():
                return whole(self.side ** 2)
            case float() | None:
                return power(self.side)


@dataclass
class Side:
    length: float = 1


@cache
def power(side):
    return Side(side).length * 2
''',
    "scalestream/effects.py": "import numpy\n\nnumpy.seterr(all='raise')\n\n\ndef unrelated():\n    return 1\n",
    "scalestream/network.py": "import torch.nn.functional as F\n\n\ndef device(found):\n    return F.relu(found)\n",
}

SAME = {
    "docstring of a module": ("scalestream/shapes.py", '"""Shapes."""', '"""Plane shapes."""'),
    "docstring of a class": ("scalestream/shapes.py", '"""A square."""', '"""Another."""'),
    "docstring of a function": ("scalestream/run/tables.py", '"""The rows."""', ""),
    "docstring of a script": ("scripts/work.py", '"""Does the work."""', '"""Does."""'),
    "comment": ("scripts/work.py", "# of one", "# of another"),
    "layout": ("scalestream/run/tables.py", "raise InputError(f", "raise InputError(\n            f"),
    "blank lines": ("scalestream/shapes.py", "@cache", "\n\n\n@cache"),
    "annotation": ("scalestream/run/tables.py", "path: str, columns: list | None = None", "path, columns=None"),
    "result's annotation": ("scalestream/run/tables.py", " -> list[dict]", " -> object"),
    "constant's annotation": ("scripts/work.py", "LABELS: list[str] = ", "LABELS = "),
    "field's annotation": ("scalestream/shapes.py", "length: float", "length: int"),
    "log message": ("scripts/work.py", '"at %s", row', '"row %s", str(row)'),
    "log message removed": ("scripts/work.py", '        logging.info("at %s", row)\n', ""),
    "log message added": (
        "scalestream/run/tables.py",
        "    assert",
        '    logging.info("reading")\n    assert',
        "import logging\n",
    ),
    "logging imported": ("scalestream/shapes.py", "from math", "import logging\nfrom math"),
    "logging configured": (
        "scalestream/shapes.py",
        "class Shape:",
        "import logging\nlogging.getLogger('a').setLevel(3)\nclass Shape:",
    ),
    "conditional message removed": ("scripts/work.py", '    if not found:\n        logging.warning("nothing")\n', ""),
    "conditional message in place of pass": ("scripts/work.py", 'logging.warning("nothing")', "pass"),
    "error text": ("scalestream/run/tables.py", 'f"{path} is missing"', '"missing", UNRELATED'),
    "assertion's text": ("scalestream/run/tables.py", ', "no columns"', ""),
    "progress label": ("scripts/work.py", 'watched("rows", 3)', 'watched("lines", total=4)'),
    "note": ("scripts/work.py", "(snakemake.input[0])):", "(snakemake.input[0]), note=lambda: LABELS):"),
    "record": ("scripts/work.py", 'text(output="x")', "text()"),
    "version": ("scalestream/__init__.py", "1.0", "1.1"),
    "code of errors": ("scalestream/errors.py", "class InputError(Exception):", "class InputError(ValueError):\n    x = 1"),
    "code of progress": ("scalestream/run/progress.py", "return iter", "return list"),
    "code of provenance": ("scalestream/run/provenance.py", "str(more)", "repr(more)"),
    "import for silent code": ("scalestream/run/progress.py", "def", "import scalestream.effects\n\ndef"),
    "unrelated function": ("scalestream/run/tables.py", "return OTHER_SCHEMA", "return 7"),
    "unrelated schema": ("scalestream/run/tables.py", "dict(b=int)", "dict(b=str)"),
    "new function": ("scalestream/run/tables.py", "def unrelated", "def new():\n    return 1\n\n\ndef unrelated"),
    "unrelated function of an imported module": ("scalestream/effects.py", "return 1", "return 2"),
    "order of functions": (
        "scalestream/run/tables.py",
        "def _rows(path, schema):\n    return [kind for kind in schema]\n",
        "",
        "def _rows(path, schema):\n    return [kind for kind in schema]\n",
    ),
    "order of constants": (
        "scalestream/run/tables.py",
        "SCHEMA = dict(a=int)\nOTHER_SCHEMA = dict(b=int)",
        "OTHER_SCHEMA = dict(b=int)\nSCHEMA = dict(a=int)",
    ),
    "order of imports": ("scalestream/run/tables.py", "InputError, OtherError", "OtherError, InputError"),
    "import for an annotation": (
        "scalestream/run/tables.py",
        "def read(path: str",
        "from decimal import Decimal\ndef read(path: Decimal",
    ),
    "new module": ("scalestream/new.py", "", "import torch\n\ntorch.manual_seed(0)\n"),
}

DIFFERENT = {
    "constant": ("scalestream/shapes.py", "side ** 2)", "side ** 3)"),
    "kind of a constant": ("scalestream/run/tables.py", "ROWS, UNRELATED = 3,", "ROWS, UNRELATED = 3.0,"),
    "operator": ("scalestream/shapes.py", "length * 2", "length ** 2"),
    "default": ("scalestream/run/tables.py", "None = None", "None = 1"),
    "field's default": ("scalestream/shapes.py", 'name: str = "square"', 'name: str = "box"'),
    "field no more": ("scalestream/shapes.py", 'name: str = "square"', 'name = "square"'),
    "field renamed": ("scalestream/shapes.py", "    side: float", "    edge: float"),
    "order of fields": (
        "scalestream/shapes.py",
        '    side: float\n    name: str = "square"',
        '    name: str = "square"\n    side: float',
    ),
    "class variable": ("scalestream/shapes.py", "length: float", 'length: "ClassVar[float]"'),
    "decorator's argument": ("scalestream/shapes.py", "frozen=True", "frozen=False"),
    "decorator": ("scalestream/shapes.py", "@cache\n", ""),
    "base": ("scalestream/shapes.py", "Square(Shape)", "Square"),
    "method of a base": ("scalestream/shapes.py", "return 4", "return 5"),
    "method": ("scalestream/shapes.py", "return whole(self.side ** 2)", "return 1"),
    "pattern": ("scalestream/shapes.py", "float() | None", "float()"),
    "decorated callee": ("scalestream/shapes.py", "return Side", "return 1 + Side"),
    "callee through a re-export": ("scalestream/run/tables.py", "for kind in schema", "for kind in sorted(schema)"),
    "constant of a callee": ("scalestream/run/tables.py", "dict(a=int)", "dict(a=str)"),
    "constant in a default": ("scalestream/run/tables.py", "ROWS, UNRELATED = 3,", "ROWS, UNRELATED = 5,"),
    "re-export": ("scalestream/run/__init__.py", "tables import read", "tables import unrelated as read"),
    "condition of an error": ("scalestream/run/tables.py", "if not Path", "if Path"),
    "error removed": ("scalestream/run/tables.py", 'raise InputError(f"{path} is missing")', "return []"),
    "kind of an error": ("scalestream/run/tables.py", "raise InputError", "raise ValueError"),
    "other error under the same name": ("scalestream/run/tables.py", "InputError, OtherError", "OtherError as InputError"),
    "assertion": ("scalestream/run/tables.py", "columns != []", "columns != {}"),
    "global constant of the script": ("scripts/work.py", '["a"]', '["b"]'),
    "what is watched": ("scripts/work.py", "(read(snakemake.input[0])):", "(read(snakemake.input[1])):"),
    "effect of an imported module": ("scalestream/effects.py", "'raise'", "'warn'"),
    "effect removed": ("scalestream/effects.py", "numpy.seterr(all='raise')", ""),
    "effect of a package": ("scalestream/run/__init__.py", '"""Runs."""', "import numpy\n\nnumpy.random.seed(1)"),
    "effect of the script": ("scripts/work.py", "\nmain(snakemake)", "\nmain(snakemake.more)"),
    "exchanged imports": ("scalestream/shapes.py", "ceil, floor as whole", "floor, ceil as whole"),
    "another module under the same name": ("scalestream/network.py", "torch.nn.functional as F", "torch.special as F"),
    "import for its effect": ("scalestream/network.py", "\n\ndef device", "import readline\n\n\ndef device"),
    "redefinition": ("scalestream/shapes.py", "@cache\ndef", "def power(side):\n    return 0\n\n\n@cache\ndef"),
    "redefinition after all": (
        "scalestream/network.py",
        "relu(found)\n",
        "relu(found)\n\n\nif F:\n    def device(found):\n        return 0\n",
    ),
    "deletion": ("scalestream/network.py", "relu(found)\n", "relu(found)\n\n\ndel device\n"),
    "name of a builtin": ("scalestream/run/tables.py", "def unrelated", "def dict(**more):\n    return 0\n\n\ndef unrelated"),
    "silent name taken by an argument": ("scripts/work.py", "def main(snakemake):", "def main(snakemake, text=str):"),
    "what a log message binds": ("scripts/work.py", '"at %s", row', '"at %s", row := 3'),
    "messages that count": ("scripts/work.py", "import logging\n", "import log as logging\n"),
    "argument of a definition": ("scripts/work.py", "network.device(found)", "network.device(found, note=LABELS)"),
    "call for its effect": ("scalestream/network.py", "    return F", "    print(found)\n    return F"),
}


@pytest.fixture(scope="module")
def real() -> Library:
    return Library([WORKFLOW, WORKFLOW / "scripts"])


@pytest.mark.parametrize("name", [name for name in SILENT if name.startswith(("scalestream", "job"))])
def test_what_is_silent_is_there(name):
    """Without it a module would lose its exemption as soon as it has another name."""
    assert resolve_name(name) is not None


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def digest(folder: Path, files: dict[str, str], *roots: str) -> str:
    written(folder, files)
    return Library([folder, folder / "scripts"]).digest(roots or ["work"])


def edited(file: str, old: str, new: str, appended: str = "") -> dict[str, str]:
    before = FILES.get(file, "")
    assert before.count(old) == 1 or not before
    return FILES | {file: (before.replace(old, new) if before else new) + appended}


@pytest.mark.parametrize("what", SAME)
def test_an_edit_that_changes_no_result(tmp_path, what):
    files = edited(*SAME[what])
    assert files != FILES
    assert digest(tmp_path / "edited", files) == digest(tmp_path / "before", FILES)


@pytest.mark.parametrize("what", DIFFERENT)
def test_an_edit_that_may_change_results(tmp_path, what):
    assert digest(tmp_path / "edited", edited(*DIFFERENT[what])) != digest(tmp_path / "before", FILES)


TARGET = "class Thing:\n    size = {0}\n\n\ndef thing(*more):\n    return {0}\n\n\ndef other():\n    return {1}\n"
USERS = {
    "name": "from scalestream.b import thing\n\ndef work():\n    return thing()",
    "alias": "from scalestream.b import thing as t\n\ndef work():\n    return t()",
    "attribute": "from scalestream import b\n\ndef work():\n    return b.thing()",
    "alias of a module": "import scalestream.b as m\n\ndef work():\n    return m.thing()",
    "dotted": "import scalestream.b\n\ndef work():\n    return scalestream.b.thing()",
    "relative": "from .b import thing\n\ndef work():\n    return thing()",
    "relative module": "from . import b\n\ndef work():\n    return b.thing",
    "re-export": "from scalestream.c import again\n\ndef work():\n    return again()",
    "re-exported module": "from scalestream import c\n\ndef work():\n    return c.b.thing()",
    "local import": "def work():\n    from scalestream.b import thing\n    return thing()",
    "local import in a method": "class work:\n    def go(self):\n        import scalestream.b as m\n        return m.thing()",
    "import in try": (
        "try:\n    from scalestream.b import thing\nexcept ImportError:\n    thing = None\n\ndef work():\n    return thing()"
    ),
    "decorator": "from scalestream.b import thing\n\n@thing\ndef work():\n    return 1",
    "decorator of a method": "from scalestream.b import thing\n\nclass work:\n    @thing(1)\n    def go(self): ...",
    "default": "from scalestream.b import thing\n\ndef work(a=thing()):\n    return a",
    "keyword's default": "from scalestream.b import thing\n\ndef work(*, a=thing):\n    return a",
    "f-string": "from scalestream.b import thing\n\ndef work():\n    return f'{1:{thing()}}'",
    "comprehension": "from scalestream.b import thing\n\ndef work():\n    return {thing(): x for x in 'a' if x}",
    "lambda": "from scalestream.b import thing\n\nwork = lambda: thing()",
    "pattern": (
        "from scalestream.b import Thing\n\ndef work(a):\n    match a:\n        case Thing(size=1):\n            return 1"
    ),
    "dotted pattern": (
        "from scalestream import b\n\ndef work(a):\n    match a:\n        case [b.Thing(), *_]:\n            return 1"
    ),
    "isinstance": "from scalestream import b\n\ndef work(a):\n    return isinstance(a, b.Thing | None)",
    "base": "from scalestream.b import Thing\n\nclass work(Thing):\n    pass",
    "metaclass": "from scalestream.b import Thing\n\nclass work(metaclass=Thing):\n    pass",
    "class body": "from scalestream.b import thing\n\nclass work:\n    a = thing()",
    "partial": "from functools import partial\nfrom scalestream.b import thing\n\nwork = partial(thing, 1)",
    "table": "from scalestream import b\n\nTABLE = {'a': [b.thing]}\n\ndef work(a):\n    return TABLE[a]",
    "nested function": (
        "from scalestream.b import thing\n\ndef work():\n    def inner():\n        return thing()\n    return inner"
    ),
    "assigned attribute": "from scalestream import b\n\ndef work():\n    b.thing = 1",
    "global": "from scalestream import b\nX = b.thing\n\ndef work():\n    global X\n    X = 2",
    "augmented": "from scalestream import b\nX = 1\nX += b.thing()\n\ndef work():\n    return X",
    "walrus": "from scalestream import b\nY = [X := b.thing()]\n\ndef work():\n    return X",
    "conditional definition": "from scalestream import b\nif 1:\n    def work():\n        return b.thing()",
    "second definition": "from scalestream import b\n\ndef work():\n    return 1\n\ndef work():\n    return b.thing()",
    "effect": "from scalestream import b\nimport json\njson.x = b.thing\n\ndef work():\n    return 1",
    "registered": "from scalestream.d import register\nfrom scalestream.b import thing\n\n"
    "@register\ndef f():\n    return thing()\n\ndef work():\n    return 1",
    "registered on a variable": (
        "from scalestream.b import thing\nALL = []\nA = ALL.append(thing)\n\ndef work():\n    return ALL"
    ),
    "subclass": "from scalestream.d import Base\nfrom scalestream.b import thing\n\nclass A(Base):\n    a = thing\n\n"
    "def work():\n    return Base.__subclasses__()",
    "unpacked": "from scalestream.b import thing\n(work, *rest), last = thing()",
    "annotation that a decorator reads": "from pydantic import validate_call\nfrom scalestream.b import Thing\n\n"
    "@validate_call\ndef work(a: Thing):\n    return a",
    "annotation that a base reads": (
        "from pydantic import BaseModel\nfrom scalestream.b import Thing\n\nclass work(BaseModel):\n    a: Thing"
    ),
    "InitVar": "from dataclasses import InitVar as V, dataclass\nfrom scalestream.b import Thing\n\n"
    "@dataclass\nclass work:\n    a: V[Thing] = 1",
    "argument of what might be silent": (
        "import logging\nfrom scalestream.b import thing\n\ndef work(logging):\n    return logging.info(thing())"
    ),
    "yield in a message": "import logging\nfrom scalestream.b import thing\n\ndef work():\n    logging.info((yield thing()))",
    "condition of a message": "import logging\nfrom scalestream.b import thing\n\n"
    "def work():\n    if x := thing():\n        logging.info('a')\n    return x",
    "circular": "from scalestream import b, e\n\ndef work():\n    return e.round\n\ndef back():\n    return b.thing()",
    "import in a class": "class work:\n    from scalestream.b import thing\n\n    def go(self):\n        return self.thing()",
    "async": "from scalestream.b import thing\n\nasync def work():\n    async with thing() as a:\n        return await a",
    "__getattr__": "from scalestream import b\n\ndef work():\n    return 1\n\ndef __getattr__(name):\n    return b.thing",
}
WHOLE = {
    "star import": "from scalestream.b import *\n\ndef work():\n    return thing()",
    "star import of an import": "from scalestream.f import *\n\ndef work():\n    return thing()",
    "through a star import": "from scalestream import f\n\ndef work():\n    return f.thing()",
    "getattr": "from scalestream import b\n\ndef work(name):\n    return getattr(b, name)",
    "module as a value": "from scalestream import b\n\nwork = [b]",
    "package as a value": "import scalestream\n\ndef work(name):\n    return vars(scalestream)[name]",
    "module's imports as a value": "from scalestream import f\n\ndef work(name):\n    return getattr(f, name)",
    "import as a global": (
        "def load():\n    global b\n    from scalestream import b\n\ndef work():\n    load()\n    return b.thing()"
    ),
    "unknown attribute": "from scalestream import b\n\ndef work(name):\n    return b.unknown",
    "globals": "from scalestream import b\n\ndef work(name):\n    return globals()[name]\n\n"
    "def one():\n    return b.thing() + b.other()",
}
OTHERS = {
    "scalestream/__init__.py": "",
    "scalestream/c.py": "from scalestream import b\nfrom scalestream.b import thing as again\n",
    "scalestream/d.py": "ALL = []\n\ndef register(f):\n    ALL.append(f)\n    return f\n\nclass Base:\n    pass\n",
    "scalestream/e.py": "from scalestream import a\n\ndef round():\n    return a.back()\n",
    "scalestream/f.py": "from scalestream.b import *\n",
}


@pytest.mark.parametrize("what", [*USERS, *WHOLE])
def test_a_reference_is_followed(tmp_path, what):
    files = OTHERS | {"scalestream/a.py": (USERS | WHOLE)[what]}
    before, changed, other = (
        digest(tmp_path / str(values), files | {"scalestream/b.py": TARGET.format(*values)}, "scalestream.a:work")
        for values in [(1, 1), (2, 1), (1, 2)]
    )
    assert changed != before
    assert (other == before) is (what in USERS)


UNUSED = {
    "annotations": "def work(a: Thing) -> Thing:\n    b: Thing = 1\n    return b",
    "string annotation": "def work(a: 'Thing'):\n    return 1",
    "text of an error": "def work():\n    raise InputError(thing(), x=Thing)",
    "message": "def work():\n    logging.info('%s', thing())",
    "condition of a message": "def work():\n    if thing():\n        logging.info('a')\n    else:\n        warnings.warn('b')",
    "note": "def work(watch):\n    return watch(1, note=lambda: thing())",
    "unused function": "def unused():\n    return thing()\n\ndef work():\n    return 1",
    "blind decorators": (
        "from functools import cache\n\nclass work:\n    @classmethod\n    @cache\n    def go(cls, a: Thing): ..."
    ),
}


@pytest.mark.parametrize("source", UNUSED.values(), ids=UNUSED)
def test_what_is_only_said_is_not_followed(tmp_path, source):
    head = "import logging, warnings\nfrom scalestream.b import thing, Thing\nfrom scalestream.errors import InputError\n\n"
    files = OTHERS | {"scalestream/errors.py": "class InputError(Exception): ...\n", "scalestream/a.py": head + source}
    before, changed = (
        digest(tmp_path / str(value), files | {"scalestream/b.py": TARGET.format(value, 0)}, "scalestream.a:work")
        for value in (1, 2)
    )
    assert changed == before


def test_docstrings_that_are_read_count(tmp_path):
    one, two = (
        digest(tmp_path / text, {"scripts/work.py": f'"""{text}."""\n\n\ndef main():\n    return __doc__\n'})
        for text in ("One", "Two")
    )
    assert one != two


def test_the_order_of_what_runs_counts(tmp_path):
    lines = ["import numpy", "numpy.seterr(all='raise')", "numpy.random.seed(1)", "A = numpy.zeros(1)"]
    found = {
        digest(tmp_path / str(place), {"scripts/work.py": "\n".join([lines[0], *(lines[index] for index in order)])})
        for place, order in enumerate([(1, 2, 3), (2, 1, 3), (1, 3, 2), (3, 1, 2)])
    }
    assert len(found) == 4


def test_a_function_with_the_name_of_its_module(tmp_path):
    files = {
        "scalestream/__init__.py": "",
        "scalestream/a/__init__.py": "from scalestream.a.work import work\n",
        "scripts/go.py": "from scalestream.a import work\n\nwork()\n",
    }
    one, two = (
        digest(tmp_path / text, files | {"scalestream/a/work.py": f"def work():\n    return {text}\n"}, "go") for text in "12"
    )
    assert one != two


@pytest.mark.parametrize(
    "root", ["nothing", "work:nothing", "scalestream.errors", "scalestream.errors:InputError", "numpy", "numpy:array"]
)
def test_a_root_that_is_not_there_or_silent_is_an_error(tmp_path, root):
    with pytest.raises(ValueError, match=root):
        digest(tmp_path, FILES, root)


def test_digests_do_not_depend_on_what_was_asked_before(real):
    other = Library(real.folders)
    assert [other.digest([script]) for script in SCRIPTS[::-6]] == [real.digest([script]) for script in SCRIPTS[::-6]]


def test_roots_are_taken_together_in_any_order(tmp_path):
    roots = ["scalestream.run.tables:read", "scalestream.shapes"]
    found = [digest(tmp_path, FILES, *chosen) for chosen in (roots, roots[::-1], [*roots, roots[0]], roots[:1])]
    assert found[0] == found[1] == found[2] != found[3]


def changes(path: Path) -> dict[str, str]:
    """By name of what a module defines, its source with one more statement in the function or class, or with another value."""
    source, found = path.read_text(), {}
    for place, node in enumerate(ast.parse(source).body):
        tree = ast.parse(source)
        changed = tree.body[place]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            changed.body.append(ast.parse("_changed = 1").body[0])
            found[node.name] = ast.unparse(tree)
        elif isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Attribute):  # which defines nothing
            changed.value = ast.Tuple([changed.value, ast.Constant(1)], ast.Load())
            name = next(inner.id for inner in ast.walk(node.targets[0]) if isinstance(inner, ast.Name))
            found[name] = ast.unparse(tree)
    return found


@pytest.mark.parametrize(
    "path", sorted(WORKFLOW.glob("scalestream/**/*.py"))[::9], ids=lambda path: str(path.relative_to(WORKFLOW))
)
def test_a_changed_definition_changes_the_digests_that_reach_it(real, path):
    module = ".".join(path.relative_to(WORKFLOW).with_suffix("").parts).removesuffix(".__init__")
    for name, source in list(changes(path).items())[::3]:
        reach = {script for script in SCRIPTS if f"{module}:{name}" in real.reached([script])}
        other = Library(real.folders, read=lambda file: source if file == path else file.read_bytes())
        checked = {*sorted(reach)[:2], *SCRIPTS[::12]}
        assert {script for script in checked if other.digest([script]) != real.digest([script])} == checked & reach


def executed(work) -> set[str]:
    """The library's functions, and the classes of its methods, that run in a call, as "module:name"."""
    found = set()

    def note(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(WORKFLOW / "scalestream")) and code.co_name != "<module>":
            outermost = code.co_qualname.split(".")[0]
            if not outermost.startswith("<"):
                found.add(f"{frame.f_globals['__name__']}:{outermost}")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def measured() -> Responses:
    block, rng = blocks_of("small")["1.1"], np.random.default_rng(0)
    images = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(block.channels)]
    return measure(randomized("small", 12), block, block.input, images, images, about="neuron")


MATRIX = np.eye(3)
RESPONSES = Responses(Answers(*[MATRIX] * 4), Answers(*[MATRIX] * 3), Answers(*[MATRIX] * 4), 2)
ROWS = [judge("2.1", channel, 1.0, 2.0, 1.0, 1.2, tolerance=1.5) | {"seed": 0} for channel in range(3)]
CALLS = {
    "measure_responses_to_visualizations": (measured, {"center", "center_row", "maps_of", "magnify"}),
    "evaluate_criteria": (lambda: list(evaluate("1.1", RESPONSES, 1.5)), {"judge", "Responses"}),
    "rewire": (lambda: null("1.1", 0, passes(RESPONSES, 1.5), 100), {"rewired_counts", "Responses"}),
    "select_channels": (lambda: list(select(pd.DataFrame(ROWS), "majority")), {"is_selected"}),
    "compute_sensitivity": (
        lambda: list(sensitivity(ROWS, [], {"tolerance": [2], "gain_margin": [1], "magnification": []}, 1.5)),
        {"post_is_invariant", "with_papers"},
    ),
    "compute_ratios": (
        lambda: list(
            ratios(
                pd.DataFrame(
                    [
                        {"block": "2.1", "condition": condition, "scale_percent": 0, "accuracy": 0.5}
                        for condition in ("scale", "random")
                    ]
                )
            )
        ),
        {"mean_ratio"},
    ),
}


@pytest.mark.parametrize("script", CALLS)
def test_what_runs_is_among_what_is_reached(real, script):
    work, expected = CALLS[script]
    ran = executed(work)
    assert expected <= {name.partition(":")[2] for name in ran}
    silent = {f"scalestream.networks.architectures:{name}" for name in ("description", "family")}
    assert ran - silent <= real.reached([script, family("small")])  # the run's network is a root, as in the rules
