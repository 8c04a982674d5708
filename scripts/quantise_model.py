"""Make an int8 model of a float one, calibrated on photos. Run by the Python of an environment with NNCF.

    python quantise_model.py MODEL.onnx FOLDER_OF_PHOTOS WIDTHxHEIGHT RGB_OR_BGR OUTPUT.onnx [--float-depthwise]

Weights and activations become int8 by NNCF's post-training quantisation (mixed preset, fast bias correction). Ranges
hold every value that the photos gave: with NNCF's default, a mean of the photos' ranges, faces that fill the picture
lost up to 0.27 of their score. Photos are fitted into the picture at its upper left, values 0..255. Sigmoids
stay in float, and with `--float-depthwise` the depthwise convolutions, which are slower in int8 in some models.
"""

import argparse
from pathlib import Path
from typing import Any

import cv2
import nncf  # type: ignore[import-not-found]
import numpy as np
import onnx  # type: ignore[import-not-found]
from nncf.quantization.range_estimator import RangeEstimatorParametersSet  # type: ignore[import-not-found]
from onnx import version_converter

PER_CHANNEL_OPSET = 13
"""From here on ONNX has a scale for each channel, and older ones NNCF does not take at all."""


def main() -> None:
    """Quantise and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("size")
    parser.add_argument("colour", choices=["RGB", "BGR"])
    parser.add_argument("output", type=Path)
    parser.add_argument("--float-depthwise", action="store_true")
    chosen = parser.parse_args()
    width, height = (int(side) for side in chosen.size.split("x"))
    model = onnx.load(chosen.model)
    if model.opset_import[0].version < PER_CHANNEL_OPSET:
        model = version_converter.convert_version(model, PER_CHANNEL_OPSET)
    for node in model.graph.node:
        node.name = node.name or node.output[0]  # some have none, and could not be left out by it
    name = model.graph.input[0].name
    files = sorted(path for path in chosen.photos.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    pictures = nncf.Dataset([{name: fitted(path, width, height, chosen.colour)} for path in files])
    float_nodes = [node.name for node in model.graph.node if chosen.float_depthwise and is_depthwise(node)]
    quantised = nncf.quantize(
        model,
        pictures,
        subset_size=len(files),
        preset=nncf.QuantizationPreset.MIXED,
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX
        ),
        ignored_scope=nncf.IgnoredScope(names=float_nodes, types=["Sigmoid"], validate=False),
    )
    onnx.save(quantised, chosen.output)


def is_depthwise(node: Any) -> bool:
    """A convolution of each channel for itself."""
    return node.op_type == "Conv" and any(one.name == "group" and one.i > 1 for one in node.attribute)


def fitted(path: Path, width: int, height: int, colour: str) -> Any:
    """A photo as the model takes it: float32 (1, 3, height, width)."""
    photo = cv2.imread(str(path))
    if photo is None:
        raise SystemExit(f"{path.name} can't be read")
    scale = min(width / photo.shape[1], height / photo.shape[0])
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:height, :width]
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small if colour == "BGR" else small[..., ::-1]
    return canvas.transpose(2, 0, 1)[None].astype(np.float32)


if __name__ == "__main__":
    main()
