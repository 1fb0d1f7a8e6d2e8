"""What TensorFlow keeps of networks goes when nobody uses them any more."""

import gc
import weakref

import tensorflow as tf

from factory.models.forgetting import forget_networks


def step_through_swish():
    variable = tf.Variable(2.0)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = tf.nn.silu(variable)
        return tape.gradient(value, variable)

    step()
    return step, weakref.ref(step.get_concrete_function().graph)


def test_the_graph_of_a_step_through_swish_is_freed_which_tensorflow_keeps():
    step, graph = step_through_swish()
    del step
    gc.collect()
    assert graph() is not None  # where TensorFlow frees it, forgetting registered gradients is not needed any more
    forget_networks()
    assert graph() is None


def test_a_step_that_is_in_use_goes_on():
    step, graph = step_through_swish()
    before = float(step())
    forget_networks()
    assert graph() is not None and float(step()) == before
