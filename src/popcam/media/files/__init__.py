"""Media files for batch jobs: look at them, read and write spans of them exactly, join spans to a whole; photos."""

from popcam.media.files.copy import copy_span, span_can_be_copied
from popcam.media.files.inspect import inspect_file
from popcam.media.files.join import join
from popcam.media.files.model import ChunkFacts, JoinedFile, Photo, Problems, SpanFrame
from popcam.media.files.photo import read_photo, write_photo
from popcam.media.files.read import read_span
from popcam.media.files.write import SpanWriter

__all__ = [
    "ChunkFacts",
    "JoinedFile",
    "Photo",
    "Problems",
    "SpanFrame",
    "SpanWriter",
    "copy_span",
    "inspect_file",
    "join",
    "read_photo",
    "read_span",
    "span_can_be_copied",
    "write_photo",
]
