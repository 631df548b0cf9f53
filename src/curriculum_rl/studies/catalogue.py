"""The worlds that can be named, and where each of their numbers comes from."""

from __future__ import annotations

import textwrap
from collections import Counter

from curriculum_rl.pack_parts import ORIGINS
from curriculum_rl.packs import Pack, read_pack
from curriculum_rl.resources import configs_folder, pack_names
from curriculum_rl.world import World, load_world


def catalogue() -> str:
    """Every pack and every configured world, with what is fitted, published or assumed in it."""
    lines = ["Packs (simulators/):"]
    for name in pack_names():
        pack = read_pack(name)
        lines += [f"  {name}", f"    {_size(pack)}", f"    {_origins(pack)}", _about(pack)]
    lines.append("Worlds made from them (configs/world/):")
    for file in sorted((configs_folder() / "world").glob("*.yaml")):
        world = load_world(file.stem)
        first = file.read_text(encoding="utf-8").splitlines()[0]
        lines += [f"  {file.stem}", f"    {_size(world)}", f"    {first.removeprefix('#').strip()}"]
    lines.append("A folder of your own works by its path. `curriculum-rl worlds NAME` shows every source.")
    return "\n".join(lines)


def provenance(name_or_folder: str) -> str:
    """One world, with the source of each parameter, the assumed ones last.

    Raises:
        InvalidInput: there is no such world, or its files are not right.
    """
    world = load_world(name_or_folder)
    lines = [f"{world.name}: {_size(world)}", _origins(world), f"SHA-256 of its files {world.digest}", ""]
    for origin in ORIGINS:
        lines += [f"{key}: {line}" for key, line in world.provenance.items() if line.startswith(origin)]
    return "\n".join(lines)


def _size(world: Pack | World) -> str:
    curriculum, groups = world.curriculum, world.population.groups
    return (
        f"{len(curriculum.concepts)} concepts, {len(curriculum.prerequisites)} prerequisites, "
        f"{len(curriculum.activities)} activities, {len(groups)} subgroups of students, "
        f"{type(world.population.knowledge).__name__} knowledge, {type(world.population.memory).__name__} memory"
    )


def _origins(world: Pack | World) -> str:
    """A parameter with parts of several origins counts by the first."""
    counts = Counter(origin for line in world.provenance.values() for origin in ORIGINS if line.startswith(origin))
    return "parameters: " + ", ".join(f"{counts[origin]} {origin}" for origin in ORIGINS)


def _about(pack: Pack) -> str:
    """The first paragraph of the card, under its title."""
    text = (pack.folder / "card.md").read_text(encoding="utf-8")
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if not part.lstrip().startswith("#")]
    about = next((p for p in paragraphs if p), "(its card says nothing)")
    return textwrap.fill(about, width=110, initial_indent="    ", subsequent_indent="    ")
