"""Golden model directories as voice packages."""

from __future__ import annotations

from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"
DIRECTORIES = sorted(path.parent for path in GOLDEN.glob("*/golden.npz"))


def convert(directory: Path, package: Path) -> None:
    """Write a directory as a package of FP32 graphs; needs the workshop."""
    from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice, open_model
    from tts_daemon.workshop.export import export_graphs
    from tts_daemon.workshop.package.writer import PackageGraphs, write_package

    with open_model(directory) as root:
        checkpoint = load_voice(find_files(root))
    graphs = export_graphs(checkpoint)
    write_package(checkpoint, PackageGraphs(graphs, dict.fromkeys(graphs, "fp32")), package)
