"""The network of a learned policy as nodes of a graph: PyTorch's exporter writes them, and they are put in place."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import numpy_helper

from curriculum_rl.envs.simulation import View
from curriculum_rl.export.graph import OPSET, STUDENTS, Graph
from curriculum_rl.export.traced import Traced
from curriculum_rl.policies.policy import best

if TYPE_CHECKING:
    from curriculum_rl.agents.learned import LearnedPolicy

MASKED: Final = -1e30
"""A logit that leaves no chance, and is a number."""


def probabilities(policy: LearnedPolicy, view: View, graph: Graph) -> Any:
    """P(each activity) of traced students, (n, A)."""
    features: Any = view.features()
    logits = logits_of(policy, features, graph)
    if not policy.sampled:
        best_of: Any = best(logits, view.mask)  # type: ignore[arg-type]
        return best_of
    allowed: Any = np.where(view.mask, logits, np.float32(MASKED))
    return allowed.made("Softmax", shape=allowed.shape, axis=1)


def logits_of(policy: LearnedPolicy, features: Traced, graph: Graph) -> Traced:
    """What the actor says of features, (n, F): (n, A)."""
    import torch

    written, count = io.BytesIO(), features.shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an exporter that needs nothing else installed, and works
        torch.onnx.export(
            policy.actor,
            (torch.zeros(3, count),),
            written,  # type: ignore[arg-type]
            input_names=["features"],
            output_names=["logits"],
            dynamic_axes={"features": {0: "B"}, "logits": {0: "B"}},
            opset_version=OPSET,
            dynamo=False,
        )
    network = _with_shapes(onnx.load_from_string(written.getvalue()))
    names = {"features": features.name}
    weights = {name: tensor.detach().numpy() for name, tensor in policy.actor.state_dict().items()}
    for tensor in network.initializer:
        array = numpy_helper.to_array(tensor)
        names[tensor.name] = _weight(graph, weights, array) or graph.constant(array)
    for node in network.node:
        for output in node.output:
            names[output] = f"network/{output}"
        placed = onnx.NodeProto()
        placed.CopyFrom(node)
        del placed.input[:], placed.output[:]
        placed.input.extend(names.get(name, name) for name in node.input)
        placed.output.extend(names[name] for name in node.output)
        graph.nodes.append(placed)
    for value in network.value_info:
        kind = value.type.tensor_type
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
        if all(d.HasField("dim_value") for d in kind.shape.dim):
            graph.told[names[value.name]] = (dtype, tuple(d.dim_value for d in kind.shape.dim))
    activities = len(policy.activities)
    return Traced(graph, names["logits"], np.float32, (STUDENTS, activities))


def _with_shapes(network: onnx.ModelProto) -> onnx.GraphProto:
    """With the shape of every value, as far as it follows from the number of students."""
    for value in (*network.graph.input, *network.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = STUDENTS
    return onnx.shape_inference.infer_shapes(network, data_prop=True).graph


def _weight(graph: Graph, weights: dict[str, Any], array: Any) -> str | None:
    """A weight of the network under its own name, with ".T" after it where it stands transposed; None if it is none."""
    for name, weight in weights.items():
        for known, ending in ((weight, ""), (weight.T, ".T")):
            label = f"network/{name}{ending}"
            if label not in graph.named and np.array_equal(array, known):
                return graph.weight(label, array)
    return None
