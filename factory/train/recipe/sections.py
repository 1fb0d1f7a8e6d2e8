"""The sections of a recipe: closed, typed, every field with its meaning, unit and default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from factory.blocks.values import Invalid, Positive, Section, Share
from factory.train.recipe.augmentations import Augmentation, parse_augmentations

Whole = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
NotNegative = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
Group = Literal["norm", "bias"]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Groups = Annotated[tuple[Group, ...], BeforeValidator(_as_tuple)]


class Optimizer(Section):
    """An optimiser of Keras. A hyper-parameter left out has Keras' default; one it does not have is an error."""

    name: str = Field("sgd", description="sgd, adam, adamw, lion, ...: a name of keras.optimizers in small letters")
    weight_decay: NotNegative = Field(0.0, description="decoupled decay of weights, a step, times the learning rate")
    exclude: Groups = Field((), description="what weight decay leaves alone: norm, bias")
    clip_norm: Positive | None = Field(None, description="the norm of all gradients together is at most this")
    clip_value: Positive | None = Field(None, description="every element of a gradient is at most this")
    accumulate: Whole = Field(1, description="batches whose gradients are averaged into one update")
    momentum: Probability | None = Field(None, description="sgd and rmsprop; 0.9 for sgd unless given")
    nesterov: bool | None = Field(None, description="sgd")
    beta_1: Share | None = Field(None, description="decay of the mean of gradients")
    beta_2: Share | None = Field(None, description="decay of the mean of squared gradients")
    epsilon: Positive | None = Field(None, description="added to the denominator")
    rho: Share | None = Field(None, description="rmsprop and adadelta")
    centered: bool | None = Field(None, description="rmsprop")
    amsgrad: bool | None = Field(None, description="adam and adamw")
    initial_accumulator_value: NotNegative | None = Field(None, description="adagrad and ftrl")


class Schedule(Section):
    """The learning rate over training, in epochs, which may be fractions of one."""

    name: Literal[
        "constant", "step", "linear", "polynomial", "cosine", "warm_restarts", "one_cycle",
        "triangular", "triangular2", "exp_range",
    ] = Field("cosine", description="its shape")  # fmt: skip
    peak: Positive = Field(0.1, description="the highest learning rate; `learning_rate:` of a recipe is this")
    end: NotNegative = Field(0.0, description="linear, polynomial, cosine, warm_restarts, one_cycle: what they fall to")
    warmup_epochs: NotNegative = Field(0.0, description="epochs of linear increase before it")
    warmup_start: NotNegative = Field(0.0, description="learning rate of the first step of the warm-up")
    at: Annotated[tuple[NotNegative, ...], BeforeValidator(_as_tuple)] = Field(
        (), description="step: the epochs at which the learning rate is multiplied"
    )
    factor: Positive = Field(0.1, description="step: multiplies the learning rate at each of `at`")
    power: Positive = Field(1.0, description="polynomial: exponent of the share that is left")
    base: NotNegative = Field(0.0, description="triangular, triangular2, exp_range, one_cycle: lowest learning rate")
    cycle_epochs: Positive | None = Field(
        None,
        description="triangular, triangular2, exp_range, warm_restarts: length of the (first) cycle; else all",
    )
    cycle_factor: Positive = Field(1.0, description="warm_restarts: each cycle is so many times as long as the last")
    cycle_decay: Positive = Field(1.0, description="warm_restarts: multiplies the peak at each restart")
    gamma: Positive = Field(0.99994, description="exp_range: multiplies the amplitude each step")
    rise: Probability = Field(0.3, description="one_cycle: the share of training in which it rises")


class Bootstrap(Section):
    """Targets mixed with the network's own belief, against noisy labels (Reed et al. 2015, equations 5 and 6)."""

    kind: Literal["soft", "hard"] = Field("hard", description="its probabilities, or its most probable class")
    beta: Probability = Field(0.8, description="share of the label; not given, as in the paper: 0.95 soft, 0.8 hard")

    @model_validator(mode="before")
    @classmethod
    def _beta_of_its_kind(cls, value: Any) -> Any:
        return {"beta": 0.95, **value} if isinstance(value, dict) and value.get("kind") == "soft" else value


