"""The rational function of `CounterRandom.quantile`: normal quantiles z(q) with Φ(z) = ½ + q, for |q| up to Φ(2) − ½.

Usage: fit_quantile.py      (needs numpy and scipy)

Fits z(q) / q = P(q²) / Q(q²) with P and Q of degree 4 by least squares on the relative error, linearised about the last denominator and reweighted
towards the largest error, and prints the coefficients from the constant up and the largest relative error.
"""

import numpy as np
from scipy.special import ndtri

DEGREE, MOST = 4, 0.477_249_868_051_820_85
x = (1 - np.cos(np.linspace(0, np.pi, 4000))) / 2 + 1e-12
q = np.sqrt(x) * MOST
target = ndtri(0.5 + q) / q
weight, denominator, best = np.ones_like(x), np.ones_like(x), (np.inf, None)
for _ in range(300):
    powers = np.vander(x, DEGREE + 1, increasing=True)
    rows = np.hstack([powers, -target[:, None] * powers[:, 1:]])
    scale = weight / np.abs(denominator) / target
    c = np.linalg.lstsq(rows * scale[:, None], target * scale, rcond=None)[0]
    denominator = powers @ np.r_[1, c[DEGREE + 1:]]
    error = np.abs(powers @ c[:DEGREE + 1] / denominator / target - 1)
    best = min(best, (error.max(), tuple(c)))
    weight *= np.sqrt(0.5 + error / error.max())
    weight /= weight.max()
unit = (MOST * MOST) ** np.arange(DEGREE + 1)
print("above", *(np.array(best[1][:DEGREE + 1]) / unit))
print("below 1", *(np.array(best[1][DEGREE + 1:]) / unit[1:]))
print("largest relative error", best[0])
