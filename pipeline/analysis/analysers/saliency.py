"""What stands out in a still shot in which nobody is seen and nothing moves: where the composition has its weight."""

import cv2
import numpy as np
from numpy.typing import NDArray

from basis.boxes import Box
from pipeline.analysis.types import Sighting, Track
from pipeline.analysis.view import ShotView
from pipeline.footage.source import Source

# Lengths in pixels are of pictures whose longer side is 160.
COLOURS = (0.55, 1.0, 1.0)  # weights of lightness and the two colours of Lab: a machine's paint, not a lamp
BRIGHT = (180.0, 240.0)  # lightness (of 255) from which a thing without colour begins to be, and is, a lamp or a window
WINDOW = 0.75  # how much of its weight such a thing loses
SURROUND = (0.12, 0.3)  # of the longer side: how far around a place it is compared with, beside the whole picture
RESIDUAL_SIDE = 64  # longer side of the picture whose spectrum is taken, as in the paper
SHADE = 16.0  # Lab units that one shade spans
RARE = 0.1  # share of the picture in about its shade at which a place is no longer rare: one machine is, ten windows are not
COMMON = 0.15  # what is left of its weight then
NOVEL = 0.4  # share that the spectral residual has in a place's weight
CENTRE = 0.35  # share of its weight that a thing in a corner loses
BORDER = 0.04  # of the longer side: what is cut by the picture's edge is seldom its subject
LEAST = 7.0  # mean difference in Lab units of what stands out; below it the picture is even
AREA = (0.004, 0.4)  # share of the picture that a region may cover
PEAK = 0.4  # of a place's highest weight, from which the rest of it belongs to the same thing
HELD = 0.92  # share of the region's weight along each axis that its box holds
SURE = 45.0  # difference in Lab units at which the choice is as sure as it gets
STILLS = 6  # pictures of a shot in which nothing moves that are enough
LEAST_SURE = 0.1  # below it one place is as good as another

Image = NDArray[np.uint8]
Array = NDArray[np.float64]


