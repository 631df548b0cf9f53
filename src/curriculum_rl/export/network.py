"""The networks of a learned policy as nodes of a graph: PyTorch's exporter writes them, and they are put in place."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from curriculum_rl.agents.networks.batch_constrained import BatchConstrained
from curriculum_rl.agents.networks.memory import Memory, States
from curriculum_rl.agents.networks.network import MASKED
from curriculum_rl.envs.simulation import View
from curriculum_rl.export.graph import OPSET, STUDENTS, Graph
from curriculum_rl.export.traced import Traced
from curriculum_rl.policies.policy import best

if TYPE_CHECKING:
    from curriculum_rl.agents.learned import LearnedPolicy


def probabilities(policy: LearnedPolicy, view: View, graph: Graph) -> Any:
    """P(each activity) of traced students, (n, A)."""
    features: Any = view.features()
    (said,) = placed(policy.actor, (features,), graph, "network")
    mask: Any = view.mask
    logits: Any = said[:, : mask.shape[1]]
    if isinstance(policy.network, BatchConstrained):
        mask = policy.network.narrowed(said, mask)  # type: ignore[arg-type]
    if not policy.sampled:
        best_of: Any = best(logits, mask)
        return best_of
    allowed: Any = np.where(mask, logits, np.float32(-MASKED))
    return allowed.made("Softmax", shape=allowed.shape, axis=1)


class RememberedEvent(nn.Module):
    """What a memory makes of one event: features, h and c in, h and c out."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.memory = memory

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> States:
        states: States = self.memory(x[None], (hidden, cell))[1]
        return states


class TracedMemory:
    """A memory that folds traced events."""

    def __init__(self, memory: Memory, graph: Graph) -> None:
        self.by_concept, self._memory, self._graph = memory.by_concept, memory, graph

    def fold(self, x: Traced, hidden: Traced, cell: Traced) -> tuple[Traced, ...]:
        """As of `Memory`."""
        return placed(RememberedEvent(self._memory), (x, hidden.copy(), cell.copy()), self._graph, "memory")


def placed(module: nn.Module, inputs: tuple[Traced, ...], graph: Graph, prefix: str) -> tuple[Traced, ...]:
    """What a module makes of inputs of n students, (n, ...) each. Its values are called after the prefix."""
    written, few = io.BytesIO(), tuple(torch.zeros(3, *one.shape[1:]) for one in inputs)
    with torch.inference_mode():
        found = module(*few)
    outputs = found if isinstance(found, tuple) else (found,)
    given, made = [f"in{i}" for i in range(len(inputs))], [f"out{i}" for i in range(len(outputs))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an exporter that needs nothing else installed, and works
        torch.onnx.export(
            module,
            few,
            written,  # type: ignore[arg-type]
            input_names=given,
            output_names=made,
            dynamic_axes={name: {0: "B"} for name in (*given, *made)},
            opset_version=OPSET,
            dynamo=False,
        )
    network = _with_shapes(onnx.load_from_string(written.getvalue()))
    names = {name: one.name for name, one in zip(given, inputs, strict=True)}
    weights = {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
    for tensor in network.initializer:
        array = numpy_helper.to_array(tensor)
        names[tensor.name] = _weight(graph, weights, array, prefix) or graph.constant(array)
    for node in network.node:
        for output in filter(None, node.output):
            names[output] = f"{prefix}/{output}"
        put = onnx.NodeProto()
        put.CopyFrom(node)
        del put.input[:], put.output[:]
        put.input.extend(names.get(name, name) for name in node.input)
        put.output.extend(names.get(name, name) for name in node.output)
        graph.nodes.append(put)
    for value in network.value_info:
        kind = value.type.tensor_type
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
        if all(d.HasField("dim_value") for d in kind.shape.dim):
            graph.told[names[value.name]] = (dtype, tuple(d.dim_value for d in kind.shape.dim))
    return tuple(
        Traced(graph, names[name], np.float32, (STUDENTS, *one.shape[1:]))
        for name, one in zip(made, outputs, strict=True)
    )


def _with_shapes(network: onnx.ModelProto) -> onnx.GraphProto:
    """With the shape of every value, as far as it follows from the number of students."""
    for value in (*network.graph.input, *network.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = STUDENTS
    return onnx.shape_inference.infer_shapes(network, data_prop=True).graph


def _weight(graph: Graph, weights: dict[str, Any], array: Any, prefix: str) -> str | None:
    """A weight of the network under its own name, with ".T" after it where it stands transposed; None if it is none."""
    for name, weight in weights.items():
        for known, ending in ((weight, ""), (weight.T, ".T")):
            label = f"{prefix}/{name}{ending}"
            if label not in graph.named and np.array_equal(array, known):
                return graph.weight(label, array)
    return None
