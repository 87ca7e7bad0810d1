// Kernels of scalar images: argument blocks and their table.
#ifndef SKIMAGES_H
#define SKIMAGES_H

#include "ckernels.h"
#include "skvoxels.h"

// Comparisons in the form that is one instruction. Of two values that do not compare (NaN), the second.
static inline __attribute__((always_inline)) SKVector16 sk_least16(SKVector16 a, SKVector16 b) { return a < b ? a : b; }
static inline __attribute__((always_inline)) SKVector16 sk_greatest16(SKVector16 a, SKVector16 b) { return a > b ? a : b; }

// Conversions. Swift's own are generic functions, which would be shared between instruction sets where they are not inlined.
typedef double SKDoubles8 __attribute__((ext_vector_type(8)));
static inline __attribute__((always_inline)) SKVector8 sk_narrow8(SKDoubles8 v) { return __builtin_convertvector(v, SKVector8); }
static inline __attribute__((always_inline)) SKDoubles8 sk_widen8(SKVector8 v) { return __builtin_convertvector(v, SKDoubles8); }

// Sums of (in - pivot) and of its square, in doubles and in an order that does not depend on the instruction set.
typedef struct {
    const float *_Nonnull in;
    int64_t count;
    double pivot;
    double sum, squares;            // results
} SKMoments;

// The least and the greatest value, and 0 if all values are finite (else NaN).
typedef struct {
    const float *_Nonnull in;
    int64_t count;
    float low, high, check;         // results
} SKExtent;

// out = (in - pivot) * scale + offset in doubles, held within low ... high.
typedef struct {
    const float *_Nonnull in;
    float *_Nonnull out;
    int64_t count;
    double pivot, scale, offset;
    float low, high;
} SKStretch;

// Medians of 27 values. The nine rows around a row of voxels lie in `lines`, `stride` floats apart; each begins with one value that is left
// of the first voxel. `count` is a multiple of 16; the lines, `sorted` (as large as they are) and `out` have room for count + 16 floats.
typedef struct {
    const float *_Nonnull lines;
    float *_Nonnull sorted;
    float *_Nonnull out;
    int64_t count, stride;
} SKMedian;

// Medians along a row as ranks. `sets` has a set of `words` (a multiple of 8) 64-bit words for each x, of the ranks that lie in the cross-section of the window there; no rank is in
// two. out[x] is the rank that `below` ranks of the cross-sections x ... x + width - 1 are below. `width` is odd; `window` has room for one set.
typedef struct {
    const uint64_t *_Nonnull sets;
    uint64_t *_Nonnull window;
    int32_t *_Nonnull out;
    int64_t words, count, width, below;
} SKMiddleRanks;

// Sums over `side` rows of squared differences: out[j * outStride + i] = sum over t < side of (a - b)^2 at [(j + t) * stride + i], for `rows` rows j.
// `count` is a multiple of 16; `ring` is room for 16 * side numbers.
typedef struct {
    const float *_Nonnull a;
    const float *_Nonnull b;
    int64_t stride, rows, side, count, outStride;
    float *_Nonnull out;
    float *_Nonnull ring;
} SKDifferenceSums;

// out[i] = sum over r < rows of in[r][i]; `count` is a multiple of 16.
typedef struct {
    const float *_Nonnull const *_Nonnull in;
    int64_t rows, count;
    float *_Nonnull out;
} SKRowSum;

// Weights of non-local means: out[i] = exp(-scale * sum over t <= 2 * radius of in[i + t]). `count` is a multiple of 16.
typedef struct {
    const float *_Nonnull in;
    float *_Nonnull out;
    int64_t count, radius;
    float scale;
} SKPatchWeights;

// For each of `sets` rows of weights and values: adds weights[s][i] * values[s][i] (its square, if `square` is set) to sum[i] and weights[s][i] to weight[i], and raises
// greatest[i] to weights[s][i]. `count` is a multiple of 16.
typedef struct {
    const float *_Nonnull const *_Nonnull weights;
    const float *_Nonnull const *_Nonnull values;
    int64_t count, sets;
    int32_t square;
    float *_Nonnull sum;
    float *_Nonnull weight;
    float *_Nonnull greatest;
} SKWeighted;

typedef void (*SKMomentsFunction)(SKMoments *_Nonnull);
typedef void (*SKExtentFunction)(SKExtent *_Nonnull);
typedef void (*SKStretchFunction)(const SKStretch *_Nonnull);
typedef void (*SKMedianFunction)(const SKMedian *_Nonnull);
typedef void (*SKMiddleRanksFunction)(const SKMiddleRanks *_Nonnull);
typedef void (*SKDifferenceSumsFunction)(const SKDifferenceSums *_Nonnull);
typedef void (*SKRowSumFunction)(const SKRowSum *_Nonnull);
typedef void (*SKPatchWeightsFunction)(const SKPatchWeights *_Nonnull);
typedef void (*SKWeightedFunction)(const SKWeighted *_Nonnull);

typedef struct {
    SKMomentsFunction _Nonnull moments;
    SKExtentFunction _Nonnull extent;
    SKStretchFunction _Nonnull stretch;
    SKMedianFunction _Nonnull median27;
    SKMiddleRanksFunction _Nonnull middleRanks;
    SKDifferenceSumsFunction _Nonnull differenceSums;
    SKRowSumFunction _Nonnull rowSum;
    SKPatchWeightsFunction _Nonnull patchWeights;
    SKWeightedFunction _Nonnull weighted;
    SKVoxelStepFunction _Nonnull voxelStep;
} SKImageTable;

#endif
