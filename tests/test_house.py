"""The direction of imports: cli -> jobs -> pipeline -> presets -> assets -> basis, and stages only look back."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = ["basis", "assets", "presets", "pipeline", "jobs", "cli"]
STAGES = [
    "plan", "brief", "footage", "listening", "analysis", "stretch", "framing", "pauses", "typesetting", "captions", "graphics", "picture",
    "sound", "encode", "verify", "report", "synthetic", "episode",
]  # fmt: skip


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_no_floor_imports_one_above_it():
    for number, floor in enumerate(FLOORS):
        files = [ROOT / "cli.py"] if floor == "cli" else list((ROOT / floor).rglob("*.py"))
        above = set(FLOORS[number + 1 :])
        for file in files:
            assert not {name.split(".")[0] for name in imported(file)} & above, file


def test_no_stage_imports_one_after_it():
    files = [f for f in (ROOT / "pipeline").rglob("*.py") if f.name != "__init__.py" or f.parent.name != "pipeline"]
    assert files
    for file in files:
        stage = file.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")
        later = set(STAGES[STAGES.index(stage) + 1 :])
        used = {name.split(".")[1] for name in imported(file) if name.startswith("pipeline.")}
        assert not used & later, f"{file} imports {used & later}"