class Loss(Section):
    """What is minimised; heads that exist in training only count with a weight."""

    name: Literal[
        "auto", "cross_entropy", "binary_cross_entropy", "mean_squared_error", "mean_absolute_error", "huber"
    ] = Field("auto", description="auto: as the data's labels ask for")
    label_smoothing: Share = Field(
        0.0, description="cross_entropy, binary_cross_entropy: share of a label spread over all"
    )
    bootstrap: Bootstrap | None = Field(None, description="cross_entropy: against noisy labels")
    auxiliary: NotNegative = Field(0.3, description="weight of each auxiliary head")


class Regularize(Section):
    """Penalties added to the loss: l1 * sum |w| + l2 * sum w^2 (Keras' L2: no half)."""

    l1: NotNegative = Field(0.0, description="times the sum of absolute weights")
    l2: NotNegative = Field(0.0, description="times the sum of squared weights")
    exclude: Groups = Field(("norm", "bias"), description="what is not penalised")


class Adversarial(Section):
    """Training on images changed by the fast gradient sign method, too (Goodfellow et al. 2015, section 6)."""

    epsilon: Positive = Field(2.0, description="change of every pixel, of 0 to 255")
    weight: Probability = Field(0.5, description="share of the loss that the changed images make")


class Distill(Section):
    """Knowledge distillation (Hinton et al. 2015): the teacher's softened probabilities as further targets."""

    teacher: str = Field(..., description="a .keras file with as many classes")
    temperature: Positive = Field(4.0, description="divides the logits of both")
    weight: Probability = Field(0.7, description="share of the loss that the teacher makes")


class FreezePath(Section):
    """Columns of `fractal` blocks one after the other: each is trained, then frozen (Smith and Topin 2016)."""

    epochs: Whole = Field(..., description="epochs of each column")


class Pretrain(Section):
    """Greedy layer-wise pre-training of the first stack of dense or convolution layers, without labels."""

    method: Literal["rbm", "autoencoder"] = Field("rbm", description="restricted Boltzmann machines, or denoising")
    epochs: Whole = Field(10, description="of every layer")
    batch_size: Whole = Field(64, description="samples of a step")
    learning_rate: Positive = Field(0.05, description="of every layer")
    momentum: Share = Field(0.5, description="of every layer")
    steps: Whole = Field(1, description="rbm: Gibbs steps of contrastive divergence, k")
    corruption: Share = Field(0.3, description="autoencoder: share of inputs set to zero")
    layers: Count = Field(0, description="how many layers; 0: all before the output")


class EarlyStopping(Section):
    """Ends training when a measure has not improved for some epochs; the best weights are kept."""

    monitor: str = Field("val_loss", description="a column of metrics.csv; accuracy and IoU grow, losses fall")
    patience: Whole = Field(5, description="epochs without improvement")
    min_delta: NotNegative = Field(0.0, description="the least change that counts")


class Start(Section):
    """Weights to begin with: fine-tuning. A head that does not fit the data's classes begins afresh."""

    weights: str = Field(..., description="imagenet, a .keras file, or a .h5 file of keras.applications")


class Data(Section):
    """How samples are chosen and read."""

    split: Literal["holdout", "kfold", "bootstrap"] = Field("holdout", description="where validation samples come from")
    validation: Share = Field(0.1, description="holdout: share of the training samples, unless the data have their own")
    folds: Annotated[int, Field(ge=2)] = Field(5, description="kfold: stratified parts")
    fold: Count = Field(0, description="kfold: the part to validate on; bootstrap: number of the draw")
    samples: Whole | None = Field(None, description="at most so many training samples, the classes in proportion")
    class_weights: Literal["none", "balanced"] | dict[str, NotNegative] = Field(
        "none", description="weights in the loss; balanced: classes count alike"
    )
    resize: Literal["stretch", "crop", "pad"] = Field("stretch", description="how an image comes to the input's size")
    cache: Literal["auto", "memory", "none"] = Field("auto", description="keep decoded images; auto: up to 2 GB")
    corrupt: Share = Field(0.01, description="share of unreadable files that is skipped and reported")


