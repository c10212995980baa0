"""The reference's ops in TensorFlow: tf.nn and tf.math, and keras.ops where they have no such function."""
