"""Runs an exported policy: NumPy and onnxruntime are all that it needs."""
