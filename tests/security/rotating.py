"""Rotates the keys of a data folder again and again, until it is killed: `python rotating.py <folder>`."""

import sys
from pathlib import Path

from popcam.security.vault import open_vault
from popcam.security.vault_rotation import rotate
from popcam.storage import Database

vault = open_vault(Database(Path(sys.argv[1]) / "popcam.db", threads=1), Path(sys.argv[1]), {})
while True:
    rotate(vault, change_key=True)
    sys.stdout.write("rotated\n")
    sys.stdout.flush()
