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
    return names_in(zoo_directory())


def names_in(folder: Path) -> list[str]:
    """Names of the YAML files of a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def find_spec(name: str, beside: Path | None = None) -> Path:
    """The file of a spec given by path or zoo name; beside another spec, one of its folder comes first.

    Raises FactoryError for neither.
    """
    return find_file(name, beside, zoo_directory(), "a spec of the zoo", "factory list")


def find_file(name: str, beside: Path | None, folder: Path, what: str, listing: str) -> Path:
    """The YAML file at a path, or of a name: in the folder `beside`, or in the folder of what comes with the package.

    what: in the words of a message, what the names stand for; listing: the command that lists them. Raises FactoryError
    where there is none.
    """
    path = (beside or Path()) / name
    if name.endswith((".yaml", ".yml")) or path.is_file():
        if not path.is_file():
            there = path.parent if path.parent.is_dir() else None
            near = [str(path.with_name(other.name)) for other in there.glob("*.y*ml")] if there else []
            hint = did_you_mean(str(path), near, many=0)
            raise FactoryError(f"{path}: no such file" + (f"; {hint}" if "mean" in hint else ""))
        return path
    if beside and Path(name).name == name and (beside / f"{name}.yaml").is_file():
        return beside / f"{name}.yaml"
    packaged = folder / f"{name}.yaml"
    if not packaged.is_file() or Path(name).name != name:
        hint = did_you_mean(name, names_in(folder), many=0)
        raise FactoryError(f"'{name}' is neither a file nor {what}; " + (hint if "mean" in hint else f"see: {listing}"))
    return packaged
