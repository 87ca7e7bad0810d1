// Kernels of scalar images: argument blocks and their table.
#ifndef SKIMAGES_H
#define SKIMAGES_H

#include "ckernels.h"

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

// Squared differences of two rows, summed over a window: out[i] = sum over |t| <= radius of (a[i + t] - b[i + t])^2. `count` is a multiple
// of 16; `a` and `b` can be read from -radius to count + radius, `scratch` has room for count + 2 * radius, rounded up to 16.
typedef struct {
    const float *_Nonnull a;
    const float *_Nonnull b;
    float *_Nonnull scratch;
    float *_Nonnull out;
    int64_t count, radius;
} SKPatchRow;

// out[i] = sum over r < rows of in[r][i]; `count` is a multiple of 16.
typedef struct {
    const float *_Nonnull const *_Nonnull in;
    int64_t rows, count;
    float *_Nonnull out;
} SKRowSum;

// One candidate of non-local means for a row: with d = sum over r < rows of in[r][i] and w = exp(-d * scale), adds w * value[i] (its square, if
// `square` is set) to sum[i] and w to weight[i], and raises greatest[i] to w. `count` is a multiple of 16.
typedef struct {
    const float *_Nonnull const *_Nonnull in;
    int64_t rows, count;
    const float *_Nonnull value;
    float scale;
    int32_t square;
    float *_Nonnull sum;
    float *_Nonnull weight;
    float *_Nonnull greatest;
} SKCandidate;

typedef void (*SKMomentsFunction)(SKMoments *_Nonnull);
typedef void (*SKExtentFunction)(SKExtent *_Nonnull);
typedef void (*SKStretchFunction)(const SKStretch *_Nonnull);
typedef void (*SKMedianFunction)(const SKMedian *_Nonnull);
typedef void (*SKPatchRowFunction)(const SKPatchRow *_Nonnull);
typedef void (*SKRowSumFunction)(const SKRowSum *_Nonnull);
typedef void (*SKCandidateFunction)(const SKCandidate *_Nonnull);

typedef struct {
    SKMomentsFunction _Nonnull moments;
    SKExtentFunction _Nonnull extent;
    SKStretchFunction _Nonnull stretch;
    SKMedianFunction _Nonnull median27;
    SKPatchRowFunction _Nonnull patchRow;
    SKRowSumFunction _Nonnull rowSum;
    SKCandidateFunction _Nonnull candidate;
} SKImageTable;

#endif
