"""Weights and samples of the golden scripts, which the tests in Rust make too."""

import numpy


def hashed(key, count):
    """Numbers in [-1, 1) that are the same in every language."""
    mask = numpy.uint64(0xFFFFFFFF)
    with numpy.errstate(over="ignore"):
        start = numpy.uint64((key * 40503 * 65537 + 12345) % 2**64)
        v = (numpy.arange(count, dtype=numpy.uint64) * numpy.uint64(2654435761) + start) & mask
        v ^= v >> numpy.uint64(15)
        v = (v * numpy.uint64(2246822519)) & mask
        v ^= v >> numpy.uint64(13)
        v = (v * numpy.uint64(3266489917)) & mask
        v ^= v >> numpy.uint64(16)
    return (v.astype(numpy.float64) / 2147483648.0 - 1.0).astype(numpy.float32)
