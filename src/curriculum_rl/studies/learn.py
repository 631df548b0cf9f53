"""A policy learned from a canonical log alone, and saved with what it stands on: what `curriculum-rl learn` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rich.progress import Progress

from curriculum_rl.agents.offline import Offline, Pass
from curriculum_rl.described import describe
from curriculum_rl.logs.split import PRINTS, fitting, prints
from curriculum_rl.logs.store import open_log
from curriculum_rl.named import load_named
from curriculum_rl.ope.decisions import decisions
from curriculum_rl.ope.logged import Logged, read_logged
from curriculum_rl.studies.compose import component
from curriculum_rl.studies.log_world import world_of
from curriculum_rl.violations import InvalidInput, Violations


@dataclass(frozen=True)
class Order:
    """What is to be learned.

    Attributes:
        log: folder of a canonical log.
        method: of `configs/offline`.
        tracker: of `configs/tracker`: what the policy sees of students.
        network: of `configs/network`: what it is made of.
        world: whose catalogue the log is of; None: the one that the log names.
        share: of the students, to fit on; the others are held out.
        seed: of the first weights and of the order of the rows.
        overrides: settings of the method, such as `alpha=2`.
    """

    log: Path
    method: str
    tracker: str = "bkt"
    network: str = "concept_scorer"
    world: str | None = None
    share: float = 0.7
    seed: int = 0
    overrides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check = Violations("learn")
        check.number("share", self.share, above=0.0, below=1.0)
        check.number("seed", self.seed, at_least=0, whole=True)
        check.raise_all()


def learn(order: Order, out: Path, progress: Progress) -> Mapping[str, Any]:
    """Learns, writes `out`/METHOD.json and its tensors, and returns the record that is kept with them.

    Raises:
        InvalidInput: for a name that is unknown, a setting out of range, a log that holds nothing to learn from, or
            a policy that is there.
    """
    method = cast(Offline, component("offline", order.method, "method of learning from logs", order.overrides))
    tracker, network = load_named("tracker", order.tracker, "tracker"), load_named("network", order.network, "network")
    path = out / order.method
    if path.with_suffix(".json").exists():
        raise InvalidInput(str(out), [f"holds a policy {order.method!r} already; remove it, or choose another folder"])
    log = open_log(order.log)
    out.mkdir(parents=True, exist_ok=True)
    world = world_of(log.manifest.about, order.world)
    reading = progress.add_task(f"reading {log.folder.name}", total=log.manifest.rows)

    def tables() -> Iterator[Logged]:
        for table in log.buckets():
            yield read_logged(table, world.platform)
            progress.advance(reading, len(table))

    everything, ids = decisions(tables(), world.platform, tracker, rewarded="reward" in log.manifest.filled)
    own = fitting(ids, order.share)
    learning = progress.add_task(order.method, total=None)

    def tell(done: Pass) -> None:
        told = f"{order.method}, {done.what}, pass {done.number}: loss {done.loss:.4f}, held out {done.held_out:.4f}"
        progress.update(learning, description=told)

    parts = everything.of(own), everything.of(~own)
    fitted = method.learn(world.platform, tracker, network, *parts, seed=order.seed, tell=tell)
    record = {
        "method": describe(method),
        "seed": order.seed,
        "world": {"name": world.name, "digest": world.digest},
        "log": {"source": log.manifest.about.source, "digests": log.manifest.digests},
        "share": order.share,
        "students": {"fitting": int(own.sum()), "held_out": int((~own).sum())},
        "decisions": {"fitting": len(parts[0]), "held_out": len(parts[1])},
        "measure": method.measure,
        "held_out_loss": fitted.held_out,
        "passes": [[one.what, one.number, one.loss, one.held_out] for one in fitted.passes],
        PRINTS: prints([student for student, is_own in zip(ids, own, strict=True) if is_own]),
    }
    fitted.policy.save(path, record)
    return record
