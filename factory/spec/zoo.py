"""Where specs are found: by path, or by name in the zoo that comes with the package."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError, did_you_mean

_PACKAGED = Path(__file__).resolve().parent.parent / "zoo"
_CHECKOUT = Path(__file__).resolve().parents[2] / "specs"


def zoo_directory() -> Path:
    """The folder of the zoo: inside an installed package, or `specs/` of a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def zoo_names() -> list[str]:
    """Names of all specs of the zoo, sorted."""
    return sorted(path.stem for path in zoo_directory().glob("*.yaml"))


def find_spec(name: str, beside: Path | None = None) -> Path:
    """The file of a spec given by path or zoo name; beside another spec, one of its folder comes first.

    Raises FactoryError for neither.
    """
    path = (beside or Path()) / name
    if name.endswith((".yaml", ".yml")) or path.is_file():
        if not path.is_file():
            folder = path.parent if path.parent.is_dir() else None
            near = [str(path.with_name(other.name)) for other in folder.glob("*.y*ml")] if folder else []
            hint = did_you_mean(str(path), near, many=0)
            raise FactoryError(f"{path}: no such file" + (f"; {hint}" if "mean" in hint else ""))
        return path
    if beside and Path(name).name == name and (beside / f"{name}.yaml").is_file():
        return beside / f"{name}.yaml"
    packaged = zoo_directory() / f"{name}.yaml"
    if not packaged.is_file() or Path(name).name != name:
        hint = did_you_mean(name, zoo_names(), many=0)
        raise FactoryError(
            f"'{name}' is neither a file nor a spec of the zoo; " + (hint if "mean" in hint else "see: factory list")
        )
    return packaged
