"""The TensorFlow adapter: tf.nn, keras.ops, Keras layers, models and optimizers on the TensorFlow backend."""

MISSING = {
    "radam": "keras.optimizers has no RAdam",
    "lars": "keras.optimizers has no LARS",
    "one_cycle": "keras.optimizers.schedules has no one-cycle policy",
}
"""What the reference has and Keras does not -> why."""
