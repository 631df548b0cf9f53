"""A policy as one graph of standard operators, with the tracker inside: it runs wherever ONNX does."""
