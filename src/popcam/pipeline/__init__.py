"""The data path of one camera: source, gate, detect, track, act, sinks."""
