"""Whether networks with imported PyTorch weights compute what the PyTorch networks do (`factory weights import`).

    python -m venv torch-env && torch-env/bin/pip install torch torchvision timm pytorchcv safetensors
    python -m benchmarks.torch_outputs --torch-python torch-env/bin/python [SPEC ...] [--fixtures]

TensorFlow and PyTorch need not share an environment: the PyTorch side runs in a process of its own
(benchmarks/torch_reference.py). Every network has random weights, statistics of one batch, and all statistics, scales,
offsets and biases moved by about a fifth. Both sides see the same four images, ours as pixels, PyTorch's preprocessed
as the spec says. Equal are logits that differ by less than a thousandth of their spread between images, where that
spread is more than a hundredth of the largest logit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import factory
from factory.errors import FactoryError
from factory.spec import Spec
from factory.spec.sections import PREPROCESS, Preprocess

TOLERANCE = 1e-3
FIXTURE_FOLDER = Path(__file__).parents[1] / "tests" / "models" / "torch_weights"


@dataclass(frozen=True)
class Peer:
    """A PyTorch network: who has it, how it is made, and what makes the spec the same network.

    `size` is that of the images: small where the network allows, as outputs show no less then.
    """

    package: str
    constructor: str
    size: int = 64
    options: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    def spec(self, name: str) -> Spec:
        return factory.load(name, **{"input.resolution": self.size, **self.changes})


def torchvision(constructor: str, size: int = 64, changes: dict[str, Any] | None = None, **options: Any) -> Peer:
    return Peer("torchvision", constructor, size, options, changes or {})


def timm(constructor: str, size: int = 64, changes: dict[str, Any] | None = None, **options: Any) -> Peer:
    return Peer("timm", constructor, size, options, changes or {})


def pytorchcv(constructor: str, size: int = 224, changes: dict[str, Any] | None = None, **options: Any) -> Peer:
    return Peer("pytorchcv", constructor, size, options, changes or {})


PYTORCH = {"conventions.norm.epsilon": 1e-5, "conventions.padding": "symmetric"}
"""What makes keras.applications' variant of a network PyTorch's."""

MOBILENET_V1 = {**PYTORCH, **{f"stages.s{i}.first.padding": "symmetric" for i in range(2, 6)}}
XCEPTION = {"conventions.norm.epsilon": 1e-5, "blocks.down.body.0.body.2.padding": "symmetric"}
POOL = {"stages.pool1": {"padding": "symmetric", "ceil_mode": False}}
SCALE = {"conventions.norm.scale": True}

PEERS: dict[str, list[Peer]] = {
    "squeezenet1_1": [torchvision("squeezenet1_1", 67), pytorchcv("squeezenet_v1_1")],
    "squeezenet1_0": [torchvision("squeezenet1_0", 67), pytorchcv("squeezenet_v1_0")],
    "squeezenet1_0_simple_bypass": [pytorchcv("squeezeresnet_v1_0")],
    "vgg11": [torchvision("vgg11", 224)],
    "vgg11_bn": [torchvision("vgg11_bn", 224)],
    "vgg13": [torchvision("vgg13", 224)],
    "vgg13_bn": [torchvision("vgg13_bn", 224)],
    "vgg16_bn": [torchvision("vgg16_bn", 224)],
    "vgg19_bn": [torchvision("vgg19_bn", 224)],
    "alexnet_one_tower": [torchvision("alexnet", 224)],
    "googlenet": [torchvision("googlenet", init_weights=False)],
    "inception_v3_aux": [torchvision("inception_v3", 299, init_weights=False)],
    "inception_v4": [timm("inception_v4", 96), pytorchcv("inceptionv4", 299)],
    "inception_resnet_v2": [timm("inception_resnet_v2", 96, SCALE)],
    "inception_resnet_v1": [pytorchcv("inceptionresnetv1", 299)],
    "bn_inception": [pytorchcv("bninception")],
    "resnet18": [torchvision("resnet18"), timm("resnet18"), pytorchcv("resnet18")],
    "resnet34": [torchvision("resnet34")],
    "resnet50_v1_5": [torchvision("resnet50"), timm("resnet50"), pytorchcv("resnet50b")],
    "resnet101_v1_5": [torchvision("resnet101")],
    "resnet152_v1_5": [torchvision("resnet152")],
    "wide_resnet50_2": [torchvision("wide_resnet50_2")],
    "wide_resnet101_2": [torchvision("wide_resnet101_2")],
    "resnet18_v2": [pytorchcv("preresnet18")],
    "resnet20_cifar": [pytorchcv("resnet20_cifar10", 32)],
    "resnet56_cifar": [pytorchcv("resnet56_cifar10", 32)],
    "resnet110_cifar": [pytorchcv("resnet110_cifar10", 32)],
    "wide_resnet28_10_cifar": [pytorchcv("wrn28_10_cifar10", 32)],
    "resnext50_32x4d": [torchvision("resnext50_32x4d"), timm("resnext50_32x4d"), pytorchcv("resnext50_32x4d")],
    "resnext101_32x8d": [torchvision("resnext101_32x8d")],
    "resnext101_64x4d": [torchvision("resnext101_64x4d")],
    "resnext29_32x4d_cifar": [pytorchcv("resnext29_32x4d_cifar10", 32)],
    "se_resnet50": [timm("legacy_seresnet50", 128), pytorchcv("seresnet50", changes=POOL)],
    "se_resnext50_32x4d": [timm("legacy_seresnext50_32x4d", 128), timm("seresnext50_32x4d", changes=POOL)],
    "senet154": [timm("legacy_senet154", 128), pytorchcv("senet154", changes=POOL)],
    "se_preresnet50": [pytorchcv("sepreresnet50")],
    "res2net50_26w_4s": [timm("res2net50_26w_4s")],
    "res2net50_48w_2s": [timm("res2net50_48w_2s")],
    "res2net50_14w_8s": [timm("res2net50_14w_8s")],
    "res2net50_26w_6s": [timm("res2net50_26w_6s")],
    "res2net50_26w_8s": [timm("res2net50_26w_8s")],
    "res2net101_26w_4s": [timm("res2net101_26w_4s")],
    "res2next50": [timm("res2next50")],
    "densenet121": [torchvision("densenet121"), timm("densenet121")],
    "densenet161": [torchvision("densenet161")],
    "densenet40_k12_cifar": [pytorchcv("densenet40_k12_cifar10", 32)],
    "densenet40_k12_bc_cifar": [pytorchcv("densenet40_k12_bc_cifar10", 32)],
    "densenet100_k12_bc_cifar": [pytorchcv("densenet100_k12_bc_cifar10", 32)],
    "nin_cifar10": [pytorchcv("nin_cifar10", 32)],
    "zfnet": [pytorchcv("zfnet", 224)],
    "xception": [timm("legacy_xception", 128, XCEPTION)],
    "mobilenet_v1": [
        timm("mobilenetv1_100", changes=MOBILENET_V1),
        pytorchcv("mobilenet_w1", changes={**MOBILENET_V1, "conventions.activation": "relu"}),
    ],
    "mobilenet_v2": [torchvision("mobilenet_v2", changes=PYTORCH)],
    "mobilenet_v3_large": [torchvision("mobilenet_v3_large", changes={"conventions.padding": "symmetric"})],
    "mnasnet_a1": [timm("semnasnet_100"), pytorchcv("mnasnet_a1")],
    "mnasnet_b1": [timm("mnasnet_100")],
    "mnasnet_small": [timm("mnasnet_small")],
    "mnasnet_x0_5": [torchvision("mnasnet0_5")],
    "mnasnet_x0_75": [torchvision("mnasnet0_75")],
    "mnasnet_x1_3": [torchvision("mnasnet1_3")],
    "shufflenet_v1_g3": [pytorchcv("shufflenet_g3_w1")],
    "shufflenet_v1_g1": [pytorchcv("shufflenet_g1_w1")],
    "shufflenet_v1_g2": [pytorchcv("shufflenet_g2_w1")],
    "shufflenet_v1_g4": [pytorchcv("shufflenet_g4_w1")],
    "shufflenet_v1_g8": [pytorchcv("shufflenet_g8_w1")],
    "shufflenet_v2_x1_0": [
        torchvision("shufflenet_v2_x1_0"),
        pytorchcv("shufflenetv2_w1", changes={"stages.pool.padding": "valid", "stages.pool.ceil_mode": True}),
    ],
    "shufflenet_v2_x0_5": [torchvision("shufflenet_v2_x0_5")],
    "shufflenet_v2_x1_5": [torchvision("shufflenet_v2_x1_5")],
    "shufflenet_v2_x2_0": [torchvision("shufflenet_v2_x2_0")],
    "efficientnet_b0": [torchvision("efficientnet_b0", changes=PYTORCH), timm("efficientnet_b0", changes=PYTORCH)],
    "efficientnet_v2_s": [torchvision("efficientnet_v2_s", 128, changes={"conventions.padding": "symmetric"})],
    "convnext_tiny": [torchvision("convnext_tiny"), timm("convnext_tiny")],
    "deeplab_aspp": [
        torchvision("torchvision.models.segmentation:deeplabv3_resnet50", 65, weights_backbone=None, num_classes=21)
    ],
}

TINY = {"classes": 5, "input.resolution": 32}
FIXTURES = {
    "shufflenet_v2": (
        "shufflenet_v2_x1_0",
        Peer(
            "torchvision",
            "torchvision.models.shufflenetv2:ShuffleNetV2",
            options={
                "stages_repeats": [2, 2, 1],
                "stages_out_channels": [8, 16, 32, 64, 32],
                "num_classes": 5,
            },
            changes={
                **TINY,
                "stages.stem.filters": 8,
                "stages.stage2": {"filters": 16, "repeats": 2},
                "stages.stage3.repeats": 2,
                "stages.stage4.repeats": 1,
                "stages.top.filters": 32,
            },
        ),
    ),
    "res2net": (
        "res2net50_26w_4s",
        Peer(
            "timm",
            "res2net50_26w_4s",
            options={"layers": [1, 2, 1, 1], "channels": [6, 6, 6, 6], "num_classes": 5},
            changes={
                **TINY,
                **{f"stages.conv{i}": {"filters": 6, "repeats": n} for i, n in enumerate([1, 2, 1, 1], 2)},
            },
        ),
    ),
    "resnet_cifar": (
        "resnet20_cifar",
        Peer(
            "pytorchcv",
            "pytorchcv.models.resnet_cifar:CIFARResNet",
            options={
                "channels": [[4, 4], [8, 8], [16, 16]],
                "init_block_channels": 4,
                "bottleneck": False,
                "num_classes": 5,
            },
            changes={
                **TINY,
                "stages.conv1.filters": 4,
                **{f"stages.conv{i}": {"filters": n, "repeats": 2} for i, n in ((2, 4), (3, 8), (4, 16))},
            },
        ),
    ),
}
"""Small relatives of networks, for the tests: spec and peer."""


class TorchSide:
    """A process of another environment that builds PyTorch networks."""

    def __init__(self, python: str):
        script = Path(__file__).with_name("torch_reference.py")
        self._process = subprocess.Popen(
            [python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def versions(self) -> str:
        return self._answer({"versions": True})

    def run(self, peer: Peer, images: np.ndarray, weights: Path) -> np.ndarray:
        """The logits (n, [h, w,] classes) for preprocessed images (n, h, w, c); writes the weights."""
        files = {"images": weights.with_suffix(".images.npy"), "logits": weights.with_suffix(".logits.npy")}
        weights.parent.mkdir(parents=True, exist_ok=True)
        np.save(files["images"], images.astype("float32"))
        job = {"package": peer.package, "constructor": peer.constructor, "options": peer.options, "seed": 0}
        job |= {"weights": str(weights), **{name: str(path) for name, path in files.items()}}
        if (answer := self._answer(job)) != "done":
            raise FactoryError(f"the PyTorch side failed: {answer or 'see above'}")
        logits = np.load(files["logits"])
        for path in files.values():
            path.unlink()
        return logits

    def _answer(self, job: dict[str, Any]) -> str:
        stream, answers = self._process.stdin, self._process.stdout
        assert stream and answers
        print(json.dumps(job), file=stream, flush=True)
        return answers.readline().strip()


def preprocessed(images: np.ndarray, how: str | Preprocess) -> np.ndarray:
    """Pixels 0 to 255 as a spec's first stage sees them."""
    preprocess = how if isinstance(how, Preprocess) else PREPROCESS[how]
    if preprocess is None:
        return images
    if preprocess.flip:
        images = images[..., ::-1]
    mean, std = np.array(preprocess.mean or (0.0,)), np.array(preprocess.std or (1.0,))
    return (images * preprocess.scale + preprocess.offset - mean) / std


