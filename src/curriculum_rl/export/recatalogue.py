"""A bundle for a changed catalogue, without training: the same policy, its graph and its test vectors made again.

A heuristic goes wherever its tracker does. A network goes where its weights mean the same in every catalogue, as those
of the concept scorer do, and where it knows every form of activity: it learned what each is good for by name, so a new
form would have to be taken for another one, and whoever edits the catalogue can say for which by giving it that name.
What makes activities of one form differ is told to the network against the mean of the form, which new activities move.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from curriculum_rl.config import build, nearest
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.export.bundle import Made, bundled
from curriculum_rl.export.card import WIDTH, parity_told, plain
from curriculum_rl.export.catalogue import frameworks_of, read, written
from curriculum_rl.export.changes import Change, changes
from curriculum_rl.export.parity import Parity
from curriculum_rl.export.recipe import policy_from
from curriculum_rl.export.step import layout
from curriculum_rl.json_file import check_json
from curriculum_rl.policies.policy import Policy
from curriculum_rl.policies.sequence import Sequence
from curriculum_rl.runner.bundle import CATALOGUE, MANIFEST, Bundle
from curriculum_rl.runner.verify import verify
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import Platform

NOTHING_MEASURED: Final = (
    "Every score on this card was measured on the catalogue that it was trained and judged with. On this one, nothing "
    "was measured."
)


@dataclass(frozen=True)
class Recatalogued:
    """A new bundle.

    Attributes:
        made: its bytes, and what the comparison with the package came to.
        changes: of the catalogue.
        states_fit: whether the state of a student in the old bundle is one in the new bundle too.
    """

    made: Made
    changes: tuple[Change, ...]
    states_fit: bool


def recatalogue(old: Path, edited: Path, observed: int = 100_000) -> Recatalogued:
    """The bundle of the same policy for an edited catalogue.

    Args:
        old: the bundle, which is verified first.
        edited: a file like its `catalogue.json`.
        observed: observations over which graph and package are compared.

    Raises:
        InvalidInput: either file is not right, nothing was changed, or the policy cannot be carried over.
    """
    bundle, _ = verify(old)
    try:
        before, gate = read(bundle.catalogue, CATALOGUE), _gate(bundle)
        policy = _policy(bundle, before)
    except InvalidInput as error:
        raise InvalidInput(str(old), error.violations) from None
    content = check_json(edited)
    after = read(content, str(edited))
    _check_forms(bundle.manifest, after, str(edited))
    frameworks = frameworks_of(content)
    found = changes(written(before, frameworks_of(bundle.catalogue)), written(after, frameworks))
    if not found:
        raise InvalidInput(str(edited), [f"is the catalogue of {old} as it stands: there is nothing to change"])
    carried = _policy(bundle, after)
    fit = _same_states(policy, before, carried, after)
    made = bundled(
        bundle.manifest["name"],
        carried,
        after,
        _told(bundle, fit),
        lambda parity: _card(bundle, found, parity),
        observed,
        gate,
        frameworks,
    )
    return Recatalogued(made, tuple(found), fit)


def _policy(bundle: Bundle, platform: Platform) -> Policy:
    """What a bundle's policy is made of, on a platform."""
    recipe, weights = bundle.manifest.get("policy"), bundle.manifest.get("weights")
    if not isinstance(recipe, Mapping) or not (weights is None or isinstance(weights, Mapping)):
        raise InvalidInput("bundle", [f"{MANIFEST}: does not say what the policy is made of. Export it again"])
    return policy_from(recipe, weights, platform)


def _gate(bundle: Bundle) -> Gate | None:
    described = bundle.manifest["gate"]
    made = None if described is None else build(described, "gate")
    if made is not None and not hasattr(made, "mask"):
        raise InvalidInput("gate", [f"{MANIFEST}: names no gate. Export the policy again"])
    return cast("Gate | None", made)


def _check_forms(manifest: Mapping[str, Any], platform: Platform, where: str) -> None:
    """Refuses activities of forms that the network never met."""
    known = manifest["policy"].get("forms")
    check = Violations(where)
    for i, activity in enumerate(platform.curriculum.activities if known is not None else ()):
        if activity.form not in known:
            reason = "is a form that the network never met"
            remedy = f"{nearest(activity.form, known)} Give it the one it is most like, or train with such activities."
            check.add(f"activities[{i}].form", activity.form, reason, remedy)
    check.raise_all()


def _same_states(old: Policy, before: Platform, new: Policy, after: Platform) -> bool:
    """Whether a state means the same on both platforms: the same concepts in the same order, the same numbers of each.

    It holds the last activity by its place. Where anything is made of that, activities must stand where they stood.
    """

    def told(policy: Policy, platform: Platform) -> Any:
        goals = np.ones((1, len(platform.curriculum.concepts)), dtype=np.bool_)
        fields = layout(policy.tracker.start(platform, goals))
        return [c.id for c in platform.curriculum.concepts], [(f.name, f.shape) for f in fields]

    reads_last = isinstance(new, Sequence) or "previous" in new.tracker.belief.concept_features
    if reads_last or after.follows is not None:
        ids = [[a.id for a in platform.curriculum.activities] for platform in (before, after)]
        if ids[1][: len(ids[0])] != ids[0]:
            return False
    return bool(told(old, before) == told(new, after))


def _told(bundle: Bundle, fit: bool) -> dict[str, Any]:
    """Where the new bundle comes from. No study judged it: what one measured of the old bundle stands beside that."""
    about = bundle.manifest
    kept = {name: about[name] for name in ("world", "world_digest")}
    origin = {"bundle": bundle.digest, "study": about.get("study"), "states_fit": fit}
    return {**kept, "study": None, "recatalogued": [*about.get("recatalogued", []), origin]}


_PARITY: Final = re.compile(r"(?<=## Parity\n\n).*?(?=\n\n|\Z)", re.DOTALL)


def _card(bundle: Bundle, found: list[Change], parity: Parity) -> str:
    """The old card, with what was changed after its title, and the new comparison at its end."""
    title, _, rest = bundle.card.partition("\n\n")
    told = f"Made from the bundle `{bundle.digest}` by changing its catalogue; nothing was trained again. "
    lines = [
        textwrap.fill(f"- {plain(change)}", WIDTH, subsequent_indent="  ", break_on_hyphens=False) for change in found
    ]
    note = ["## Another catalogue", textwrap.fill(told + NOTHING_MEASURED, WIDTH, break_long_words=False)]
    agreed = _PARITY.sub(lambda _: textwrap.fill(parity_told(parity), WIDTH), rest.rstrip("\n"))
    return "\n\n".join([title, *note, "\n".join(lines), agreed]) + "\n"
