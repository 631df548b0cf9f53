"""Deep knowledge tracing: the network is torch's, a try goes as far as its strength, and bad files are refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import save

from curriculum_rl.packs import digest, read_pack
from curriculum_rl.resources import simulators_folder
from curriculum_rl.students.knowledge.dkt import DKT, FILE, DKTState
from curriculum_rl.students.knowledge.knowledge import At, Tried
from curriculum_rl.students.knowledge.lstm import LSTM, NAMES, read_lstm, tally
from curriculum_rl.students.traits import Traits
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import WorldConfig
from tests.students.laws import small_world

K, H = 5, 4


def tensors(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = ((4 * H, 2 * K), (4 * H, H), (4 * H,), (4 * H,), (K, H))
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in zip(NAMES, shapes, strict=True)}


def network(folder: Path, held: dict[str, np.ndarray]) -> LSTM:
    (folder / FILE).write_bytes(save(held))
    return read_lstm(FILE, folder, K)


@pytest.fixture
def random(tmp_path: Path) -> LSTM:
    return network(tmp_path, tensors())


def students(of: DKT, n: int, ability: float = 0.0, rate: float = 0.0) -> DKTState:
    zero = np.zeros(n)
    return of.sample(Traits(zero.astype(np.int64), zero + ability, zero + rate, zero, zero), np.zeros((n, K)))


def on(concepts: np.ndarray) -> At:
    """These concepts, (L, n)."""
    return At(concepts, concepts + np.arange(concepts.shape[1]) * K)


def one_try(of: DKT, state: DKTState, concept: int, right: bool, strength: float = 1.0, answered: bool = True) -> None:
    """Everybody tries one concept."""
    n = len(state.rate)
    at, none = on(np.full((1, n), concept)), np.zeros((1, n))
    tried = Tried(np.zeros(n, np.int64), np.full(n, right and answered), np.full(n, answered))
    of.learn_from(state, at, np.full((1, n), strength), none, none, tried)


def test_a_course_of_tries_is_what_torch_makes_of_it(tmp_path: Path):
    """Thirty tries of each of three students, through torch.nn.LSTM with the same tensors."""
    held, rng = tensors(3), np.random.default_rng(4)
    model = DKT((0.0,) * K, network(tmp_path, held))
    concepts, right = rng.integers(K, size=(30, 3)), rng.random((30, 3)) < 0.6
    state, moved = students(model, 3), []
    none, yes = np.zeros((1, 3)), np.ones(3, dtype=np.bool_)
    for t in range(30):
        tried = Tried(np.zeros(3, np.int64), right[t], yes)
        model.learn_from(state, on(concepts[[t]]), np.ones((1, 3)), none, none, tried)
        moved.append(state.moved.copy())
    lstm = torch.nn.LSTM(2 * K, H)
    lstm.load_state_dict({name.removeprefix("lstm."): torch.from_numpy(held[name]) for name in NAMES[:4]})
    told = torch.nn.functional.one_hot(torch.from_numpy(concepts + K * right), 2 * K).float()
    with torch.no_grad():
        expected = (lstm(told)[0] @ torch.from_numpy(held["out.weight"]).T).numpy()
    np.testing.assert_allclose(moved, expected, rtol=0, atol=1e-6)


def test_a_file_holds_the_network(tmp_path: Path, random: LSTM):
    (tmp_path / "again.safetensors").write_bytes(random.to_bytes())
    again = read_lstm("again.safetensors", tmp_path, K)
    for name in ("inputs", "hidden", "bias", "out"):
        np.testing.assert_allclose(getattr(again, name), getattr(random, name), rtol=1e-6)


def test_networks_are_the_same_where_their_numbers_are(tmp_path: Path, random: LSTM):
    same, held = network(tmp_path, tensors()), tensors()
    held["lstm.bias_hh_l0"][0] += 0.25
    other = network(tmp_path, held)
    assert (same, hash(same)) == (random, hash(random))
    assert same != other


def test_no_student_depends_on_the_others(random: LSTM):
    """To the last bit, whoever else is in the batch."""
    model, n = DKT((0.0,) * K, random), 37
    rng = np.random.default_rng(1)
    whole = students(model, n)
    alone = [students(model, 1) for _ in range(n)]
    for _ in range(5):
        concepts, right, strength = rng.integers(K, size=(2, n)), rng.random(n) < 0.5, rng.random((2, n))
        for state, who in ((whole, np.arange(n)), *((s, np.array([i])) for i, s in enumerate(alone))):
            tried = Tried(np.zeros(len(who), np.int64), right[who], who % 3 > 0)
            none = np.zeros((2, len(who)))
            model.learn_from(state, on(concepts[:, who]), strength[:, who], none, none, tried)
    for i, state in enumerate(alone):
        for name in ("hidden", "cell", "moved"):
            np.testing.assert_array_equal(getattr(state, name)[0], getattr(whole, name)[i])


@pytest.mark.parametrize(("strength", "rate", "far"), [(0.5, 0.0, 0.5), (0.2, np.log(2.0), 0.4), (3.0, 0.0, 1.0)])
def test_a_try_goes_as_far_as_its_strength(random: LSTM, strength: float, rate: float, far: float):
    model = DKT((0.0,) * K, random)
    part, whole = students(model, 1, rate=rate), students(model, 1)
    for state in (part, whole):
        one_try(model, state, 1, False, strength=1.0 / np.exp(state.rate[0]))
    before = part.hidden.copy(), part.cell.copy()
    one_try(model, part, 2, True, strength=strength)
    one_try(model, whole, 2, True)
    for name, old in zip(("hidden", "cell"), before, strict=True):
        expected = old + far * (getattr(whole, name) - old)
        np.testing.assert_allclose(getattr(part, name), expected, rtol=0, atol=1e-12)


def test_who_is_asked_nothing_is_told_what_was_expected(random: LSTM):
    """The gates get P(right) of what a right answer gives them, and the rest of what a wrong one does."""
    model = DKT((0.3,) * K, random)
    state = students(model, 1, ability=0.4)
    one_try(model, state, 3, True)
    at = on(np.array([[3]]))
    chance = float(model.recall(state, at, np.ones((1, 1)))[0, 0])
    lit = chance * random.inputs[3 + K] + (1.0 - chance) * random.inputs[3]
    expected, _ = random.step(state.hidden, state.cell, lit[None])
    one_try(model, state, 3, False, answered=False)
    np.testing.assert_allclose(state.hidden, expected, rtol=0, atol=1e-12)


def test_gains_are_forgotten_and_losses_are_not(random: LSTM):
    model = DKT((0.0,) * K, random)
    state = students(model, 1)
    state.moved[:] = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    every = At.every(1, K)
    half = model.recall(state, every, np.full((K, 1), 0.5))[:, 0]
    np.testing.assert_allclose(half, 1.0 / (1.0 + np.exp(-np.array([-1.0, -0.5, 0.0, 0.25, 0.5]))), atol=1e-12)


def test_without_a_file_answers_are_counted():
    """c = tanh(.1) (right - wrong), logits moved = 2 tanh(c): an error of 5% in either number would show."""
    model, right, wrong = DKT((0.2,)), 0, 0
    state = model.sample(Traits(np.zeros(1, np.int64), *np.zeros((4, 1))), np.zeros((1, 1)))
    at, one = At(np.zeros((1, 1), int), np.zeros((1, 1), int)), np.ones((1, 1))
    for answer in (True, True, False, True, True, True, False, False):
        yes = np.array([answer])
        model.learn_from(state, at, one, one, one, Tried(np.zeros(1, np.int64), yes, np.array([True])))
        right, wrong = right + answer, wrong + (not answer)
        expected = 2.0 * np.tanh(np.tanh(0.1) * (right - wrong))
        np.testing.assert_allclose(state.moved[0, 0], expected, rtol=0, atol=1e-9)


def test_a_right_answer_may_lower_what_is_predicted(tmp_path: Path):
    """Nothing in the model forbids it: that is what makes it a stress world."""
    held = tensors()
    upside_down = {**held, "out.weight": -held["out.weight"]}
    falls = []
    for which in (held, upside_down):
        model = DKT((0.0,) * K, network(tmp_path, which))
        state = students(model, 1)
        one_try(model, state, 0, True)
        falls.append(state.moved[0, 0])
    assert falls[0] == -falls[1] != 0.0


def test_expected_gain_is_the_mean_over_both_answers(random: LSTM):
    model = DKT(tuple(np.linspace(-0.5, 0.5, K)), random)
    state = students(model, 2, ability=0.3)
    one_try(model, state, 1, True)
    every = At.every(2, K)
    ones = np.ones((K, 2))
    now, gain = model.recall(state, every, ones), model.expected_gain(state, every)
    for k in range(K):
        then = []
        for answer in (True, False):
            other = DKTState(*(getattr(state, name).copy() for name in DKTState.__dataclass_fields__))
            one_try(model, other, k, answer)
            then.append(model.recall(other, every, ones)[k])
        mean = now[k] * then[0] + (1.0 - now[k]) * then[1]
        np.testing.assert_allclose(gain[k], np.maximum(0.0, (mean - now[k]) / (1.0 - now[k])), rtol=0, atol=1e-12)


def test_a_part_of_the_concepts_moves_as_in_the_whole(random: LSTM):
    kept = np.array([4, 1])
    whole = DKT(tuple(np.arange(K) / 10.0), random)
    part = whole.subset(kept)
    assert part.intercept == (0.4, 0.1)
    one, other = students(whole, 1), part.sample(Traits(np.zeros(1, np.int64), *np.zeros((4, 1))), np.zeros((1, 2)))
    at, ones = At(np.array([[1]]), np.array([[1]])), np.ones((1, 1))
    for right in (True, False, True):
        one_try(whole, one, 1, right)
        tried = Tried(np.zeros(1, np.int64), np.array([right]), np.array([True]))
        part.learn_from(other, at, ones, ones, ones, tried)
    np.testing.assert_allclose(other.moved[0], one.moved[0, kept], rtol=0, atol=1e-12)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of five concepts whose students are a network."""
    folder = tmp_path / "outer" / "mine"
    shutil.copytree(simulators_folder() / "fractions", folder)
    rows = (folder / "concepts.csv").read_text().splitlines()
    concepts = len(rows) - 1
    plain = ["id,name,tries,intercept", *(",".join([*row.split(",")[:3], "0.5"]) for row in rows[1:])]
    (folder / "concepts.csv").write_text("\n".join(plain) + "\n")
    settings = yaml.safe_load((folder / "population.yaml").read_text())
    settings["knowledge"] = {"_target_": f"{DKT.__module__}.DKT", "weights": FILE}
    lines = {k: v for k, v in settings["provenance"].items() if not k.startswith("knowledge.")}
    settings["provenance"] = lines | {f"knowledge.{k}": "assumed: a test" for k in ("intercept", "weights")}
    (folder / "population.yaml").write_text(yaml.safe_dump(settings))
    (folder / FILE).write_bytes(tally(concepts).to_bytes())
    return folder


