"""What is copied into other repositories or built elsewhere: commands that exist, shell that parses, nothing forgotten."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from commands import app

ROOT = Path(__file__).parent.parent
GITHUB, GITLAB = ROOT / "docs/ci/github-actions.yml", ROOT / "docs/ci/gitlab-ci.yml"
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
SYSTEM_PACKAGES = {"libgl1", "libglib2.0-0", "libfribidi0"}
OWN_FLAGS = {"--debug", "--version"}  # of `episode` itself, with any command or without one
OTHERS_FLAGS = {"CONTRIBUTING.md", "scale.md"}  # these pages speak of other programs' flags, too
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
OPERATOR = re.compile(r"[();<>|&]+")


def github():
    return yaml.safe_load(GITHUB.read_text("utf-8"))


def github_steps():
    return github()["jobs"]["season"]["steps"]


def gitlab():
    return yaml.safe_load(GITLAB.read_text("utf-8"))["season"]


def instructions():
    """The Dockerfile's instructions in order: (name, what follows it)."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def of_docker(name):
    return [rest for instruction, rest in instructions() if instruction == name]


def github_shell():
    return [step["run"] for step in github_steps() if "run" in step]


def gitlab_shell():
    return ["\n".join([*gitlab()["before_script"], *gitlab()["script"]])]


def docker_shell():
    """What the image runs, while it is built and afterwards, as shell lines."""
    entry = shlex.join(json.loads(of_docker("ENTRYPOINT")[0]) + json.loads(of_docker("CMD")[0]))
    return [shlex.join(json.loads(run)) if run.startswith("[") else run for run in of_docker("RUN")] + [entry]


def pages_shell():
    blocks = [block for page in PAGES for block in re.findall(FENCED, page.read_text("utf-8"))]
    return [block for kind, block in blocks if kind in ("sh", "bash") or re.match(r"(pip|uv|episode)\b", block)]


SHELL = {"github": github_shell(), "gitlab": gitlab_shell(), "docker": docker_shell(), "pages": pages_shell()}
BLOCKS = [pytest.param(block, id=f"{name}-{n}") for name, blocks in SHELL.items() for n, block in enumerate(blocks)]


def commands(block):
    """The commands of a shell block, each a list of words; what is redirected is left out."""
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        words.whitespace_split = True
        command, over = [], False
        for word in [*words, ";"]:
            if OPERATOR.fullmatch(word):
                over = word[0] in "<>"
                if command and not over:
                    yield command
                    command = []
            elif not over:
                command.append(word)


def episode_commands(block):
    """The arguments of every call of `episode` in a shell block, also through `uv run`."""
    for command in commands(block):
        words = command[2:] if command[:2] == ["uv", "run"] else command
        if words[:1] == ["episode"]:
            yield words[1:]


@cache
def root():
    """The real command line, all of its commands loaded."""
    command = get_command(app.app)
    command.commands = {name: app.load(name) for name in app.COMMANDS}
    return command


def parse(arguments):
    """Has the real command line read the arguments, and do nothing. Raises its own errors."""
    command, words = root(), [word for word in arguments if word not in OWN_FLAGS]
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    assert not hasattr(command, "commands") or not words, f"there is no command {shlex.join(arguments)}"
    if not hasattr(command, "commands"):
        command.make_context(command.name, words)


def installed(shell):
    """The system packages that shell lines install."""
    lines = [line for block in shell for line in commands(block) if "apt-get" in line and "install" in line]
    return {word for line in lines for word in line}


def name_of(requirement):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


@pytest.mark.parametrize("block", BLOCKS)
def test_every_call_of_episode_is_one_that_it_takes(block):
    for arguments in episode_commands(block):
        parse(arguments)


def test_the_calls_of_episode_are_found():
    found = {name: [call for block in blocks for call in episode_commands(block)] for name, blocks in SHELL.items()}
    run = ["jobs", "run", "season.toml", "-o", "out"]
    for name in ("github", "gitlab"):
        assert ["doctor"] in found[name]
        assert ["jobs", "check", "season.toml"] in found[name]
        assert [c[:5] for c in found[name]].count(run) == 1, name
    assert found["docker"] == [["doctor"], run]
    assert len(found["pages"]) > 10


@pytest.mark.parametrize("arguments", [["jobs", "runn"], ["doctor", "--jsn"], ["render", "--number", "three"]])
def test_a_call_that_episode_does_not_take_is_noticed(arguments):
    with pytest.raises(Exception, match=r"(?i)no such|no command|valid integer"):
        parse(arguments)


