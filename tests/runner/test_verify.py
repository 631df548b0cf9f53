"""A graph that could do more than decide is refused before it is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from curriculum_rl.export.step import step_graph
from curriculum_rl.policies.load import load_policy
from curriculum_rl.runner.verify import _graph
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import load_world


@pytest.fixture(scope="module")
def content() -> bytes:
    return step_graph(load_policy("mastery"), load_world("fractions").platform).SerializeToString()


def elsewhere(name: str = "") -> TensorProto:
    """A tensor whose numbers are in another file."""
    tensor = numpy_helper.from_array(np.zeros(1, np.float32), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "other.bin"
    return tensor


def branch(model: onnx.ModelProto) -> None:
    """A choice between two graphs, which may hold anything."""
    value = numpy_helper.from_array(np.zeros(1, np.float32))
    node = helper.make_node("Constant", [], ["inside"], value=value)
    inside = helper.make_graph([node], "one", [], [helper.make_tensor_value_info("inside", TensorProto.FLOAT, [1])])
    condition = numpy_helper.from_array(np.array([True]))
    model.graph.node.append(helper.make_node("Constant", [], ["condition"], value=condition))
    model.graph.node.append(helper.make_node("If", ["condition"], ["y"], then_branch=inside, else_branch=inside))


def custom(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    model.graph.node.append(helper.make_node("Anything", ["state"], ["y"], domain="com.example"))


def in_a_constant(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["y"], value=elsewhere()))


def as_a_weight(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(elsewhere("y"))


def test_what_was_exported_is_let_through(content: bytes):
    _graph(content)


@pytest.mark.parametrize(
    ("put", "told"),
    [
        (branch, "has graphs or sparse tensors within it"),
        (custom, r"has operators of com\.example"),
        (in_a_constant, "has data outside the file"),
        (as_a_weight, "has data outside the file"),
    ],
)
def test_what_is_more_than_standard_operators_in_one_file_is_refused(
    content: bytes,
    put: Callable[[onnx.ModelProto], None],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    (tmp_path / "other.bin").write_bytes(bytes(4))
    monkeypatch.chdir(tmp_path)  # where onnx looks for it
    model = onnx.load_from_string(content)
    put(model)
    with pytest.raises(InvalidInput, match=rf"step\.onnx: {told}"):
        _graph(model.SerializeToString())


def test_what_is_no_graph_is_refused(content: bytes):
    for broken in (b"", b"x" * 100, content[: len(content) // 2]):
        with pytest.raises(InvalidInput, match=r"step\.onnx: "):
            _graph(broken)