def spoil(change: Callable[[dict[str, np.ndarray]], Any]) -> Callable[[Path], None]:
    """What a change of the tensors makes of the pack."""

    def spoiled(folder: Path) -> None:
        network = read_pack(folder).population.knowledge.network  # type: ignore[attr-defined]
        matrices = (network.inputs.T, network.hidden.T, network.bias, network.bias, network.out.T)
        held = {name: matrix.copy() for name, matrix in zip(NAMES, matrices, strict=True)}
        change(held)
        (folder / FILE).write_bytes(save(held))

    return spoiled


def name_it(name: object) -> Callable[[Path], None]:
    """Another name in population.yaml, for a sound file beside the pack or below it."""

    def named(folder: Path) -> None:
        (folder / "deep").mkdir()
        for place in (folder.parent, folder / "deep"):
            shutil.copy(folder / FILE, place / FILE)
        settings = yaml.safe_load((folder / "population.yaml").read_text())
        settings["knowledge"]["weights"] = str(folder.parent / FILE) if name == "absolute" else name
        (folder / "population.yaml").write_text(yaml.safe_dump(settings))

    return named


def link(folder: Path) -> None:
    shutil.move(folder / FILE, folder.parent / FILE)
    (folder / FILE).symlink_to(folder.parent / FILE)


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (lambda folder: (folder / FILE).unlink(), "cannot be read"),
    "empty": (lambda folder: (folder / FILE).write_bytes(b""), "is no safetensors file"),
    "cut": (lambda folder: (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-9]), "is no safetensors file"),
    "above": (name_it(f"../{FILE}"), "own folder"),
    "below": (name_it(f"deep/{FILE}"), "own folder"),
    "absolute": (name_it("absolute"), "own folder"),
    "linked": (link, "own folder"),
    "kind": (name_it("card.md"), "own folder"),
    "tensor": (spoil(lambda held: held.pop("out.weight")), "must hold the tensors"),
    "extra": (spoil(lambda held: held.update(more=np.zeros(1))), "must hold the tensors"),
    "concepts": (spoil(lambda held: held.update({"out.weight": held["out.weight"][:-1].copy()})), "has the shape"),
    "units": (spoil(lambda held: held.update({NAMES[1]: held[NAMES[1]][:, :-1].copy()})), "has the shape"),
    "none": (spoil(lambda held: held.update({"out.weight": held["out.weight"][:, :0].copy()})), "has the shape"),
    "nan": (spoil(lambda held: held[NAMES[2]].__setitem__(0, np.nan)), "must hold finite numbers"),
    "inf": (spoil(lambda held: held[NAMES[0]].__setitem__((0, 0), np.inf)), "must hold finite numbers"),
    "whole": (spoil(lambda held: held.update({NAMES[2]: held[NAMES[2]].astype(np.int32)})), "must hold finite numbers"),
}


