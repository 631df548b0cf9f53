"""A sealed state opens to what was sealed, for the same policy and learner alone."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from curriculum_rl.serve.refusals import Refused
from curriculum_rl.serve.sealed import Seal, _check

SEAL = Seal("sha256:" + "ab" * 32, 12)
STATE = np.linspace(-1.0, 1.0, 12, dtype=np.float32)


def refused(text: str, seal: Seal = SEAL, learner: str = "p7") -> int:
    with pytest.raises(Refused) as told:
        seal.open(text, learner)
    assert [field for field, _ in told.value.violations] == ["state"]
    return told.value.status


@pytest.mark.parametrize("event", ["", "e1", "x" * 64])
def test_there_and_back(event: str):
    found = SEAL.open(SEAL.close(STATE, "p7", event), "p7")
    assert np.array_equal(found.state, STATE[None])
    assert found.event == event


def test_every_flipped_bit_and_every_cut_is_refused():
    whole = base64.b64decode(SEAL.close(STATE, "p7", "e1"))
    for at in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        assert refused(base64.b64encode(flipped).decode()) == 422
    for length in range(len(whole)):
        assert refused(base64.b64encode(whole[:length]).decode()) == 422


def test_another_policys_and_another_learners_are_refused():
    text = SEAL.close(STATE, "p7", "e1")
    assert refused(text, Seal("sha256:" + "ac" * 32, 12)) == 409
    assert refused(text, learner="p8") == 409
    assert refused(text, Seal(SEAL.digest, 11)) == 422


def test_what_is_no_state_is_refused():
    for text in ("", "!", "S1", "AAAA", "ä", SEAL.close(np.full(12, np.nan, np.float32), "p7")):
        assert refused(text) == 422


def test_what_is_forged_with_a_right_check_is_refused_or_opens():
    whole = base64.b64decode(SEAL.close(STATE, "p7", "e1"))[:-8]
    names = len(whole) - 4 * 12 - 3
    cuts = [whole[:length] for length in range(names, len(whole))]
    lengths = [whole[:names] + bytes([size]) + whole[names + 1 :] for size in (0, 1, 3, 49, 50, 51, 255)]
    for content in [*cuts, *lengths, whole[: names + 1] + b"\xff\xfe" + whole[names + 3 :], whole + b"x"]:
        assert refused(base64.b64encode(content + _check(content)).decode()) == 422


def test_a_recatalogued_policy_opens_states_of_the_one_before():
    other = "sha256:" + "cd" * 32
    assert refused(SEAL.close(STATE, "p7"), Seal(other, 12)) == 409
    found = Seal(other, 12, (SEAL.digest,)).open(SEAL.close(STATE, "p7", "e1"), "p7")
    assert np.array_equal(found.state, STATE[None])
    assert refused(Seal("sha256:" + "ef" * 32, 12).close(STATE, "p7"), Seal(other, 12, (SEAL.digest,))) == 409
