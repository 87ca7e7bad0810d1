"""Keras' turn (on TensorFlow, channels last): the network of stdlib/unet3d.ss. Usage: keras_worker.py float32|xla|bf16 FILTERS DEPTH X Y Z BATCH.

float32 has jit_compile off, xla leaves it as it is by default, bf16 is the policy mixed_bfloat16 with jit_compile off.
"""

import os

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="")

import keras
import numpy
import tensorflow
from keras import layers, ops

import worker

mode, filters, depth, shape, batch = worker.arguments()
tensorflow.config.threading.set_intra_op_parallelism_threads(2)
tensorflow.config.threading.set_inter_op_parallelism_threads(1)
if mode == "bf16":
    keras.mixed_precision.set_global_policy("mixed_bfloat16")


def block(x, n):
    for _ in range(2):
        x = layers.Conv3D(n, 3, padding="same", kernel_initializer="he_normal")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return x


def unet(filters, depth):
    image = x = keras.Input((*shape[::-1], 1))
    skips = []
    for level in range(depth):
        x = block(x, filters << level)
        skips.append(x)
        x = layers.Dropout(0.05)(layers.MaxPooling3D()(x))
    x = block(block(x, filters << depth), filters << depth)
    for level in reversed(range(depth)):
        n = filters << level
        x = layers.ReLU()(layers.Conv3DTranspose(n, 3, strides=2, padding="same", kernel_initializer="he_normal")(x))
        x = block(layers.Dropout(0.05)(layers.Concatenate()([x, skips[level]])), n)
    return keras.Model(image, layers.Conv3D(1, 1, activation="sigmoid", dtype="float32")(x))


def dice(target, p):
    axes = (1, 2, 3, 4)
    return 1 - (2 * ops.sum(p * target, axes) + 1) / (ops.sum(p, axes) + ops.sum(target, axes) + 1)


net = unet(filters, depth)
net.compile(keras.optimizers.Adam(1e-3), dice, jit_compile="auto" if mode == "xla" else False)
random = numpy.random.default_rng(0)
image = tensorflow.constant(random.random((batch, *shape[::-1], 1), numpy.float32))
target = tensorflow.constant((random.random((batch, *shape[::-1], 1)) > 0.5).astype(numpy.float32))


def infer():
    return net.predict_on_batch(image[:1]) is not None


worker.serve(net.count_params(), lambda: float(net.train_on_batch(image, target)), infer)
