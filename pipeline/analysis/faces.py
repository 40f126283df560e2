"""Faces in one picture, by YuNet (Wu et al. 2023) through OpenCV."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

import assets
from pipeline.errors import MissingTool

MODEL = "models/face_detection_yunet_2023mar.onnx"
LEAST_SCORE = 0.6
OVERLAP = 0.3  # of two boxes for the same face
MOST_FACES = 30  # the surest; a crowd beyond that is a crowd

Rectangle = tuple[float, float, float, float]  # left, top, width, height in source display pixels


@dataclass(frozen=True)
class Face:
    """One detection in source display pixels; landmarks are right eye, left eye, nose, right and left mouth corner."""

    box: Rectangle
    score: float
    landmarks: tuple[tuple[float, float], ...]


class Detector:
    """YuNet for pictures of one size."""

    def __init__(self, width: int, height: int) -> None:
        try:
            model = str(assets.path(MODEL))
        except FileNotFoundError as error:
            raise MissingTool(f"The face model is not installed: {error}.") from error
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # OpenCV 5 warns at every load
        self._net = cv2.FaceDetectorYN.create(model, "", (width, height), LEAST_SCORE, OVERLAP, 200)

    def detect(self, image: NDArray[np.uint8], scale: float) -> list[Face]:
        """Faces in a BGR picture, surest first; scale: source pixels per picture pixel."""
        _, rows = self._net.detect(image)
        if rows is None:
            return []
        found = sorted((np.asarray(row, float) for row in rows), key=lambda row: -row[14])[:MOST_FACES]
        return [
            Face(
                box=(row[0] * scale, row[1] * scale, row[2] * scale, row[3] * scale),
                score=float(row[14]),
                landmarks=tuple((float(x), float(y)) for x, y in (row[4:14] * scale).reshape(5, 2)),
            )
            for row in found
            if row[2] > 1 and row[3] > 1
        ]
