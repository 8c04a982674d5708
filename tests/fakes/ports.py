"""Ports for servers that are told which one to take."""

import itertools
import os
import socket

FIRST, COUNT = 20_000, 10_000
"""Below those that systems hand to whoever asks for any port: nobody else is given one of these between the look at it
and the start of the server that it is for."""
_NUMBERS = itertools.count(os.getpid() * 101)
"""Tests that run side by side look in different places."""


def free_port() -> int:
    """A TCP port of loopback that nobody uses now, another one each time."""
    for number in _NUMBERS:
        port = FIRST + number % COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError
