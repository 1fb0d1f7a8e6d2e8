"""Package metadata: `pip install .` gives the `factory` command and the Python packages factory and tuner."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildWithZoo(build_py):
    """Ships `specs/` as `factory/zoo/`; an editable install reads it where it is."""

    def run(self):
        super().run()
        if not self.editable_mode:
            shutil.copytree(ROOT / "specs", Path(self.build_lib, "factory", "zoo"), dirs_exist_ok=True)


setup(
    name="keras-model-factory",
    version="0.1.0",
    description="A model factory for Keras and TensorFlow: networks as short YAML specs.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["factory", "factory.*", "tuner", "tuner.*"]),
    package_dir={"": "."},  # lets an editable install be one line in a .pth file
    package_data={
        "factory.spec": ["schema.json"],
        "factory.train.recipe": ["schema.json"],
        "tuner.sweep": ["schema.json"],
    },
    cmdclass={"build_py": BuildWithZoo},
    install_requires=[
        "filelock>=3.12",
        "keras>=3.8",
        "keras-tuner>=1.4.7",
        "pillow>=10",
        "platformdirs>=4",
        "psutil>=5.9",
        "pydantic>=2.7",
        "pyyaml>=6",
        "rich>=13",
        "scikit-learn>=1.4",
        "scipy>=1.15",
        "tensorboard",
        "tensorflow>=2.18",
        "typer>=0.12",
    ],
    extras_require={
        "cluster": ["ray>=2.52"],
        "datasets": ["tensorflow-datasets"],
        "gp": ["greenlet", "optuna>=5", "torch"],
        "gpu": ["tensorflow[and-cuda]"],
        "optuna": ["cmaes", "optuna>=5"],
        "plots": ["matplotlib"],
        "torch-weights": ["safetensors"],
        "test": [
            "cmaes",
            "hypothesis",
            "jsonschema",
            "matplotlib",
            "mypy",
            "networkx",
            "optuna>=5",
            "pytest",
            "pytest-xdist",
            "ray>=2.52",
            "ruff",
            "safetensors",
            "setuptools>=69",
            "tensorflow-datasets",
            "types-PyYAML",
            "wheel",
        ],
    },
    entry_points={"console_scripts": ["factory = factory.cli.main:main"]},
)
