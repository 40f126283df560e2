"""How the house is built: which room may know which, what a package's door is, how large a function may be."""

import ast
import graphlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ["basis", "assets", "presets", "pipeline", "jobs", "commands", "cli"]
STAGES = [
    "plan", "brief", "footage", "listening", "analysis", "stretch", "framing", "pauses", "typesetting", "captions", "graphics",
    "picture", "sound", "encode", "verify", "report", "planning", "rendering", "episode", "synthetic",
]  # fmt: skip
ROOMS = {  # inside a package, too, a module imports only what stands before it; packages that are not here need no order
    "basis": [
        "errors",
        "interrupts",
        "letters",
        "data",
        "notes",
        "spans",
        "boxes",
        "clock",
        "tools",
        "files",
        "toml",
        "cache",
        "version",
    ],
    "assets": ["files"],
    "pipeline.footage": [
        "ffmpeg_tool",
        "prober",
        "media",
        "cutoff",
        "source",
        "sounds",
        "loudness",
        "yuv",
        "scaling",
        "stream",
    ],
    "pipeline.listening": ["blocks", "speech", "channels", "recorder", "losses", "hearing"],
    "pipeline.analysis": ["types", "view", "tracks", "analysers", "blocks", "speakers", "look", "analyse"],
    "pipeline.framing": ["subjects", "camera", "scoring", "layouts", "shots"],
    "pipeline.framing.layouts": ["fit", "crop", "split", "facecam", "registry"],
}
LAZY_DOORS = {"presets", "presets.delivery"}  # their __init__ loads what is asked for only then
LONGEST_FUNCTION = 60  # lines
MOST_PARAMETERS = 7
CLOCKS = {
    "time",
    "time_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "monotonic",
    "monotonic_ns",
    "thread_time",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name, a package by the name of its folder."""
    files = [file for floor in FLOORS for file in (ROOT / floor).rglob("*.py")] + [ROOT / "cli.py"]
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in sorted(files)
        if "__pycache__" not in file.parts
    }


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, Function))


def imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """All imports below a node, those inside functions as well, those for type checkers alone not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from (found for other in child.orelse for found in imports(other))
        else:
            yield from imports(child)


@cache
def imported(name: str) -> frozenset[str]:
    """The product's modules that a module imports."""
    found: set[str] = set()
    for node in imports(tree(modules()[name])):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            package = name.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            found |= {inner if (inner := f"{base}.{alias.name}") in modules() else base for alias in node.names}
    return frozenset(found & modules().keys())


def test_no_floor_imports_one_above_it():
    for name in modules():
        above = FLOORS[FLOORS.index(name.split(".")[0]) + 1 :]
        assert not {other for other in imported(name) if other.split(".")[0] in above}, name


def test_no_stage_imports_one_after_it():
    stages = [name for name in modules() if name.startswith("pipeline.")]
    assert stages
    for name in stages:
        later = STAGES[STAGES.index(name.split(".")[1]) + 1 :]
        assert not {
            other for other in imported(name) if other.startswith("pipeline.") and other.split(".")[1] in later
        }, name


@pytest.mark.parametrize("package", ROOMS)
def test_no_module_of_a_package_imports_one_after_it(package):
    order = ROOMS[package]
    depth = package.count(".") + 1
    for name in modules():
        if name.startswith(f"{package}."):
            place = name.split(".")[depth]
            assert place in order, f"say in ROOMS where {name} stands"
            later = order[order.index(place) + 1 :]
            inside = {other for other in imported(name) if other.startswith(f"{package}.")}
            assert not {other for other in inside if other.split(".")[depth] in later}, name


def test_no_import_goes_round_in_a_circle():
    """Imports inside functions count as well: they hide a circle and do not open it."""
    try:
        graphlib.TopologicalSorter({name: imported(name) for name in modules()}).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_door_of_a_package_only_hands_on():
    """An __init__.py holds a docstring, imports and __all__."""
    for name, file in modules().items():
        if file.name != "__init__.py" or name in LAZY_DOORS:
            continue
        for node in tree(file).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            public = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            assert docstring or public or isinstance(node, ast.Import | ast.ImportFrom), f"{name}, line {node.lineno}"


def test_every_package_says_that_it_is_typed():
    for floor in FLOORS[:-1]:
        assert (ROOT / floor / "py.typed").is_file(), floor


def reason(file: Path, function: Function) -> bool:
    """Whether a comment stands in the function's head, from `def` to the first line of its body."""
    head = file.read_text("utf-8").splitlines()[function.lineno - 1 : function.body[0].lineno - 1]
    return any(re.search(r"#\s*(?!fmt:|type:|noqa)\w", line) for line in head)


def size(function: Function) -> tuple[int, int]:
    """Lines and parameters."""
    taken = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    own = taken[0].arg if taken and taken[0].arg in ("self", "cls") else None
    return (function.end_lineno or 0) - function.lineno + 1, len(taken) - (own is not None)


@pytest.mark.parametrize("which", [0, 1], ids=["lines", "parameters"])
def test_no_function_is_too_large_unless_its_head_says_why(which):
    limit = (LONGEST_FUNCTION, MOST_PARAMETERS)[which]
    large = [
        f"{name}.{function.name}: {size(function)[which]}"
        for name, file in modules().items()
        for function in functions(file)
        if size(function)[which] > limit and not reason(file, function)
    ]
    assert not large


def test_no_module_has_a_name_that_says_nothing():
    assert not [name for name in modules() if re.search(r"(^|[._])(helper|util|manager)s?($|[._])", name)]


def reads_clock(function: Function) -> bool:
    calls = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(call.rpartition(".")[2] in CLOCKS and call.rpartition(".")[0] in ("", "time") for call in calls)


def test_no_test_asserts_what_a_clock_said():
    """Slow machines are right as well: count calls or work instead."""
    timed = [
        f"{file.name}: {function.name}"
        for file in sorted((ROOT / "tests").glob("*.py"))
        for function in functions(file)
        if reads_clock(function) and any(isinstance(node, ast.Assert) for node in ast.walk(function))
    ]
    assert not timed
