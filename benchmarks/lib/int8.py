"""int8 weights of the detectors, made by `scripts/quantise_model.py` in an environment of its own."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import cv2
from benchmarks.lib.clips import CACHE, STILLS
from benchmarks.lib.faces import BOXES_PX
from benchmarks.lib.peers import ROOT, Peer, peer
from benchmarks.lib.photo_set import photo_set
from popcam_models import manifest
from popcam_models import path as model_path

PACKAGES: Final = ("nncf==3.4.0", "openvino==2026.4.1", "onnx==1.23.2", "onnxruntime==1.32.0", "opencv-python-headless")
PROGRAM: Final = ROOT / "scripts" / "quantise_model.py"
SIZE_WH: Final = (640, 384)
CALIBRATION_PHOTOS: Final = 60
OPTIONS: Final[dict[str, tuple[str, ...]]] = {"yunet": ("--float-depthwise",), "centerface": ()}
"""Of each detector; CenterFace takes half as long again with its depthwise convolutions in float."""
TIMEOUT_S: Final = 900
VERSION: Final = 1
"""Of `calibration_photos`."""


def tools() -> Peer:
    """The environment with NNCF."""
    return peer("quantisers", PACKAGES)


def quantised(name: str) -> Path:
    """The int8 weights of a detector; made once for each version of the program, the model and the packages.

    Raises:
        PeerMissingError: NNCF can't be installed here.
    """
    source, entry = model_path(name), manifest()[name]
    made_of = (
        PROGRAM.read_bytes(),
        source.read_bytes(),
        repr((OPTIONS[name], PACKAGES, CALIBRATION_PHOTOS, VERSION)).encode(),
    )
    digest = hashlib.sha256(b"\n".join(made_of)).hexdigest()[:12]
    output = CACHE / f"{name}-int8-{digest}.onnx"
    if not output.exists():
        size = f"{SIZE_WH[0]}x{SIZE_WH[1]}"
        unfinished = output.with_suffix(".part.onnx")
        program = [
            tools().python,
            PROGRAM,
            source,
            calibration_photos(),
            size,
            entry.input.colour,
            unfinished,
            *OPTIONS[name],
        ]
        quiet = {**os.environ, "NNCF_CI": "1"}  # else it tells its makers that it was used
        subprocess.run([*map(str, program)], check=True, timeout=TIMEOUT_S, env=quiet)
        unfinished.replace(output)
    return output


def calibration_photos() -> Path:
    """A folder of made photos, and of close-ups: a face that fills the picture drives a detector hardest."""
    folder = CACHE / f"int8-photos{VERSION}-{CALIBRATION_PHOTOS}"
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(photo_set(CALIBRATION_PHOTOS).folder, unfinished)
        for name in BOXES_PX:
            still = cv2.imread(str(STILLS / name))
            if still is None:
                raise OSError(f"{name} can't be read")
            height, width = still.shape[:2]
            closer = still[: int(0.6 * height), int(0.15 * width) : int(0.85 * width)]
            for number, picture in enumerate((still, closer, still[:, ::-1])):
                if not cv2.imwrite(str(unfinished / f"close-{Path(name).stem}-{number}.png"), picture):
                    raise OSError(f"{unfinished} can't be written")
        unfinished.replace(folder)
    return folder