def patchwork(shape: tuple[int, ...], count: int = 4) -> np.ndarray:
    """Images (count, h, w, c) of 8x8 patches of random colours: of noise, deep layers see no more than the mean."""
    height, width, channels = shape
    patches = np.random.default_rng(0).uniform(0, 255, (count, 8, 8, channels)).astype("float32")
    return patches.repeat(-(-height // 8), axis=1).repeat(-(-width // 8), axis=2)[:, :height, :width]


def compare(name: str, peer: Peer, torch_side: TorchSide, folder: Path) -> tuple[bool, str]:
    """Imports a peer's weights and compares the logits: whether they are equal, and the end of a line of the table."""
    from factory.models.compare import compare_outputs, logits

    spec = peer.spec(name)
    model = factory.build(spec)
    images = patchwork(model.input_shape[1:])
    weights = folder / "weights.safetensors"
    theirs = torch_side.run(peer, preprocessed(images, spec.input.preprocess), weights)
    report = factory.import_weights(model, weights)
    found = compare_outputs(logits(model, images), [theirs], images, TOLERANCE)
    return found.ok, f"{report.values:>11,}  {found.difference:10.2g}  {found.spread:6.2g}  {_verdict(found.ok)}"


def _verdict(ok: bool) -> str:
    return "equal" if ok else "DIFFERENT"


def write_fixtures(torch_side: TorchSide) -> None:
    """Weights of small networks and their logits for `random_images`, with what makes the spec the same network."""
    from factory.models.compare import random_images

    cases = {}
    for case, (name, peer) in FIXTURES.items():
        spec = factory.load(name, **peer.changes)
        images = preprocessed(random_images(factory.build(spec)), spec.input.preprocess)
        found = torch_side.run(peer, images, FIXTURE_FOLDER / f"{case}.safetensors")
        cases[case] = {"spec": name, "changes": peer.changes, "logits": found.tolist()}
    (FIXTURE_FOLDER / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="all by default")
    parser.add_argument("--torch-python", default=sys.executable, help="a Python with PyTorch and the three libraries")
    parser.add_argument("--fixtures", action="store_true", help=f"write {FIXTURE_FOLDER.name}/ of the tests instead")
    chosen = parser.parse_args(arguments)
    torch_side = TorchSide(chosen.torch_python)
    if chosen.fixtures:
        write_fixtures(torch_side)
        return 0
    print(torch_side.versions())
    print(f"{'spec':27}  {'PyTorch network':38}  {'values':>11}  {'difference':>10}  {'spread':>6}")
    failed = 0
    for name in chosen.specs or PEERS:
        for peer in PEERS[name]:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    ok, line = compare(name, peer, torch_side, Path(folder))
                except FactoryError as error:
                    ok, line = False, f"REFUSED\n{error}"
            failed += not ok
            print(f"{name:27}  {peer.package + ' ' + peer.constructor.rpartition(':')[2]:38}  {line}", flush=True)
    return failed > 0


if __name__ == "__main__":
    from factory.models.quiet import quiet_tensorflow

    quiet_tensorflow()
    sys.exit(main())
