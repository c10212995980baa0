"""TensorFlow: GradientTape. Keras layers and models run on given parameters through stateless_call."""

from __future__ import annotations

from gradwitness.subjects.tensors.tensorflow.differentiation import Differentiation
from gradwitness.subjects.tensors.tensorflow.functions import Functions
from gradwitness.subjects.tensors.tensorflow.process import Process


class TensorFlow(Functions, Differentiation, Process):
    """See `Backend`."""

    name, title = "tensorflow", "TensorFlow"
    cure = "Convert: tf.constant(x)"


BACKEND = TensorFlow()
