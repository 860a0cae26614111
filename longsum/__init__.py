"""Read the whole of a long document with a local language model."""

__version__ = "0.1.0"
