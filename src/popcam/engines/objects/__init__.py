"""Detectors of persons and other things."""
