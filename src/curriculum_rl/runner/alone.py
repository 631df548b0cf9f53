"""One student at a time, as platforms mostly ask: a graph that reads and writes the same few arrays each time.

onnxruntime then has nothing to take in, check and give out for every decision, which is a tenth of what it takes. Each
thread has arrays of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Alone(threading.local):
    """A session with arrays for one student.

    Args:
        graph: the session.
        given, made: of one student, by the names of inputs and outputs: what types and shapes they have.
    """

    def __init__(self, graph: Any, given: Mapping[str, Array], made: Mapping[str, Array]) -> None:
        self._graph, self._binding = graph, graph.io_binding()
        self._given = {name: np.zeros_like(array) for name, array in given.items()}
        self._made = {name: np.zeros_like(array) for name, array in made.items()}
        for name, array in self._given.items():
            self._binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        for name, array in self._made.items():
            self._binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def fits(self, given: Mapping[str, Array]) -> bool:
        """Whether it is one student's."""
        return all(array.shape == self._given[name].shape for name, array in given.items())

    def run(self, given: Mapping[str, Array]) -> list[Array]:
        """What comes out, in the order of `made`."""
        for name, array in given.items():
            self._given[name][...] = array
        self._graph.run_with_iobinding(self._binding)
        return [array.copy() for array in self._made.values()]
