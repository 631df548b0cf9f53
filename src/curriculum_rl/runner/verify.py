"""Whether a bundle is whole, and does what it says: before anything of it is believed or run.

In this order: the digest of the whole file, the files it must have and their digests, the graph (standard operators,
nothing outside the file, inputs and outputs as they must be), and every test vector.
"""

from __future__ import annotations

from pathlib import Path

import onnx

from curriculum_rl.runner.bundle import GRAPH, Bundle, open_bundle, refused
from curriculum_rl.runner.replay import replay
from curriculum_rl.runner.runner import Runner
from curriculum_rl.violations import InvalidInput


def verify(path: Path) -> tuple[Bundle, int]:
    """A bundle that is whole, and how many decisions of its test vectors were compared.

    Raises:
        InvalidInput: it is not; the message says what is wrong.
    """
    bundle = open_bundle(path)
    try:
        _graph(bundle.graph)
        return bundle, replay(Runner(bundle))
    except InvalidInput as error:
        raise InvalidInput(str(path), error.violations) from None


def _graph(content: bytes) -> None:
    """Refuses what is not of standard operators alone, or reaches outside."""
    try:
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model)
    except Exception as error:  # what a hostile file makes of the parser is no promise of its authors
        raise refused(f"{GRAPH}: is no graph: {str(error)[:200]}") from None
    foreign = sorted({node.domain for node in model.graph.node} - {"", "ai.onnx"})
    if foreign or model.functions:
        raise refused(f"{GRAPH}: has operators of {', '.join(foreign) or 'its own'}: standard ones alone are allowed")
    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    if model.graph.sparse_initializer or any(one.HasField("g") or one.graphs for one in attributes):
        raise refused(f"{GRAPH}: has graphs or sparse tensors within it, which no export writes")
    tensors = [
        *model.graph.initializer,
        *(one.t for one in attributes),
        *(t for one in attributes for t in one.tensors),
    ]
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in tensors):
        raise refused(f"{GRAPH}: has data outside the file")
