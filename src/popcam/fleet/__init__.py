"""Puts cameras on worker processes and keeps them there."""
