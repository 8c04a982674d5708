"""Runtimes that take a picture as bytes, three of each pixel, and make their own numbers of them: who feeds them with
floating-point numbers writes and reads it twice more."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from popcam.core.frame import FloatArray
from popcam.vision.preprocess import ColourCanvas, PictureContract


class PictureTurn(Protocol):
    """One turn at a model: draw on `canvas`, then `run`. All memory is the model's own, so nothing is copied."""

    @property
    def canvas(self) -> ColourCanvas:
        """The model's input. It keeps the border that an earlier picture left it."""
        ...

    def run(self) -> Sequence[FloatArray]:
        """Run the model on what the canvas holds. The outputs are valid until the turn ends; take what you need.

        Raises:
            InferenceError: the provider failed.
        """
        ...


@runtime_checkable
class TakesPictures(Protocol):
    """What such a runtime has besides `popcam.core.interfaces.Runtime`."""

    def turn(self, input_wh: tuple[int, int], contract: PictureContract) -> AbstractContextManager[PictureTurn]:
        """A turn for one thread.

        Args:
            input_wh: width and height of the small picture, border included; both even.
            contract: what the model wants of colours and numbers.

        Raises:
            InferenceError: the model can't be prepared for this size.
        """
        ...
