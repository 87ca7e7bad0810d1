"""The error of Winograd's F(m, 3) over three axes in single precision, for different points. Usage: winograd_points.py. Needs numpy.

A tile of 16 channels of standard normal input and weights that keep the output's deviation near 1; the largest error of 30 tiles against double precision.
"""
import math

import numpy as np

random = np.random.default_rng(0)


def matrices(points):
    """Output, weight and input transforms of the points, infinity added: y = A ((G w) * (B d))."""
    n = len(points) + 1
    a, g, b = np.zeros((n - 2, n)), np.zeros((n, 3)), np.zeros((n, n))
    for i, p in enumerate(points):
        others = [q for q in points if q != p]
        a[:, i] = [p**k for k in range(n - 2)]
        g[i] = np.array([1, p, p * p]) / np.prod([p - q for q in others])
        b[i, : n - 1] = np.polynomial.polynomial.polyfromroots(others)
    a[-1, -1], g[-1, 2], b[-1] = 1, 1, np.polynomial.polynomial.polyfromroots(points)
    return a, g, b


def over_axes(matrix, x):
    for axis in range(3):
        x = np.moveaxis(np.tensordot(matrix.astype(x.dtype), x, (1, axis)), 0, axis)
    return x


def largest_error(points, tiles=30, channels=16):
    a, g, b = matrices(points)
    n, m = len(points) + 1, len(points) - 1
    worst = largest = 0
    for _ in range(tiles):
        d = random.standard_normal((n, n, n, channels)).astype(np.float32)
        w = (random.standard_normal((3, 3, 3, channels)) / math.sqrt(27 * channels)).astype(np.float32)
        exact = sum((d[z:z + m, y:y + m, x:x + m].astype(float) * w[z, y, x]).sum(-1)
                    for z in range(3) for y in range(3) for x in range(3))
        found = over_axes(a, (over_axes(b, d) * over_axes(g, w)).sum(-1, dtype=np.float32))
        worst, largest = max(worst, np.abs(found - exact).max()), max(largest, np.abs(exact).max())
    return worst, largest


half, two = math.sqrt(0.5), math.sqrt(2)
for name, points in {
    "0 ±1": [0, 1, -1], "0 ±1 ±2": [0, 1, -1, 2, -2], "0 ±1/2 ±1": [0, 0.5, -0.5, 1, -1], "0 ±1 1/2 −2": [0, 1, -1, 0.5, -2],
    "0 ±3/4 ±3/2": [0, 0.75, -0.75, 1.5, -1.5], "0 ±2/3 ±3/2": [0, 2 / 3, -2 / 3, 1.5, -1.5], "0 ±1/√2 ±√2": [0, half, -half, two, -two],
}.items():
    worst, largest = largest_error(points)
    print(f"F({len(points) - 1}, 3) {name}: largest error {worst:.1e}, largest output {largest:.1f}")
