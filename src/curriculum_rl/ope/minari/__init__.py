"""Canonical logs as Minari datasets, and back: an episode a student, a step a decision.

    observations[t]   features of the student before decision t, by a tracker; the last is after the last activity
    actions[t]        what was offered, by its place in the catalogue
    rewards[t], terminations[t], truncations[t]   as logged; an episode that the log does not end is truncated
    infos             the log's columns (`columns.py`): student_id, eligible, propensity, response and so on

A row without a reward is no decision (`decisions.py`): observations know of it, and it is no step. Datasets lie in a
folder that the user names, as HDF5, Minari's default; nothing is fetched. Minari: minari.farama.org, Younis et al.
(2024), doi:10.5281/zenodo.13767625.
"""
