"""The fast masked categorical is the stock one: same probabilities, same entropy, and a mask is never broken."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical

from curriculum_rl.agents.masked import categorical, draw, entropy_of
from curriculum_rl.agents.networks.network import mask_logits, probabilities


def logits_and_mask(seed: int = 0, rows: int = 500, activities: int = 30) -> tuple[torch.Tensor, np.ndarray]:
    generator = np.random.default_rng(seed)
    mask = generator.random((rows, activities)) < generator.random((rows, 1))
    mask[np.arange(rows), generator.integers(0, activities, rows)] = True
    return torch.from_numpy(generator.normal(0.0, 4.0, (rows, activities)).astype(np.float32)), mask


def test_log_probabilities_and_entropy_are_those_of_torch_with_validation_on():
    logits, mask = logits_and_mask()
    log = categorical(logits, mask)
    for row in range(len(logits)):
        allowed = torch.from_numpy(np.flatnonzero(mask[row]))
        stock = Categorical(logits=logits[row, allowed], validate_args=True)
        torch.testing.assert_close(log[row, allowed], stock.logits, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(entropy_of(log)[row], stock.entropy(), rtol=1e-4, atol=1e-5)


def test_masked_activities_have_probability_zero_exactly_and_rows_sum_to_one():
    logits, mask = logits_and_mask(1)
    p = probabilities(mask_logits(logits, torch.from_numpy(mask))).numpy()
    assert (p[~mask] == 0.0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    assert (categorical(logits, mask).exp().numpy()[~mask] == 0.0).all()


def test_masks_as_floats_with_an_axis_more_are_the_same_mask():
    logits, mask = logits_and_mask(2)
    assert torch.equal(categorical(logits, mask), categorical(logits, mask[None].astype(np.float32)))


def test_no_gradient_reaches_a_masked_logit():
    logits, mask = logits_and_mask(3)
    logits.requires_grad_(True)
    log = categorical(logits, mask)
    allowed = torch.from_numpy(mask.argmax(axis=1))
    (log.gather(1, allowed[:, None]).sum() + entropy_of(log).sum()).backward()
    assert logits.grad is not None
    assert (logits.grad.numpy()[~mask] == 0.0).all()
    assert torch.isfinite(logits.grad).all()


def test_draws_follow_the_probabilities():
    """Chi-square over 6 allowed activities; the fixed seed passes at a false-alarm rate of .001 (20.5)."""
    torch.manual_seed(0)
    mask = np.array([[1, 0, 1, 1, 0, 1, 1, 1]], dtype=np.bool_)
    log = categorical(torch.linspace(-1.0, 1.0, 8)[None], mask)
    draws = 200_000
    seen = np.bincount(draw(log.expand(draws, 8)).numpy(), minlength=8)
    expected = log.exp()[0].numpy() * draws
    assert (seen[~mask[0]] == 0).all()
    assert float((((seen - expected) ** 2)[mask[0]] / expected[mask[0]]).sum()) < 20.5


@pytest.mark.parametrize("allowed", [0, 3, 7])
def test_a_single_allowed_activity_is_always_drawn(allowed: int, monkeypatch: pytest.MonkeyPatch):
    mask = np.zeros((1000, 8), dtype=np.bool_)
    mask[:, allowed] = True
    log = categorical(torch.randn(1000, 8), mask)
    assert (draw(log) == allowed).all()
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: torch.full(shape, math.nextafter(1.0, 0.0)))
    assert (draw(log) == allowed).all()