@pytest.mark.parametrize("page", [p for p in PAGES if p.name not in OTHERS_FLAGS], ids=lambda page: page.name)
def test_commands_and_flags_that_a_page_mentions_exist(page):
    def flags(command):
        own = {flag for parameter in command.params for flag in [*parameter.opts, *parameter.secondary_opts]}
        return own.union(*map(flags, getattr(command, "commands", {}).values()))

    known = flags(root()) | {"--help"}
    prose = FENCED.sub("", page.read_text("utf-8"))
    for paragraph in prose.split("\n\n"):
        for code in re.findall(r"`([^`\n]+)`", paragraph):
            words = code.split()
            if words[0] == "episode":
                flag = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
                command = root()
                for word in words[1:flag]:
                    if not hasattr(command, "commands"):
                        break  # an argument
                    assert word in command.commands, f"`{code}`: there is no {word}"
                    command = command.commands[word]
                assert {word for word in words if word.startswith("-")} <= flags(command) | OWN_FLAGS, code
            elif words[0].startswith("--") and "benchmarks/" not in paragraph:
                assert words[0] in known, code


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize("block", BLOCKS)
def test_every_shell_block_parses(block):
    checked = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, encoding="utf-8", timeout=20)
    assert not checked.returncode, checked.stderr


def test_system_packages_are_installed_wherever_episode_is():
    for name in ("github", "gitlab", "docker"):
        assert installed(SHELL[name]) >= SYSTEM_PACKAGES, name


def test_github_may_read_only_and_is_bounded():
    job = github()["jobs"]["season"]
    assert github()["permissions"] == {"contents": "read"}
    assert not github()["concurrency"]["cancel-in-progress"]
    render = next(step for step in github_steps() if step.get("id") == "render")
    assert "jobs run" in render["run"]
    assert render["timeout-minutes"] < job["timeout-minutes"] < 360
    assert all(re.search(r"@v\d+$", step["uses"]) for step in github_steps() if "uses" in step)
    assert not any("${{" in block for block in SHELL["github"])  # what a title says would be run as shell
    assert "secrets." not in GITHUB.read_text("utf-8")


def test_github_keeps_and_uploads_what_a_failed_run_made():
    after = github_steps()[[step.get("id") for step in github_steps()].index("render") + 1 :]
    assert len(after) == 3
    assert all(step["if"].startswith("always() &&") for step in after)
    uses = {step["uses"].split("@")[0]: step["with"] for step in github_steps() if "uses" in step}
    restored, saved = uses["actions/cache/restore"], uses["actions/cache/save"]
    assert (saved["path"], saved["key"]) == (restored["path"], restored["key"])
    assert saved["path"].split() == [github()["env"]["EPISODE_CACHE"], "out"]
    assert all(saved["key"].startswith(prefix) for prefix in restored["restore-keys"].split("\n")[:-1])
    assert uses["actions/upload-artifact"]["path"] == "out"


def test_gitlab_keeps_and_uploads_what_a_failed_run_made():
    job = gitlab()
    assert job["cache"]["when"] == job["artifacts"]["when"] == "always"
    assert job["artifacts"]["paths"] == ["out/"]
    assert job["variables"]["EPISODE_CACHE"] == "$CI_PROJECT_DIR/" + job["cache"]["paths"][0].rstrip("/")
    assert "out/" in job["cache"]["paths"]


def test_gitlab_reads_the_junit_file_that_a_season_writes():
    from jobs import report

    assert Path(gitlab()["artifacts"]["reports"]["junit"]) in report.files(Path("out"))


def test_the_image_runs_as_a_user_without_rights():
    user, _, group = of_docker("USER")[-1].partition(":")
    assert int(user) > 0 and int(group) > 0  # numbers: a cluster can tell them from root
    after = [line for line in instructions() if line[0] in ("USER", "RUN", "ENTRYPOINT")][-3:]
    assert [name for name, _ in after] == ["USER", "RUN", "ENTRYPOINT"]
    assert json.loads(after[1][1]) == ["episode", "doctor"]  # an image without a library is never finished


def test_the_image_is_given_all_that_the_wheel_is_built_of():
    copies = [rest.split() for rest in of_docker("COPY") if not rest.startswith("--from")]
    copied = {word for words in copies for word in words[:-1]}  # the last one says where to
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert copied >= {*wheel, "LICENSE", "NOTICE", "pyproject.toml", project["project"]["readme"], "requirements.lock"}
    assert all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_of_a_lock_has_hashes_and_no_dependency_is_missing(lock):
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert packages
    for package in packages:
        assert re.match(r"[\w.-]+==\S+ ", package), package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", package), package
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"] * (
        lock == "requirements-dev.lock"
    )
    assert {name_of(requirement) for requirement in wanted} <= {name_of(package) for package in packages}


@pytest.mark.parametrize("arguments", [["doctor"], ["jobs", "run", "season.toml", "-o", "out"]])
@pytest.mark.slow
def test_where_opencv_cannot_be_loaded_one_sentence_says_what_to_install(arguments, tmp_path):
    missing = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({missing!r})\n", "utf-8")
    ended = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *arguments], capture_output=True, text=True, encoding="utf-8",
        timeout=60, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert ended.returncode == 5, ended.stderr
    assert not ended.stdout
    assert len(ended.stderr.splitlines()) == 1
    assert "libGL.so.1" in ended.stderr
    assert SYSTEM_PACKAGES - {"libfribidi0"} <= set(re.findall(r"[\w.-]+", ended.stderr))
