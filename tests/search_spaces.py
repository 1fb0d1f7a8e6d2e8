"""Search spaces at random, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tuner.space import Choice, Condition, Float, Int, Space

LABELS = st.sampled_from([0, 1, 2, 7, 1.0, 0.5, True, False, None, "a", "b", "1"])


def _distinct(label) -> tuple:
    return type(label).__name__, label


@st.composite
def dimensions(draw, name: str = "x", *, finite: bool = False, most: int = 12, when: tuple = ()):
    """A dimension of at most `most` values where it is finite."""
    kind = draw(st.sampled_from(["choice", "int", "float"]))
    if kind == "choice":
        labels = draw(st.lists(LABELS, min_size=1, max_size=min(most, 6), unique_by=_distinct))
        return Choice(name, tuple(labels), ordered=draw(st.booleans()), when=when)
    log = draw(st.booleans())
    if kind == "int":
        low, step = draw(st.integers(1 if log else -50, 50)), draw(st.integers(1, 8))
        rest = draw(st.integers(0, step - 1))
        return Int(name, low, low + step * draw(st.integers(0, most - 1)) + rest, step, log, when)
    low = draw(st.floats(1e-6 if log else -100, 100, allow_subnormal=False))
    if finite or draw(st.booleans()):
        step = draw(st.sampled_from([0.05, 0.1, 0.25, 1.0, 3.0]))
        return Float(
            name,
            round(low, 3) or 0.125,
            (round(low, 3) or 0.125) + step * draw(st.integers(0, most - 1)),
            step,
            log,
            when,
        )
    return Float(name, low, low + draw(st.sampled_from([0.0, 0.5, 1.0, 1000.0])), None, log, when)


@st.composite
def spaces(draw, *, finite: bool = False, largest: int = 4, most: int = 12):
    """A space of 1 to `largest` dimensions, some of which take part under conditions on values of earlier ones."""
    found: list = []
    for index in range(draw(st.integers(1, largest))):
        when = []
        for other in draw(st.lists(st.sampled_from(found), max_size=2, unique_by=lambda d: d.name)) if found else []:
            number = other.at(draw(st.floats(0, 1)))
            tests = ["eq", "ne"] if isinstance(other, Choice) else ["eq", "lt", "ge"]
            test = draw(st.sampled_from([*tests, "in"]))
            when.append(Condition(other.name, test, (number, other.at(0.0)) if test == "in" else number))
        found.append(draw(dimensions(f"d{index}", finite=finite, most=most, when=tuple(when))))
    return Space(found)