class Evaluation(Section):
    """Views of every image whose predictions are averaged in evaluation."""

    flip: bool = Field(False, description="each view mirrored, too")
    crops: Literal[1, 5, 10] = Field(1, description="centre; and the corners; and all mirrored (10)")
    scale: Annotated[float, Field(ge=1)] = Field(1.0, description="image size over crop size: 256/224 = 1.143")
    dense: bool = Field(False, description="the network runs over the whole scaled image, fully convolutional (VGG)")


class Phase(Section):
    """Some epochs of a run with a change: progressive resizing, gradual unfreezing, staged growth."""

    epochs: Whole | None = Field(None, description="its length; the last phase takes what is left")
    resolution: Whole | None = Field(None, description="pixels of the input")
    freeze: Names | None = Field(None, description="stages that are not trained, in place of the recipe's")
    augment: Annotated[tuple[Augmentation, ...] | None, BeforeValidator(parse_augmentations)] = Field(
        None, description="in place of the recipe's"
    )
    spec: dict[str, Any] = Field({}, description="overrides of the network: staged growth; what fits is carried over")


class Recipe(Section):
    """How a network is trained. Made by `load_recipe`."""

    recipe: str = Field("recipe", description="its name")
    note: str | None = Field(None, description="what it is for, the time it takes, the result to expect")
    epochs: Whole = Field(10, description="passes over the training samples")
    batch_size: Whole = Field(32, description="samples of a step, over all devices")
    optimizer: Optimizer = Field(Optimizer(), description="how gradients change weights")
    schedule: Schedule = Field(Schedule(), description="the learning rate over training")
    loss: Loss = Field(Loss(), description="what is minimised")
    augment: Annotated[tuple[Augmentation, ...], BeforeValidator(parse_augmentations)] = Field(
        (), description="changes of training images, in this order"
    )
    multi_scale: Annotated[tuple[Whole, ...], BeforeValidator(_as_tuple)] = Field(
        (), description="input sizes in pixels of which each batch takes one"
    )
    ema: Share = Field(0.0, description="decay of the moving average of weights that is evaluated; 0: none")
    regularize: Regularize = Field(Regularize(), description="penalties on weights in the loss")
    early_stopping: EarlyStopping | None = Field(None, description="ends training early")
    start: Start | None = Field(None, description="weights to begin with")
    freeze: Names = Field((), description="stages that are not trained; * stands for any part of a name")
    phases: Annotated[tuple[Phase, ...], BeforeValidator(_as_tuple)] = Field(
        (), description="changes during the run, one after the other"
    )
    freeze_path: FreezePath | None = Field(None, description="fractal columns one after the other")
    distill: Distill | None = Field(None, description="learn from a teacher")
    adversarial: Adversarial | None = Field(None, description="learn from adversarial images, too")
    pretrain: Pretrain | None = Field(None, description="layer by layer, without labels, before training")
    data: Data = Field(Data(), description="how samples are chosen and read")
    evaluation: Evaluation = Field(Evaluation(), description="views of every image")
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field("float32", description="of computation")
    deterministic: bool = Field(False, description="the same weights from the same run, bit by bit; slower on GPUs")
    checkpoint_minutes: NotNegative = Field(5.0, description="between checkpoints inside an epoch; each ends in one")
    seed: Count = Field(0, description="of weights, order, augmentation and dropout")
    spec: dict[str, Any] = Field({}, description="overrides of the network, paths as with --set")

    def phase_epochs(self) -> list[int]:
        """The epochs of every phase, at least one phase. Raises Invalid where they do not make up `epochs`."""
        if not self.phases:
            return [self.epochs]
        *first, last = [phase.epochs for phase in self.phases]
        if any(length is None for length in first):
            raise Invalid("only the last phase may leave 'epochs' out", loc=("phases",))
        lengths = [length or 0 for length in first]
        left = self.epochs - sum(lengths)
        if left < 1 or (last is not None and last != left):
            total = sum(lengths) + (last or 0)
            raise Invalid(f"the phases have {total} epochs, the recipe {self.epochs}", loc=("phases",))
        return [*lengths, left]
