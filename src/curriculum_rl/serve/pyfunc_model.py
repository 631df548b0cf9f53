"""A bundle as a model of MLflow (pyfunc, models from code): this file is the model, the bundle its one artifact.

A row is a request of the service, flat, and is answered as the service answers `POST /v1/rank`: the same draw for the
same event id, the same sealed state, the same reasons. So a platform may move from one to the other in mid-course. What
it does not do is keep a journal: whoever calls it keeps what it answered, or nothing can be learned from it.

    in    event_id, learner, state, goals, last_activity, correct, elapsed_s, excluded; all but the first two may be
          missing; the three of the last event stand together
    out   event_id, activity, reason, propensity, state, policy, reasons, served_by
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from mlflow.types.schema import Array, ColSpec, DataType, Schema

from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.runner.runner import Runner
from curriculum_rl.serve.decisions import Decider
from curriculum_rl.serve.messages import RankRequest
from curriculum_rl.serve.refusals import Refused, parsed

BUNDLE: Final = "bundle"
"""The name of the artifact."""
OUT: Final = ("event_id", "activity", "reason", "propensity", "state", "policy", "reasons", "served_by")
_LIST: Final = Array(DataType.string)
INPUTS: Final = Schema(
    [
        ColSpec(DataType.string, "event_id"),
        ColSpec(DataType.string, "learner"),
        ColSpec(DataType.string, "state", required=False),
        ColSpec(_LIST, "goals", required=False),
        ColSpec(DataType.string, "last_activity", required=False),
        ColSpec(DataType.double, "correct", required=False),
        ColSpec(DataType.double, "elapsed_s", required=False),
        ColSpec(_LIST, "excluded", required=False),
    ]
)
OUTPUTS: Final = Schema(
    [
        *(
            ColSpec(
                DataType.double if name == "propensity" else _LIST if name == "reasons" else DataType.string,
                name,
                required=name not in ("activity", "reason", "propensity", "served_by"),
            )
            for name in OUT
        ),
    ]
)


class BundleModel(PythonModel):
    """Answers rows from a bundle."""

    def load_context(self, context: PythonModelContext) -> None:
        """Opens the bundle, its digests checked."""
        bundle = open_bundle(Path(context.artifacts[BUNDLE]))
        self.decider = Decider(Runner(bundle), float(bundle.manifest["exploration"]))

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """A row for each row.

        Raises:
            MlflowException: a row cannot be answered; its number and the fields at fault are named, no value is.
        """
        answers = [self._answer(number, row) for number, row in enumerate(model_input.to_dict("records"))]
        return pd.DataFrame(answers, columns=list(OUT))

    def _answer(self, number: int, row: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            asked = parsed(RankRequest, json.dumps(request(row)).encode())
            if asked.event_id is None:
                raise Refused(422, [("event_id", "is missing: it seeds the draw")])
            return self.decider.decide(asked, asked.event_id).reply
        except Refused as error:
            told = "; ".join(f"{field}: {message}" for field, message in error.violations)
            raise MlflowException.invalid_parameter_value(f"row {number}: {told}") from None


def request(row: Mapping[str, Any]) -> dict[str, Any]:
    """The service's request in a row; what is missing in a table (NaN, None) is left out."""
    given = {name: _plain(value) for name, value in row.items() if not _missing(value)}
    event = {"activity": given.pop("last_activity", None), "correct": given.pop("correct", None)}
    event |= {"elapsed_s": given.pop("elapsed_s", None)}
    told = {name: value for name, value in event.items() if value is not None}
    return given | ({"last_event": told} if told else {})


def _missing(value: Any) -> bool:
    return value is None or (not hasattr(value, "__len__") and bool(pd.isna(value)))


def _plain(value: Any) -> Any:
    """As JSON has it: text, a list of texts, or a number."""
    if isinstance(value, str):
        return value
    return [str(one) for one in value] if hasattr(value, "__len__") else float(value)


mlflow.models.set_model(BundleModel())
