"""What cameras are there: capture devices of this machine, ONVIF cameras in its networks (`discovery.onvif`)."""

from popcam.media.discovery.devices import find_devices

__all__ = ["find_devices"]
