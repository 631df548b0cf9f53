"""A memory of what happened: an LSTM, of all features at once or of each concept with the same weights.

    h, c  <-  LSTM(x, (h, c))      after each event, x what is seen then; at first h = c = 0

Hochreiter & Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735. By concept, x is what is seen of the concept and of
the student, and H units are kept for each: so the weights do not depend on the curriculum, as those of a network that
is portable do not. A network that scores every concept with the same weights could not find its way in one memory of
all concepts; one that has weights for each can.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from curriculum_rl.agents.networks.layout import Layout
from curriculum_rl.envs.simulation import TIME_FEATURES

Numbers = npt.NDArray[np.float32]
States = tuple[Tensor, Tensor]
"""h and c, (n, width) each."""


class Memory(nn.Module):
    """Args:
    layout: of what is seen; all is remembered but the time, which comes last.
    units: H.
    by_concept: whether there are so many for each concept.

    Attributes:
        features: entries of x.
        width: numbers of h, and of c, a student.
    """

    def __init__(self, layout: Layout, units: int, by_concept: bool) -> None:
        super().__init__()
        self.units, self.by_concept, self.planes, self.concepts = units, by_concept, layout.planes, layout.concepts
        self.features = layout.features - len(TIME_FEATURES)
        self.split = layout.planes * layout.concepts
        self.width = units * (layout.concepts if by_concept else 1)
        self.place = self.split if by_concept else self.features  # of h among what is seen
        student = self.features - self.split
        self.lstm = nn.LSTM(layout.planes + student if by_concept else self.features, units)
        with torch.no_grad():  # gates stand in the order input, forget, cell, output
            # A memory that is kept at first learns longer spans (Jozefowicz, Zaremba & Sutskever 2015, ICML).
            dict(self.lstm.named_parameters())["bias_hh_l0"][units : 2 * units] += 1.0

    def forward(self, x: Tensor, states: States) -> tuple[Tensor, States]:
        """h after each of T events, (T, n, width), and the states after the last; x are features, (T, n, features)."""
        steps, n, _ = x.shape
        if self.by_concept:
            planes = x[..., : self.split].view(steps, n, self.planes, self.concepts).transpose(2, 3)
            student = x[..., None, self.split :].expand(-1, -1, self.concepts, -1)
            x = torch.cat([planes, student], dim=3).flatten(1, 2)
        out, after = self.lstm(x, tuple(state.reshape(1, -1, self.units) for state in states))
        return out.reshape(steps, n, -1), (after[0].view(n, -1), after[1].view(n, -1))

    def fold(self, x: Numbers, hidden: Numbers, cell: Numbers) -> tuple[Numbers, Numbers]:
        """h and c after one event, (n, width) each, from the features of it, (n, features), and what they were."""
        with torch.inference_mode():
            states = torch.from_numpy(hidden), torch.from_numpy(cell)
            _, (after, kept) = self(torch.from_numpy(x)[None], states)
        return after.numpy(), kept.numpy()

    def beside(self, seen: Tensor, hidden: Tensor) -> Tensor:
        """What is seen and remembered, from what is seen, (n, F), and h, (n, width)."""
        if self.by_concept:
            hidden = hidden.view(-1, self.concepts, self.units).transpose(1, 2).flatten(1)
        return torch.cat([seen[:, : self.place], hidden, seen[:, self.place :]], dim=1)

    def apart(self, observation: Tensor) -> States:
        """The other way round: what is seen, (n, F), and h, (n, width)."""
        end = self.place + self.width
        hidden = observation[:, self.place : end]
        if self.by_concept:
            hidden = hidden.view(-1, self.units, self.concepts).transpose(1, 2).flatten(1)
        return torch.cat([observation[:, : self.place], observation[:, end:]], dim=1), hidden


def with_memory(layout: Layout, units: int, by_concept: bool) -> Layout:
    """The layout of what is seen and remembered."""
    if by_concept:
        return replace(layout, planes=layout.planes + units)
    return replace(layout, student=layout.student + units)
