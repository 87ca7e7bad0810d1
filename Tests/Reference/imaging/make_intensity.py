"""Makes intensity.json, the reference numbers of IntensityReferenceTests. Needs numpy, scipy and SimpleITK, and operations.json (make.py).

    python make_intensity.py

Volumes are arrays flattened with the first index fastest. Of mapped volumes every seventh voxel is stored.
"""
import json, os
import numpy as np, scipy.ndimage as nd, scipy.stats as st, SimpleITK as sitk

here = os.path.dirname(os.path.abspath(__file__))
operations = json.load(open(os.path.join(here, "operations.json")))


def flat(a, digits=9):
    return [float(f"%.{digits}g" % v) for v in np.asarray(a, dtype=np.float64).ravel(order="F")]


def itk(a, spacing=(1, 1, 1)):
    image = sitk.GetImageFromArray(np.ascontiguousarray(a.T))
    image.SetSpacing(spacing)
    return image


def array(image):
    return sitk.GetArrayFromImage(image).T


rng = np.random.default_rng(11)
shape, spacing = (11, 13, 10), (1.1, 0.9, 1.7)
smooth = nd.gaussian_filter(rng.normal(size=shape), 1.5)
image = np.round(60 + 150 * smooth + rng.normal(0, 6, shape), 2).astype(np.float32)
other = np.round(200 + 90 * np.abs(nd.gaussian_filter(rng.normal(size=shape), 1.2)) ** 1.3 * 20 + rng.normal(0, 9, shape), 2).astype(np.float32)
mask, other_mask = image > 45, other > 205
exact = image.astype(np.float64)
out = {"shape": shape, "spacing": spacing, "image": flat(image), "other": flat(other),
       "mask": "".join("01"[int(v)] for v in mask.ravel(order="F")), "otherMask": "".join("01"[int(v)] for v in other_mask.ravel(order="F"))}

# Filters
out["median"] = []
for radius in [(1, 1, 1), (2, 1, 0)]:
    m = nd.median_filter(image, size=[2 * r + 1 for r in radius], mode="nearest")
    assert np.array_equal(m, array(sitk.Median(itk(image), radius)))
    out["median"].append({"radius": radius, "values": flat(m)})
parts = np.gradient(exact, *spacing)
magnitude = np.sqrt(sum(p**2 for p in parts))
inner = (slice(1, -1),) * 3
assert np.abs(magnitude - array(sitk.GradientMagnitude(itk(image, spacing))))[inner].max() < 1e-3
out["gradient"] = {"magnitude": flat(magnitude), "second": flat(parts[1])}

# Histograms
out["histograms"] = []
for bins, bounds in [(17, None), (25, (20.0, 90.0)), (1, None)]:
    counts, edges = np.histogram(exact, bins, bounds)
    out["histograms"].append({"bins": bins, "range": bounds, "counts": counts.tolist(), "edges": edges.tolist()})
out["otsu"] = []
for name in ("both", "whole"):
    a = np.array(operations[name], np.float32).reshape((16, 15, 14), order="F")
    for classes in (2, 3, 4):
        for bins in (64, 128):
            f = sitk.OtsuMultipleThresholdsImageFilter()
            f.SetNumberOfThresholds(classes - 1)
            f.SetNumberOfHistogramBins(bins)
            f.Execute(itk(a))
            out["otsu"].append({"image": name, "classes": classes, "bins": bins, "thresholds": list(f.GetThresholds())})


# Standard scales
def piecewise(v, x, y):
    at = np.clip(np.searchsorted(x, v, side="right") - 1, 0, len(x) - 2)
    return y[at] + (v - x[at]) * (y[at + 1] - y[at]) / (x[at + 1] - x[at])


percents = np.array([1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99], float)
own = [np.percentile(a[m].astype(np.float64), percents) for a, m in ((image, mask), (other, other_mask))]
scale = np.mean([100 * (p - p[0]) / (p[-1] - p[0]) for p in own], axis=0)
out["nyul"] = {"values": scale.tolist(), "mapped": flat(piecewise(exact, own[0], scale).ravel(order="F")[::7])}
percents = np.linspace(0, 100, 11)
matched = piecewise(exact, *[np.percentile(a.astype(np.float64), percents) for a in (image, other)])
out["matched"] = flat(matched.ravel(order="F")[::7])
# SimpleITK reads quantiles from a histogram: up to the gap between two neighbouring values beside the exact ones.
f = sitk.HistogramMatchingImageFilter()
f.SetNumberOfHistogramLevels(1 << 14)
f.SetNumberOfMatchPoints(9)
f.ThresholdAtMeanIntensityOff()
apart = np.abs(array(f.Execute(itk(image), itk(other))) - matched) / np.ptp(other)
assert np.median(apart) < 5e-4 and apart.max() < 5e-3, (np.median(apart), apart.max())

# White stripe, with a kernel density estimate in place of a smoothed histogram
v = np.array(operations["both"])
grid = np.linspace(v.min(), np.percentile(v, 99.9), 20001)
density = st.gaussian_kde(v, bw_method=0.9 * len(v) ** -0.2 * v.std() / v.std(ddof=1))(grid)
peaks = [i for i in range(1, len(grid) - 1) if density[i] > density[i - 1] and density[i] >= density[i + 1] and density[i] >= density.max() / 5]
out["stripes"] = []
for contrast, peak in (("t1", grid[peaks[-1]]), ("t2", grid[max(peaks, key=lambda i: density[i])])):
    share = (v < peak).mean()
    low, high = np.percentile(v, [100 * (share - 0.05), 100 * (share + 0.05)])
    inside = v[(v >= low) & (v <= high)]
    out["stripes"].append({"contrast": contrast, "peak": peak, "low": low, "high": high, "mean": inside.mean(), "std": inside.std()})

# Noise: 2 x 2 x 2 cubes that lie in the mask
c = [exact[i:10 + i:2, j:12 + j:2, k:10 + k:2] * (-1) ** (i + j + k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
full = np.all([mask[i:10 + i:2, j:12 + j:2, k:10 + k:2] for i in (0, 1) for j in (0, 1) for k in (0, 1)], axis=0)
out["noise"] = float(np.median(np.abs(sum(c)[full])) / np.sqrt(8) / st.norm.ppf(0.75))
json.dump(out, open(os.path.join(here, "intensity.json"), "w"), separators=(",", ":"))
