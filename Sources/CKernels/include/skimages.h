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

typedef int32_t SKInts8 __attribute__((ext_vector_type(8)));
static inline __attribute__((always_inline)) SKDoubles8 sk_least8(SKDoubles8 a, SKDoubles8 b) { return a < b ? a : b; }
static inline __attribute__((always_inline)) SKDoubles8 sk_greatest8(SKDoubles8 a, SKDoubles8 b) { return a > b ? a : b; }
// a, or `other` where a is not at most b.
static inline __attribute__((always_inline)) SKDoubles8 sk_upto8(SKDoubles8 a, SKDoubles8 b, SKDoubles8 other) { return a <= b ? a : other; }
// place, one less where a value is under `border`, one more where it is at least `next`.
static inline __attribute__((always_inline)) SKDoubles8 sk_moved8(SKDoubles8 place, SKDoubles8 v, SKDoubles8 border, SKDoubles8 next) {
    SKDoubles8 one = (SKDoubles8)(1.0), none = (SKDoubles8)(0.0);
    return place - (v < border ? one : none) + (v >= next ? one : none);
}
// Of numbers of 0 ... 2^31 - 1.
static inline __attribute__((always_inline)) SKInts8 sk_whole8(SKDoubles8 v) { return __builtin_convertvector(v, SKInts8); }
static inline __attribute__((always_inline)) SKDoubles8 sk_doublesOf8(SKInts8 v) { return __builtin_convertvector(v, SKDoubles8); }

// Adds (in - pivot), in doubles, to the 16 numbers at sums, and its square to the next 16; in[i] to number i % 16: the order does not depend on the instruction set, nor on
// how many values a call takes, where all calls but the last take multiples of 16.
typedef struct {
    const float *_Nonnull in;
    int64_t count;
    double pivot;
    double *_Nonnull sums;
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

// Counts of values in even bins. Bin b holds what is at least low + width * b and under the next one's border; the last one what is up to `high`. The
// count of bin b is the sum of counts[t * stride + b + 2] over t < 4 (there may be one table, with stride 0); what is in no bin is counted before them.
// scale = bins / (high - low).
typedef struct {
    const float *_Nonnull in;
    int64_t count, bins, stride;
    double low, high, width, scale;
    uint32_t *_Nonnull counts;
} SKBinCounts;

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

typedef void (*SKMomentsFunction)(const SKMoments *_Nonnull);
typedef void (*SKExtentFunction)(SKExtent *_Nonnull);
typedef void (*SKStretchFunction)(const SKStretch *_Nonnull);
typedef void (*SKBinCountsFunction)(const SKBinCounts *_Nonnull);
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
    SKBinCountsFunction _Nonnull binCounts;
    SKMedianFunction _Nonnull median27;
    SKMiddleRanksFunction _Nonnull middleRanks;
    SKDifferenceSumsFunction _Nonnull differenceSums;
    SKRowSumFunction _Nonnull rowSum;
    SKPatchWeightsFunction _Nonnull patchWeights;
    SKWeightedFunction _Nonnull weighted;
    SKVoxelStepFunction _Nonnull voxelStep;
} SKImageTable;

#endif
