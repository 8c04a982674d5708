"""The boxes that deface covers: its own detector, fed by its own reader, with the same options. Run by its Python.

    python deface_boxes.py FILE_OR_FOLDER [WIDTHxHEIGHT]

One JSON line per frame or photo: `{"name": ..., "boxes": [[x0, y0, x1, y1], ...]}` in shares of the picture.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imageio.v2 as iio  # type: ignore[import-not-found,unused-ignore]
from deface.centerface import CenterFace  # type: ignore[import-not-found]

THRESHOLD = 0.2  # deface's default
VIDEOS = {".mp4", ".mkv", ".mov", ".avi", ".webm"}


def pictures(source: Path) -> Iterator[tuple[str, Any]]:
    """Frames of a video, or the photos of a folder, RGB."""
    if source.suffix.lower() in VIDEOS:
        for number, frame in enumerate(iio.get_reader(source).iter_data()):
            yield str(number), frame
        return
    for path in sorted(source.iterdir()):
        yield path.name, iio.imread(path)


def main() -> None:
    """Print the boxes."""
    shape = tuple(int(side) for side in sys.argv[2].split("x")) if len(sys.argv) > 2 else None
    detector = CenterFace(in_shape=shape, backend="auto")
    for name, picture in pictures(Path(sys.argv[1])):
        found, _ = detector(picture, threshold=THRESHOLD)
        height, width = picture.shape[:2]
        boxes = [[b[0] / width, b[1] / height, b[2] / width, b[3] / height] for b in found.tolist()]
        print(json.dumps({"name": name, "boxes": boxes}))


if __name__ == "__main__":
    main()
