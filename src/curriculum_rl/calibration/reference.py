"""Logistic regressions that a fitted population must be judged beside, each with the same answers to see.

    item only             logit P = d_j
    PFA                   logit P = sum_k (b_k + g_k right_k + r_k wrong_k)
    log-count PFA + item  logit P = d_j + sum_k (b_k + g_k ln(1 + right_k) + r_k ln(1 + wrong_k))
    Best-LR               the same + g ln(1 + right) + r ln(1 + wrong)
    DAS3H                 logit P = d_j + sum_k (b_k + sum_w [g_kw ln(1 + right_kw) + r_kw ln(1 + tries_kw)])
    Best-LR, time windows the same + g ln(1 + right) + r ln(1 + wrong)

right_k and wrong_k count the student's earlier answers on concept k of the item, right and wrong those on anything, and
right_kw and tries_kw those within a window of time (`windows.py`); an item of several concepts takes their mean. None
has a parameter of a student, for the students that are judged were never seen. PFA: Pavlik, Cen & Koedinger (2009);
DAS3H: Choffin et al. (2019), arXiv:1905.06873; Best-LR: Gervet, Koedinger, Schneider & Mitchell (2020), "When is deep
learning the best approach to knowledge tracing?", Journal of Educational Data Mining 12(3), with time windows where the
log has times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import sparse
from scipy.special import expit

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, Chains
from curriculum_rl.calibration.logistic import fit_logistic
from curriculum_rl.calibration.windows import counts_within

BEST: Final = "Best-LR"
"""The reference that all others are compared with."""
ITEM: Final = "item only"

Columns = list[sparse.csr_matrix]


def reference_predictions(fitting: Attempts, unseen: Attempts) -> dict[str, Float]:
    """P(right) one step ahead of each try of `unseen`, (n,), by each model fitted to `fitting`."""
    models: dict[str, Callable[[Attempts], Columns]] = {
        ITEM: _item,
        "PFA": _pfa,
        "log-count PFA + item": _log_pfa_item,
        BEST: lambda attempts: [*_log_pfa_item(attempts), _totals(attempts)],
    }
    if fitting.day is not None:
        models["DAS3H"] = _das3h
        models[f"{BEST}, time windows"] = lambda attempts: [*_das3h(attempts), _totals(attempts)]
    found = {}
    for name, columns in models.items():
        weights = fit_logistic(_design(fitting, columns), fitting.right)
        found[name] = np.clip(expit(_design(unseen, columns) @ weights), 1e-6, 1.0 - 1e-6)
    return found


def _design(attempts: Attempts, columns: Callable[[Attempts], Columns]) -> sparse.csr_matrix:
    return sparse.hstack([np.ones((len(attempts.right), 1)), *columns(attempts)]).tocsr()


def _item(attempts: Attempts) -> Columns:
    n = len(attempts.item)
    return [sparse.csr_matrix((np.ones(n), (np.arange(n), attempts.item)), (n, attempts.items))]


def _pfa(attempts: Attempts) -> Columns:
    return _by_concept(attempts, *earlier_answers(attempts.chains))


def _log_pfa_item(attempts: Attempts) -> Columns:
    right, wrong = earlier_answers(attempts.chains)
    return [*_item(attempts), *_by_concept(attempts, np.log1p(right), np.log1p(wrong))]


def _das3h(attempts: Attempts) -> Columns:
    chains = attempts.chains
    assert attempts.day is not None, "the log has no times"
    windows = counts_within(chains.first, attempts.day[chains.row], chains.right)
    return [*_item(attempts), *_by_concept(attempts, *(np.log1p(count) for pair in windows for count in pair))]


def _totals(attempts: Attempts) -> sparse.csr_matrix:
    """Logs of the student's earlier right and wrong answers on anything, (n, 2)."""
    earlier = np.cumsum(attempts.right) - attempts.right
    right = earlier - earlier[attempts.begins]
    wrong = np.arange(len(right)) - attempts.begins - right
    return sparse.csr_matrix(np.log1p(np.stack([right, wrong], axis=1)))


def _by_concept(attempts: Attempts, *counts: Float) -> Columns:
    """The concept, and each of the counts on it, (n, K) each."""
    chains = attempts.chains
    shape = (chains.rows, len(attempts.concepts))
    values = (chains.share, *(chains.share * count for count in counts))
    return [sparse.csr_matrix((v, (chains.row, chains.concept)), shape) for v in values]


def earlier_answers(chains: Chains) -> tuple[Float, Float]:
    """Right and wrong answers of each chain before each of its tries, (E,) each."""
    right, wrong = np.zeros(len(chains.row)), np.zeros(len(chains.row))
    for t in range(1, len(chains.starts) - 1):
        a, b = chains.starts[t], chains.starts[t + 1]
        before = chains.starts[t - 1]
        past = slice(before, before + b - a)
        right[a:b] = right[past] + chains.right[past]
        wrong[a:b] = wrong[past] + 1.0 - chains.right[past]
    return right, wrong
