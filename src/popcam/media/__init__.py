"""Bytes to frames and back: sources, encoders and sinks."""
