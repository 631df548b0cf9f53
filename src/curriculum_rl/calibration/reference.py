"""Simple models that a fitted population must be judged beside: the item alone, and performance factors.

    item:           logit P = difficulty_j
    PFA:            logit P = sum_k shares (beta_k + gamma_k * right_k + rho_k * wrong_k)
    log-PFA + item: logit P = difficulty_j + sum_k (beta_k + gamma_k * ln(1 + right_k) + rho_k * ln(1 + wrong_k))

right_k and wrong_k count the student's earlier answers on the concept. Pavlik, Cen & Koedinger (2009); log counts
beside items: Gervet et al. (2020). Ridge-penalised logistic regressions, fitted by L-BFGS.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from curriculum_rl.batch import Float
from curriculum_rl.calibration.attempts import Attempts, Chains
from curriculum_rl.calibration.scores import Scores, scores

RIDGE = 0.5


def reference_scores(fitting: Attempts, unseen: Attempts) -> dict[str, Scores]:
    """Each model fitted to one part of the log and judged, one step ahead, on the other."""
    found = {}
    for name, design in (("item only", _item), ("PFA", _pfa), ("log-count PFA + item", _log_pfa_item)):
        weights = _logistic(design(fitting), fitting.right)
        predicted = np.clip(expit(design(unseen) @ weights), 1e-6, 1.0 - 1e-6)
        found[name] = scores(predicted, unseen.right)
    return found


def _logistic(design: sparse.csr_matrix, right: Float) -> Float:
    """Coefficients of the penalised regression; the first column is the intercept and not penalised."""
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0.0
    transposed = design.T.tocsr()

    def loss(weights: Float) -> tuple[float, Float]:
        logits = design @ weights
        value = np.logaddexp(0.0, logits).sum() - right @ logits + 0.5 * penalty @ weights**2
        return float(value), transposed @ (expit(logits) - right) + penalty * weights

    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    weights: Float = found.x
    return weights


def _item(attempts: Attempts) -> sparse.csr_matrix:
    n = len(attempts.right)
    ones = sparse.csr_matrix(np.ones((n, 1)))
    return sparse.hstack([ones, _one_hot(attempts.item, attempts.items)]).tocsr()


def _pfa(attempts: Attempts) -> sparse.csr_matrix:
    right, wrong = earlier_answers(attempts.chains)
    return sparse.hstack([np.ones((len(attempts.right), 1)), *_by_concept(attempts, right, wrong)]).tocsr()


def _log_pfa_item(attempts: Attempts) -> sparse.csr_matrix:
    right, wrong = (np.log1p(count) for count in earlier_answers(attempts.chains))
    return sparse.hstack([_item(attempts), *_by_concept(attempts, right, wrong)]).tocsr()


def _one_hot(column: np.ndarray, width: int) -> sparse.csr_matrix:
    n = len(column)
    return sparse.csr_matrix((np.ones(n), (np.arange(n), column)), (n, width))


def _by_concept(attempts: Attempts, right: Float, wrong: Float) -> list[sparse.csr_matrix]:
    """Concept, its earlier right and its earlier wrong answers, (n, K) each."""
    chains = attempts.chains
    shape = (chains.rows, len(attempts.concepts))
    values = (chains.share, chains.share * right, chains.share * wrong)
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
