"""`popcam version`."""

from popcam import __version__
from popcam.cli.say import out, say

HELP = say("Print the version.", "显示版本号。")


def version() -> None:
    """Print the version and nothing else, so that scripts can read it."""
    out(__version__)