@pytest.mark.parametrize("how", BAD)
def test_a_bad_file_is_refused_in_one_line(pack: Path, how: str):
    spoiled, words = BAD[how]
    spoiled(pack)
    with pytest.raises(InvalidInput) as caught:
        read_pack(pack)
    (line,) = caught.value.violations
    assert line.startswith("population.yaml: knowledge.weights = ")
    assert words in line


def test_the_digest_sees_the_network(pack: Path):
    before = read_pack(pack).digest
    held = bytearray((pack / FILE).read_bytes())
    held[-1] ^= 1
    (pack / FILE).write_bytes(bytes(held))
    assert digest(pack) != before


def test_a_pack_can_be_cut_and_moved(pack: Path):
    world = WorldConfig(pack=str(pack), concepts=2, initial_shift=-1.0).load()
    knowledge: Any = world.population.knowledge
    assert knowledge.network.concepts == 2
    assert knowledge.intercept == (-0.5, -0.5)


def test_a_name_alone_is_no_network():
    with pytest.raises(InvalidInput, match="read with its pack alone"):
        small_world(DKT((0.0,), FILE))


def test_a_network_of_other_concepts_is_refused():
    with pytest.raises(InvalidInput, match="must be 3, one for each intercept"):
        DKT((0.0,) * 3, tally(4))
