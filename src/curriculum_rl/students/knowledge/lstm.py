"""A long short-term memory over answers, in NumPy: one step of many students at once.

    (i, f, g, o) = x W_in + h W_hidden + bias,   x of 2 K entries: wrong on each concept, then right on each
    c' = sigma(f) c + sigma(i) tanh(g),   h' = sigma(o) tanh(c'),   logits moved = h' W_out

Hochreiter & Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735; gates in the order of `torch.nn.LSTM`, by whose names
the tensors are kept in a safetensors file. Students are multiplied one by one: a product of many rows at once would let
the last bits of a student's path depend on who else is in the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.special import expit

from curriculum_rl.batch import Float, Int
from curriculum_rl.violations import InvalidInput

NAMES = ("lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0", "out.weight")
"""Of the tensors in a file, (4H, 2K), (4H, H), (4H,), (4H,) and (K, H)."""

STEP, MOST = 0.1, 2.0
"""Of `tally`: a right answer first adds about STEP * MOST logits, and all of them together never more than MOST."""
_OPEN = 40.0  # logit of a gate that is open for good


@dataclass(frozen=True, eq=False)
class LSTM:
    """Attributes:
    inputs: (2K, 4H).
    hidden: (H, 4H).
    bias: (4H,).
    out: (H, K).
    """

    inputs: Float
    hidden: Float
    bias: Float
    out: Float

    def __eq__(self, other: object) -> bool:
        """Whether all of its numbers are the same."""
        return isinstance(other, LSTM) and all(map(np.array_equal, self._matrices, other._matrices))

    def __hash__(self) -> int:
        return hash(self.out.tobytes())

    @property
    def _matrices(self) -> tuple[Float, ...]:
        return self.inputs, self.hidden, self.bias, self.out

    @property
    def concepts(self) -> int:
        """K."""
        return int(self.out.shape[1])

    @property
    def size(self) -> int:
        """H."""
        return len(self.hidden)

    def subset(self, concepts: Int) -> LSTM:
        """The same network, asked of these concepts alone, told of no other."""
        inputs = self.inputs[np.r_[concepts, concepts + self.concepts]]
        return LSTM(inputs, self.hidden, self.bias, np.ascontiguousarray(self.out[:, concepts]))

    def lit(self, concepts: Int, right: Float, wrong: Float) -> Float:
        """x W_in, (n, 4H): so much of `right` and `wrong` on each of these concepts, (L, n) each."""
        lit = np.zeros((concepts.shape[1], self.inputs.shape[1]))
        for concept, yes, no in zip(concepts, right, wrong, strict=True):
            lit += yes[:, None] * self.inputs.take(concept + self.concepts, axis=0)
            lit += no[:, None] * self.inputs.take(concept, axis=0)
        return lit

    def step(self, hidden: Float, cell: Float, lit: Float) -> tuple[Float, Float]:
        """h' and c', (n, H) each."""
        i, f, g, o = np.split(lit + each_row(hidden, self.hidden) + self.bias, 4, axis=1)
        cell = expit(f) * cell + expit(i) * np.tanh(g)
        return expit(o) * np.tanh(cell), cell

    def moved(self, hidden: Float) -> Float:
        """h W_out, logits, (n, K)."""
        return each_row(hidden, self.out)

    def to_bytes(self) -> bytes:
        """As a safetensors file, in single precision."""
        tensors = (self.inputs.T, self.hidden.T, self.bias, np.zeros_like(self.bias), self.out.T)
        single = [np.ascontiguousarray(tensor, dtype=np.float32) for tensor in tensors]
        return save(dict(zip(NAMES, single, strict=True)))


def each_row(rows: Float, matrix: Float) -> Float:
    """rows @ matrix, (n, m), each row by itself: its bits do not depend on the others."""
    product: Float = np.matmul(rows[:, None, :], matrix)[:, 0]
    return product


def tally(concepts: int) -> LSTM:
    """The network that counts right answers less wrong ones, one unit a concept; for a world that has no file.

    c_k' = c_k + tanh(STEP (right_k - wrong_k)),   h_k = tanh(c_k),   logits moved = MOST h_k
    """
    candidates, gates = slice(2 * concepts, 3 * concepts), np.zeros((2, concepts, 4 * concepts))
    gates[:, :, candidates] = STEP * np.array([-1.0, 1.0])[:, None, None] * np.eye(concepts)
    bias = np.full(4 * concepts, _OPEN)
    bias[candidates] = 0.0
    hidden = np.zeros((concepts, 4 * concepts))
    return LSTM(gates.reshape(2 * concepts, -1), hidden, bias, MOST * np.eye(concepts))


def read_lstm(name: str, folder: Path, concepts: int) -> LSTM:
    """The network in a safetensors file of this folder, for so many concepts.

    Raises:
        InvalidInput: the name leads elsewhere, or what is there is no such network; one line says why.
    """
    path = folder / name
    if Path(name).name != name or path.suffix != ".safetensors" or path.resolve().parent != folder.resolve():
        raise _refused(name, "must be the name of a .safetensors file in the pack's own folder")
    try:
        tensors = load(path.read_bytes())
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}") from None
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _refused(name, f"is no safetensors file: {error}") from None
    if sorted(tensors) != sorted(NAMES):
        raise _refused(name, f"must hold the tensors {', '.join(NAMES)}, and holds {', '.join(sorted(tensors))}")
    size = tensors[NAMES[-1]].shape[-1] if tensors[NAMES[-1]].ndim else 0
    shapes = ((4 * size, 2 * concepts), (4 * size, size), (4 * size,), (4 * size,), (concepts, size))
    for tensor, shape in zip(NAMES, shapes, strict=True):
        found = tensors[tensor]
        if found.shape != shape or not size:
            wanted = f"must be {shape}, for {concepts} concepts and {size} units"
            raise _refused(name, f"{tensor} has the shape {found.shape}: {wanted}")
        if found.dtype not in (np.float32, np.float64) or not np.isfinite(found).all():
            raise _refused(name, f"{tensor} must hold finite numbers, in single or double precision")
    inputs, hidden, one, other, out = (tensors[tensor].astype(np.float64) for tensor in NAMES)
    return LSTM(*(np.ascontiguousarray(m) for m in (inputs.T, hidden.T, one + other, out.T)))


def _refused(name: str, why: str) -> InvalidInput:
    return InvalidInput("dkt", [f"knowledge.weights = {name!r}: {why}"])
