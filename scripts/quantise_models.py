"""Makes the int8 weights that popcam_models has, and says what its manifest has to say of them.

    python scripts/quantise_models.py [--check]

`quantise_model.py` does the work, with NNCF in an environment of its own (`.cache/peers`), calibrated on photos that
are made from the public-domain stills of the tests. `--check` only compares. Whether int8 pays, and what it costs in
accuracy, is measured by `benchmarks/quantised_detector.py`: run it before committing other weights.
"""

import hashlib
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.lib.int8 import quantised  # noqa: E402
from popcam_models import FOLDER, manifest  # noqa: E402


def main() -> int:
    """Make or compare; status 1 when something is not current."""
    stale = False
    for entry in manifest():
        if not entry.quantised:
            continue
        kept, made = manifest()[entry.quantised], quantised(entry.name)
        digest, size = hashlib.sha256(made.read_bytes()).hexdigest(), made.stat().st_size
        if digest == kept.sha256:
            print(f"{kept.name}: the same as in the manifest")
            continue
        stale = True
        print(f'{kept.name}: "sha256": "{digest}", "size_bytes": {size}')
        if "--check" not in sys.argv[1:]:
            shutil.copyfile(made, FOLDER / kept.file)
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
