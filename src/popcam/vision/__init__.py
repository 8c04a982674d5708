"""Pixels to facts: arrays in, arrays out. Nothing here knows of cameras, files or networks."""
