"""A small network: features in, the worth of every activity out, so that activities share what is learnt.

One hidden layer of tanh units, least squares on the logged activity, Adam on all rows at once; outcomes and features
are standardised. Weights start from the seed alone, so the same rows give the same network.
Source: Kingma & Ba (2015), Adam, arXiv:1412.6980.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from curriculum_rl.batch import Float, Int
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.values.standard import standardised
from curriculum_rl.violations import Violations


@dataclass(frozen=True)
class Neural:
    """A network with one hidden layer.

    Attributes:
        width: hidden units.
        passes: over all rows.
        rate: step of Adam.
        decay: of weights at each pass, as a share of the step.
        seed: of the first weights.
    """

    width: int = 32
    passes: int = 100
    rate: float = 0.01
    decay: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        check = Violations("neural")
        check.number("width", self.width, at_least=1, whole=True)
        check.number("passes", self.passes, at_least=1, whole=True)
        check.number("rate", self.rate, above=0.0)
        check.number("decay", self.decay, at_least=0.0)
        check.number("seed", self.seed, at_least=0, whole=True)
        check.raise_all()

    def predict(self, episodes: Episodes, known: Int, outcome: Float, rows: Int) -> Float:
        """See `Regression`."""
        seen, there = (torch.from_numpy(x) for x in standardised(episodes.features, known, rows))
        action = torch.from_numpy(episodes.action[known])[:, None]
        mean, spread = outcome.mean(), outcome.std()
        goal = torch.from_numpy((outcome - mean) / (spread or 1.0))[:, None]
        network = self._network(seen.shape[1], episodes.choice.shape[1])
        optimiser = torch.optim.AdamW(network.parameters(), lr=self.rate, weight_decay=self.decay)
        for _ in range(self.passes):
            optimiser.zero_grad()
            nn.functional.mse_loss(network(seen).gather(1, action), goal).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        with torch.no_grad():
            values: Float = network(there).numpy() * spread + mean
        return values

    def _network(self, inputs: int, outputs: int) -> nn.Module:
        """Seeded, and without a trace in the random state of the process."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = nn.Sequential(nn.Linear(inputs, self.width), nn.Tanh(), nn.Linear(self.width, outputs))
        return network.double()
