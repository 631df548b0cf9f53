"""Every refusal and every warning, each shown by a log that triggers it and one that does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curriculum_rl.config import build
from curriculum_rl.ope.behaviour.behaviour import probabilities, with_behaviour
from curriculum_rl.ope.behaviour.counts import Counts
from curriculum_rl.ope.diagnostics import diagnose
from curriculum_rl.ope.episodes import Episodes
from curriculum_rl.ope.estimators.direct import Direct
from curriculum_rl.ope.estimators.estimator import Estimator
from curriculum_rl.ope.estimators.importance_sampling import ImportanceSampling
from curriculum_rl.ope.estimators.per_decision import PerDecision
from curriculum_rl.ope.processes import DROPOUT, STOCHASTIC, Process
from curriculum_rl.ope.thresholds import Thresholds
from curriculum_rl.ope.values.fitted_q import FittedQ
from curriculum_rl.ope.values.tabular import Tabular
from curriculum_rl.ope.verdict import Circumstances, Verdict, deterministic, verdict
from curriculum_rl.resources import configs_folder
from curriculum_rl.violations import InvalidInput
from curriculum_rl.yaml_file import check_yaml

MODEL = Direct(FittedQ(Tabular(), folds=0))


def logs(process: Process = STOCHASTIC, students: int = 1_000, horizon: int = 3, seed: int = 0) -> Episodes:
    return process.simulate(np.random.default_rng(seed), students, horizon)


def judged(
    episodes: Episodes,
    circumstances: Circumstances | None = None,
    estimator: Estimator | None = None,
    thresholds: Thresholds | None = None,
    chances: np.ndarray | None = None,
) -> Verdict:
    estimate = (estimator or ImportanceSampling()).estimate(episodes)
    seen = diagnose(episodes, estimate, chances=chances)
    return verdict(episodes, estimate, seen, thresholds, circumstances)


def logged_by(behaviour: list[list[float]]) -> Process:
    return replace(STOCHASTIC, behaviour=np.array(behaviour))


def test_a_good_log_gets_an_answer_and_no_warning():
    assert judged(logs()) == Verdict("answer", ())


def test_what_was_never_logged_there_is_refused():
    episodes = logs(logged_by([[0.6, 0.4], [1.0, 0.0], [0.4, 0.6]]), students=2_000)
    assert episodes.state is not None
    share = np.where(episodes.state == 1, episodes.choice[:, 1], 0.0).mean()
    found = judged(episodes, Circumstances(activities=("practise", "rest")))
    assert found.word == "refused"
    assert found.warnings[0].startswith(
        f"Your logs never show rest in situations like these ({share:.0%} of the new strategy's choices). "
        "No reweighting can tell you what would have happened."
    )
    assert "a model-based guess, labelled as one" in found.warnings[0]
    assert f"the {1 - share:.0%} of choices that the log does show" in found.warnings[0]
    assert "a pilot of 786 students" in found.warnings[0]
    assert judged(episodes, thresholds=Thresholds(off_support=0.5)).word == "answer"


def test_it_is_refused_by_the_mean_ratio_where_situations_cannot_be_told_apart():
    episodes = replace(logs(logged_by([[0.6, 0.4], [1.0, 0.0], [0.4, 0.6]]), students=2_000), state=None)
    found = judged(episodes)
    assert found.word == "refused"
    assert found.warnings[0].startswith(
        "Your logs never show some of what it does in situations like these (by a mean ratio of "
    )


def test_a_model_may_guess_there_but_ranks_nothing():
    episodes = logs(logged_by([[0.6, 0.4], [1.0, 0.0], [0.4, 0.6]]), students=2_000)
    found = judged(episodes, estimator=MODEL)
    assert found.word == "withheld"
    assert "a model guesses, and nothing checks it" in found.warnings[0]
    assert found.warnings[1].startswith("Model-based: no student was reweighted")


def test_a_model_is_labelled_where_the_log_shows_all():
    found = judged(logs(), estimator=MODEL)
    assert (found.word, len(found.warnings)) == ("answer", 1)
    assert found.warnings[0].startswith("Model-based")


SAME = "The logged curriculum gave everyone the same next activity; there is nothing to compare."


@pytest.mark.parametrize("estimator", [ImportanceSampling(), MODEL])
def test_a_deterministic_log_is_refused(estimator: Estimator):
    found = judged(logs(logged_by([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])), estimator=estimator)
    assert found.word == "refused"
    assert SAME in found.warnings


def test_a_fixed_order_without_propensities_is_seen_to_be_one():
    """Everyone the same at each decision; or the same in each situation, which came up again and again."""
    episodes = logs()
    assert episodes.state is not None
    by_step = replace(episodes, action=episodes.step % 2, estimated=True)
    by_state = replace(episodes, action=episodes.state % 2, estimated=True)
    assert deterministic(by_step)
    assert deterministic(replace(by_step, state=None))
    assert deterministic(by_state)
    assert not deterministic(replace(by_state, state=None))
    assert not deterministic(replace(episodes, estimated=True))
    assert SAME in judged(by_step).warnings


def test_few_effective_students_withhold_the_rank():
    """One in fifty does by chance what the target always does."""
    process = replace(
        STOCHASTIC, behaviour=np.array([[0.02, 0.98]] * 3), target=np.array([[1.0, 0.0]] * 3), leave=np.zeros((3, 2))
    )
    episodes = logs(process, horizon=1)
    weights = episodes.weights[:, -1]
    effective = weights.sum() ** 2 / (weights**2).sum()
    assert effective < 30
    found = judged(episodes)
    assert found.word == "withheld"
    assert found.warnings[0].startswith(
        f"Based effectively on {effective:.0f} students of 1,000. Treat as no answer. A pilot of 786 students, half of "
    )
    assert judged(episodes, thresholds=Thresholds(effective=5.0, carrying=5.0)).word == "answer"


def test_one_student_with_much_of_the_weight_withholds_it_too():
    episodes = logs()
    behaviour = episodes.behaviour.copy()
    behaviour[episodes.student == 3] = 0.06
    heavy = replace(episodes, behaviour=behaviour)
    weights = heavy.weights[:, -1]
    assert weights[3] == weights.max()
    found = judged(heavy, thresholds=Thresholds(effective=0.0))
    assert found.word == "withheld"
    assert f"One student of 1,000 has {weights[3] / weights.sum():.0%} of the weight." in found.warnings[0]


@pytest.mark.parametrize("tiny", [1e-12, 1e-100, 1e-300])
def test_a_propensity_next_to_none_is_a_student_with_all_the_weight(tiny: float):
    """However small: numbers stay numbers, and nothing is to be made of them."""
    episodes = logs(students=100)
    behaviour = episodes.behaviour.copy()
    behaviour[7] = tiny
    found = judged(replace(episodes, behaviour=behaviour))
    assert found.word == "withheld"
    assert found.warnings[0].startswith(
        "Based effectively on 1 student of 100. One student of 100 has 100% of the weight. Treat as no answer."
    )


def test_few_classes_withhold_it():
    episodes = replace(logs(), cluster=np.arange(1_000) // 125)
    found = judged(episodes)
    assert found.word == "withheld"
    assert "classes of 8. Treat as no answer." in found.warnings[0]


def test_nobody_who_did_what_the_target_does_is_no_answer():
    process = replace(STOCHASTIC, behaviour=np.array([[0.0001, 0.9999]] * 3), target=np.array([[1.0, 0.0]] * 3))
    episodes = logs(process, students=50, horizon=1)
    assert judged(replace(episodes, action=np.ones_like(episodes.action))).word == "refused"
    found = judged(replace(episodes, state=None), thresholds=Thresholds(off_support=1.0))
    assert found.word == "refused"  # and the logged policy is all but deterministic


def test_long_horizons_are_warned_of_before_the_weights_fail():
    """Twenty decisions: the effective number is still over 30, and the interval is not to be believed."""
    warned = [judged(logs(DROPOUT, horizon=20, seed=s), estimator=PerDecision()) for s in range(5)]
    told = [text for found in warned for text in found.warnings if "spread of this estimate comes from" in text]
    assert told
    assert all("weights multiply up over 20 decisions. Its interval may well be too narrow." in t for t in told)
    assert judged(logs(horizon=3), estimator=PerDecision()).warnings == ()


def test_estimated_propensities_are_warned_of_with_a_bound():
    episodes = logs()
    chances = probabilities(Counts(), episodes)
    found = judged(with_behaviour(episodes, chances), chances=chances)
    assert found.word == "answer"
    assert found.warnings[0].startswith(
        "Assignment probabilities were estimated; unrecorded choices of teachers could reverse this: if they moved "
        "weights by up to a factor of 1.5, the value is between "
    )
    assert "is enough to make it the" in found.warnings[0]


def test_probabilities_that_nothing_was_drawn_by_are_warned_of():
    episodes = logs()
    wrong = judged(replace(episodes, behaviour=0.7 * episodes.behaviour))
    assert any("on average where it should be 1" in text and "logged" in text for text in wrong.warnings)


def test_a_strategy_judged_where_it_was_trained_is_refused():
    found = judged(logs(), Circumstances(trained_here=True))
    assert found == Verdict(
        "refused", ("This strategy was trained on this simulated student; its score here is not evidence.",)
    )


@pytest.mark.parametrize(("shared", "who"), [(1, "1 student is"), (2_300, "2,300 students are")])
def test_students_on_both_sides_are_refused(shared: int, who: str):
    found = judged(logs(), Circumstances(shared_students=shared))
    told = f"{who} in both the fitting and the judging part. Split by student, then by time."
    assert found == Verdict("refused", (told,))


def test_dropout_that_differs_is_warned_of_with_what_it_may_hide():
    process = replace(DROPOUT, leave=np.array([[0.3, 0.0]] * 3), target=np.array([[0.8, 0.2]] * 3))
    episodes = logs(process)
    found = judged(episodes)
    assert found.word == "answer"
    assert found.warnings[0].startswith(f"Dropout differs: {episodes.censored.mean():.0%} left in the log, ")
    assert "Had nobody left, its value would be" in found.warnings[0]
    assert "at worst" in found.warnings[0]
    same = replace(process, leave=np.full((3, 2), 0.15))
    assert judged(logs(same)).warnings == ()


def test_stopping_at_mastery_that_differs_is_warned_of():
    process = replace(DROPOUT, leave=np.array([[0.3, 0.0]] * 3), target=np.array([[0.8, 0.2]] * 3))
    episodes = logs(process)
    found = judged(replace(episodes, censored=np.zeros(1_000, np.bool_)))
    assert found.warnings[0].startswith("Courses that end early, at mastery or otherwise, differ:")


def test_the_worst_stands_first_and_gives_the_word():
    process = replace(DROPOUT, leave=np.array([[0.3, 0.0]] * 3), target=np.array([[0.8, 0.2]] * 3))
    found = judged(replace(logs(process), cluster=np.arange(1_000) // 125), Circumstances(trained_here=True))
    assert found.word == "refused"
    assert found.warnings[0].startswith("This strategy was trained")
    assert "classes of 8" in found.warnings[1]
    assert found.warnings[2].startswith("Dropout differs")


def test_the_yaml_holds_the_defaults():
    path = configs_folder() / "verdict" / "default.yaml"
    assert build(check_yaml(path), "test") == Thresholds()


def test_thresholds_have_ranges():
    assert Thresholds().pilot == 786  # 2 x 393: Cohen's d of .2 with power .8 at the 5% level
    with pytest.raises(InvalidInput) as caught:
        Thresholds(off_support=2.0, effective=-1.0, gamma=0.5, effect=0.0, power=0.4, smallest_group=1)
    assert len(caught.value.violations) == 6
