"""Pictures to bytes: JPEG and H.264, straight from YUV planes."""
