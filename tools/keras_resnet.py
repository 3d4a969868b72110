# SPDX-License-Identifier: Apache-2.0
"""The small residual network of the .tflite files in tests/data/models/. Needs tensorflow."""


def make_converter(size, classes, seed, make_norm):
    """TFLite's converter for stages of 2, 1 and 1 blocks of width 8, 16 and 16.

    make_norm() gives a new BatchNormalization layer with the weights that a fixture wants."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    layers = tf.keras.layers

    def normed(x, width, kernel=3, stride=1):
        x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False)(x)
        return make_norm()(x)

    image = tf.keras.Input((size, size, 3))
    x = layers.ReLU()(normed(image, 8))
    for width, stride in ((8, 1), (8, 1), (16, 2), (16, 2)):
        main = normed(layers.ReLU()(normed(x, width, 3, stride)), width)
        shortcut = x if stride == 1 else normed(x, width, 1, stride)
        x = layers.ReLU()(layers.Add()([main, shortcut]))
    logits = layers.Dense(classes)(layers.GlobalAveragePooling2D()(x))
    return tf.lite.TFLiteConverter.from_keras_model(tf.keras.Model(image, logits))
