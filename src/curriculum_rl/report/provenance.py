"""What was compared and on whom; and what it takes to make the same numbers again."""

from __future__ import annotations

from collections.abc import Mapping

from curriculum_rl.report.html import Markup, tag
from curriculum_rl.report.layout import missing, section
from curriculum_rl.report.schema import KINDS, Results
from curriculum_rl.report.summary import what_a_point_is


def setting(results: Results) -> Markup:
    """The world, the students, the policies."""
    counts = {kind: sum(policy.kind == kind for policy in results.policies) for kind in KINDS}
    facts: dict[str, object] = {
        "policies": ", ".join(f"{count} {kind}" for kind, count in counts.items() if count),
        "students": "not recorded" if results.students is None else f"{results.students:,}, none of them trained on",
        "training seeds": ", ".join(str(seed) for seed in results.seeds) or "not recorded",
        "trained for": results.objective or "not recorded",
        **_flat(results.world, "world"),
    }
    return section("setting", "What was compared, and on whom", what_a_point_is(results), _facts(facts))


def provenance(results: Results) -> Markup:
    """Everything that the study wrote down about itself."""
    if not results.provenance:
        return section("provenance", "Provenance", missing("how it was made"))
    return section("provenance", "Provenance", _facts(_flat(results.provenance, "")))


def _facts(facts: Mapping[str, object]) -> Markup:
    pairs = [
        tag("div", None, tag("dt", None, name.replace("_", " ")), tag("dd", None, str(value)))
        for name, value in facts.items()
    ]
    return tag("dl", {"class": "facts"}, *pairs)


def _flat(values: Mapping[str, object], prefix: str) -> dict[str, object]:
    """Nested objects as one list of names and values."""
    found: dict[str, object] = {}
    for name, value in values.items():
        place = f"{prefix} · {name}" if prefix else str(name)
        if isinstance(value, Mapping):
            found |= _flat({str(k): v for k, v in value.items()}, place)
        elif isinstance(value, (list, tuple)):
            found[place] = ", ".join(str(entry) for entry in value) or "none"
        else:
            found[place] = value
    return found
