"""Simulated students fitted to real logs, agents that learn to teach them, and honest comparisons."""

__version__ = "0.1.0"
