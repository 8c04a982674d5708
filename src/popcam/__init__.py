"""popcam: self-hosted live AI video."""

__version__ = "0.1.0"