def find(shot: ShotView, tracks: list[Track]) -> list[Track]:
    """The tracks; where there are none, what stands out."""
    if tracks or not len(shot.times):
        return tracks
    still = region(list(shot.colours[:: max(1, len(shot.times) // STILLS)]), shot.source, shot.picture)
    if not still:
        return []
    return [Track(number=0, kind="salient", sightings=[Sighting.rounded(float(shot.times[0]), *still)])]


def region(pictures: list[Image], source: Source, picture: Box) -> tuple[Box, float] | None:
    """Box in source display pixels and certainty (0 to 1) of what stands out most; None where the picture is even.

    pictures: a few BGR pictures of one still shot, longer side 160; picture: the part without black bars. The weight of a
    place is its difference in colour from the whole picture (Achanta et al. 2009) and from what surrounds it, raised where
    the structure is unlike the rest (spectral residual, Hou and Zhang 2007) and, mildly, in the middle.
    """
    if not pictures:
        return None
    scale = source.width / pictures[0].shape[1]
    left, top, right, bottom = (round(v / scale) for v in (picture.x, picture.y, picture.right, picture.bottom))
    image = np.median(np.array(pictures), axis=0).astype(np.uint8)[top:bottom, left:right]
    if min(image.shape[:2]) < 16:
        return None
    differs = _differences(image)
    weight = differs * (1 - NOVEL + NOVEL * _residual(image)) * _middle(image.shape[0], image.shape[1])
    found = _region(weight)
    if found is None:
        return None
    inside, (x0, y0, x1, y1) = found
    difference = float(differs[inside].mean())
    if difference < LEAST:
        return None
    alone = float(weight[inside].sum() / weight[weight >= 0.5 * weight[inside].mean()].sum())
    box = Box(x=(left + x0) * scale, y=(top + y0) * scale, width=(x1 - x0) * scale, height=(y1 - y0) * scale)
    sure = round(min(1.0, difference / SURE) * min(1.0, alone), 3)
    return (box, sure) if sure >= LEAST_SURE else None


def _differences(image: Image) -> Array:
    """How unlike the picture and its own surroundings each place is, in Lab units; lamps and windows count less."""
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1.5), cv2.COLOR_BGR2LAB).astype(float)
    light, chroma = lab[:, :, 0], np.linalg.norm(lab[:, :, 1:] - 128, axis=2)
    weighted = lab * np.array(COLOURS)
    side = max(image.shape[:2])
    usual = [np.median(weighted.reshape(-1, 3), axis=0)]
    usual += [cv2.GaussianBlur(weighted, (0, 0), share * side, borderType=cv2.BORDER_REFLECT) for share in SURROUND]
    apart = [np.linalg.norm(weighted - around, axis=2) for around in usual]
    differs = np.exp(np.mean([np.log(d + 1) for d in apart], axis=0)) - 1
    differs *= COMMON + (1 - COMMON) * np.exp(-_common(weighted) / RARE)
    bright = np.clip((light - BRIGHT[0]) / (BRIGHT[1] - BRIGHT[0]), 0, 1) * np.clip(1 - chroma / 40, 0, 1)
    return np.asarray(differs * (1 - WINDOW * bright))


def _common(weighted: Array) -> Array:
    """Share of the picture that has about the shade of each place, neighbouring shades counted in part."""
    shades = (weighted / SHADE).round().astype(int)
    counted = np.zeros(shades.max(axis=(0, 1)) + 3)
    np.add.at(counted, tuple(shades.reshape(-1, 3).T + 1), 1.0)
    for axis in range(3):
        counted = counted + 0.5 * (np.roll(counted, 1, axis) + np.roll(counted, -1, axis))
    return np.asarray(counted[tuple(np.moveaxis(shades, 2, 0) + 1)] / shades[:, :, 0].size)


def _residual(image: Image) -> Array:
    """0 to 1: how unlike the rest the structure of each place is; what the spectrum has beyond its usual slope."""
    factor = RESIDUAL_SIDE / max(image.shape[:2])
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(float)
    spectrum = np.fft.fft2(small)
    log = np.log(np.abs(spectrum) + 1e-6)
    rest = np.exp(log - cv2.blur(log, (3, 3)) + 1j * np.angle(spectrum))
    novel = cv2.GaussianBlur(np.abs(np.fft.ifft2(rest)) ** 2, (0, 0), 2.5)
    novel = cv2.resize(novel, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(novel / max(float(np.percentile(novel, 98)), 1e-12), 0, 1))


def _middle(height: int, width: int) -> Array:
    """1 in the middle, 1 - CENTRE in the corners, falling to 0 within BORDER of the edges."""
    y, x = np.mgrid[:height, :width]
    across, down = (x + 0.5) / width * 2 - 1, (y + 0.5) / height * 2 - 1
    edge = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) + 0.5
    return np.asarray((1 - CENTRE * (across**2 + down**2) / 2) * np.clip(edge / (BORDER * max(height, width)), 0.2, 1))


def _region(weight: Array) -> tuple[NDArray[np.bool_], tuple[float, float, float, float]] | None:
    """The connected place with most weight above the usual, and its edges: left, top, right, bottom."""
    best, most = None, 0.0
    for own in _connected(weight > weight.mean() + weight.std()):
        for core in _connected(own & (weight >= PEAK * np.percentile(weight[own], 95))):
            mass = float((weight[core] ** 2).sum())  # squared: strong before large
            if AREA[0] <= core.mean() <= AREA[1] and mass > most:
                best, most = core, mass
    if best is None:
        return None
    kept = np.where(best, weight, 0)
    edges = []
    for axis in (0, 1):
        share = np.cumsum(kept.sum(axis=axis)) / kept.sum()
        edges.append((float(np.searchsorted(share, (1 - HELD) / 2)), float(np.searchsorted(share, (1 + HELD) / 2)) + 1))
    (x0, x1), (y0, y1) = edges
    return best, (x0, y0, x1, y1)


def _connected(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The connected places of a mask, gaps of a few pixels closed."""
    joined = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    return [labels == n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= AREA[0] * mask.size]
