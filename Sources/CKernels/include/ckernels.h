// What the kernels of every instruction set share: argument blocks, the table of functions, and the processor check.
// All sizes and steps are in floats unless said otherwise.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

// Vectors in one instruction where the processor has it. Swift's own `addingProduct` is a loop over lanes, which the compiler puts together
// again only in halves.
typedef float SKVector16 __attribute__((ext_vector_type(16)));
typedef float SKVector8 __attribute__((ext_vector_type(8)));
static inline __attribute__((always_inline)) SKVector16 sk_fma16(SKVector16 a, SKVector16 b, SKVector16 c) {
    return __builtin_elementwise_fma(a, b, c);
}
static inline __attribute__((always_inline)) SKVector8 sk_fma8(SKVector8 a, SKVector8 b, SKVector8 c) {
    return __builtin_elementwise_fma(a, b, c);
}

typedef uint16_t SKHalves16 __attribute__((ext_vector_type(16)));
typedef uint16_t SKHalves8 __attribute__((ext_vector_type(8)));
typedef uint32_t SKWords16 __attribute__((ext_vector_type(16)));
typedef uint32_t SKWords8 __attribute__((ext_vector_type(8)));
typedef float SKVector4 __attribute__((ext_vector_type(4)));
// bfloat16 is the upper half of a float.
static inline __attribute__((always_inline)) SKVector16 sk_from_half16(SKHalves16 h) {
    return (SKVector16)(__builtin_convertvector(h, SKWords16) << 16);
}
static inline __attribute__((always_inline)) SKVector8 sk_from_half8(SKHalves8 h) {
    return (SKVector8)(__builtin_convertvector(h, SKWords8) << 16);
}
// The nearest bfloat16, of two equally near the even one; NaN stays NaN.
static inline __attribute__((always_inline)) SKHalves16 sk_to_half16(SKVector16 v) {
    SKWords16 bits = (SKWords16)v, rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    SKWords16 number = (SKWords16)(v == v);
    return __builtin_convertvector((rounded & number) | (0x7FC0 & ~number), SKHalves16);
}
typedef double SKDoubles8 __attribute__((ext_vector_type(8)));
static inline __attribute__((always_inline)) SKDoubles8 sk_doubles8(SKVector8 v) { return __builtin_convertvector(v, SKDoubles8); }

static inline __attribute__((always_inline)) SKVector8 sk_low8(SKVector16 v) {
    return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
}
// Every second element of two vectors that follow each other, from the first or from the second on.
static inline __attribute__((always_inline)) SKVector16 sk_even16(SKVector16 a, SKVector16 b) {
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
static inline __attribute__((always_inline)) SKVector16 sk_odd16(SKVector16 a, SKVector16 b) {
    return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
// The elements of two vectors that follow each other, from the second on.
static inline __attribute__((always_inline)) SKVector16 sk_next16(SKVector16 a, SKVector16 b) {
    return __builtin_shufflevector(a, b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}
// Past the caches, to a multiple of 64 bytes; whoever does so calls the fence before another thread may read.
static inline __attribute__((always_inline)) void sk_stream16(float *_Nonnull p, SKVector16 v) {
    __builtin_nontemporal_store(v, (SKVector16 *)p);
}
static inline void sk_stream_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
// The sum of all lanes, halves folded onto each other.
static inline __attribute__((always_inline)) float sk_sum16(SKVector16 v) {
    SKVector8 eight = sk_low8(v) + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    SKVector4 four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    return (four.x + four.z) + (four.y + four.w);
}

#if defined(__AVX512BF16__)
#include <immintrin.h>
// sum + a0 * b0 + a1 * b1 of each lane, which holds two bfloat16 each of a and b.
static inline __attribute__((always_inline)) SKVector16 sk_dot_bf16(SKVector16 sum, SKVector16 a, SKVector16 b) {
    return (SKVector16)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
#endif

// One row of convolution outputs: out[v] = start + sum over groups g and j < length of source[offsets[g] + v * step + j] * weights[g][j].
typedef struct {
    const float *_Nonnull source;
    const int64_t *_Nonnull offsets;
    int64_t groups, length, step;
    const float *_Nonnull weights;  // [groups][length][lanes], and weightSkip floats after each group
    int64_t weightSkip;
    float *_Nonnull out;
    int64_t outStep, count;
    const float *_Nullable bias;    // one value a lane; used when not accumulating
    const float *_Nullable scale;   // then times scale plus shift, one value a lane each
    const float *_Nullable shift;
    int32_t accumulate;             // add to what is in out
    int32_t relu;
    int32_t width;                  // lanes stored: 16 for conv16; 8, 4, 2 or 1 for conv8
} SKConvRow;

// Gradient of weights over some rows: sum[e][lane] += sum over rows r, voxels v of x[offsets[e] + r * xRow + v * xStep] * g[r * gRow + v * gStep + lane].
typedef struct {
    const float *_Nonnull x;
    const int64_t *_Nonnull offsets;
    int64_t entries;
    int64_t xStep, xRow;
    const float *_Nonnull g;
    int64_t gStep, gRow;
    int64_t count, rows;
    float *_Nonnull sum;            // [entries][lanes]
} SKWeightRows;

// Elementwise work over `count` floats. Parameters p repeat every 16 floats, starting with lane 0 at the first element.
typedef struct {
    float *_Nonnull out;
    const float *_Nullable a;
    const float *_Nullable b;
    const float *_Nullable c;
    int64_t count;
    const float *_Nullable p;       // rows of 16 parameters
    double *_Nullable sums;         // rows of 16 sums, added to
    int32_t accumulate;             // add to what is in out
    int32_t flag;
    uint32_t key, key2, threshold;
    int64_t index;                  // of the first element, for counters
    int32_t half;                   // b holds bfloat16
} SKFlat;

// One row of pooled voxels; windows of wx * wy * wz.
typedef struct {
    const float *_Nonnull in;
    int64_t row, plane;             // of the input
    float *_Nonnull out;
    int64_t count;
    int64_t wx, wy, wz, width;
    const float *_Nullable gradient;  // of the output
    float *_Nullable gradientIn;
    int32_t accumulate;
} SKPoolRow;

// One row of pooled voxels whose windows may overlap; what lies beyond the volume does not count.
typedef struct {
    const float *_Nonnull in;       // first voxel of the line and plane with which the windows begin
    int64_t row, plane, length;     // of the input: floats, floats, voxels of a line
    float *_Nonnull out;
    int64_t count;
    int64_t start, step;            // the first window's place along x, which may be negative; voxels from one window to the next
    int64_t wx, wy, wz, width;      // wy and wz: what lies inside
    const float *_Nullable gradient;  // of the output
    float *_Nullable gradientIn;    // added to, in the windows' planes firstPlane ..< lastPlane
    int64_t firstPlane, lastPlane;
} SKWindowRow;

// Taps of a depthwise convolution, channel by channel: `count` floats of a row, whose weights repeat every 16 floats. Sums over i and rows r < rows:
// out[i] = start[i % 16] + sum over taps t of source[offsets[t] + i] * weights[t][i % 16], where rows is 1; gradient of the weights:
// weights[t][i % 16] += source[offsets[t] + r * row + i] * gradient[r * gradientRow + i].
typedef struct {
    const float *_Nonnull source;
    const int64_t *_Nonnull offsets;
    int64_t taps;
    int64_t run;                    // 3 or 5 where taps come in runs of so many that are 16 floats apart, and step is 16; else 1
    int64_t step;                   // floats in the source from one vector of 16 to the next
    float *_Nonnull weights;        // [taps][16]
    const float *_Nonnull start;    // 16
    float *_Nonnull out;            // set, up to the next multiple of 16
    int64_t count;
    const float *_Nullable gradient;
    int64_t row, gradientRow, rows;
} SKDepthwiseRow;

// One axis of a Winograd transform: `lines` times, points `inStep` apart become points `outStep` apart, each point `run` neighbouring floats.
typedef struct {
    const float *_Nonnull in;
    int64_t inStep;
    float *_Nonnull out;
    int64_t outStep;
    int64_t lines, inLine, outLine; // number of lines, and floats from one to the next
    int64_t run;                    // a multiple of 8
} SKTransform;

// The same for input that is read with a pointwise step: dropout(max(0, in * scale + shift)), each part only where it is given.
typedef struct {
    SKTransform transform;
    const float *_Nullable scale;   // 16 each, repeating from the first element
    const float *_Nullable shift;
    int32_t relu;
    float keep;                     // dropout: the factor of what is kept; 0 for none
    uint32_t key, key2, threshold;
    int64_t index, indexStep;       // of the first element, and from one point to the next, for dropout
    int32_t half;                   // the input holds bfloat16
} SKReadTransform;

// Products of each frequency f: out[f][t][lane] = sum over blocks b, channels c < width of in[f][b][t][c] * weights[f][b][c][lane].
typedef struct {
    const float *_Nonnull in;
    const float *_Nonnull weights;
    float *_Nonnull out;
    int64_t frequencies, blocks, tiles;
    int64_t width;                  // 8 or 16
} SKProduct;

// Sums of products of each frequency f: sum[f][b][c][lane] += sum over tiles t of in[f][b][t][c] * gradient[f][t][lane].
typedef struct {
    const float *_Nonnull in;
    const float *_Nonnull gradient;
    float *_Nonnull sum;
    int64_t frequencies, blocks, tiles;
    int64_t width;                  // 8 or 16
} SKWeightProduct;

// What happens to a line of values between memory and a kernel's own buffer.
typedef struct {
    const float *_Nonnull in;
    float *_Nonnull out;
    int64_t count;                  // floats
    int32_t width;                  // channels of a voxel
    const float *_Nullable bias;    // one value a channel (storing only)
    const float *_Nullable scale;   // 16 each, repeating from the first element
    const float *_Nullable shift;
    int32_t relu;
    int32_t accumulate;             // add to what is in out
    float keep;                     // dropout: the factor of what is kept; 0 for none
    uint32_t key, key2, threshold;
    int64_t index;                  // of the first element, for dropout
    const float *_Nullable values;  // of gradients: the values whose gradient this is, before scale, shift and relu
    const float *_Nullable centre;  // 16, repeating
    double *_Nullable sums;         // two rows of 16, added to: x, x * x of what is stored; of gradients g: g, g * (value - centre)
    int32_t half;                   // bfloat16 in memory: what is loaded, what is stored, or of gradients the values
} SKLine;

// Tiles of 4 × 4 × 2 outputs of 16 channels from one input channel: F(4, 3) along x and y, F(2, 3) along z.
typedef struct {
    const float *_Nonnull points;   // transformed input: [6 y][6 x][4 z][16 tiles]
    const float *_Nonnull weights;  // transformed: [6 y][6 x][4 z][16 channels]
    float *_Nonnull scratch;        // 48 × 16
    float *_Nonnull out;            // of the first tile; tiles follow each other along x, voxels are 16 floats apart
    int64_t tiles, row, plane;      // of the output
    const float *_Nullable bias;    // 16 each: + bias, then times scale plus shift
    const float *_Nullable scale;
    const float *_Nullable shift;
    int32_t relu;
    int32_t stream;                 // past the caches
} SKSingleTiles;

// The gradient of the weights from a single input channel, F(2, 3) along y and z: sum[z][y][tap][lane] += sum over v < count of in[z][y][v + tap] * point
// z, y of the transformed gradient.
typedef struct {
    const float *_Nonnull in;       // transformed input: [4 z][4 y][96]
    const float *_Nonnull gradient00;   // lines of the output's gradient: plane and line of a tile
    const float *_Nonnull gradient01;
    const float *_Nonnull gradient10;
    const float *_Nonnull gradient11;
    float *_Nonnull sum;            // [4 z][4 y][3][16]
    int64_t count;                  // at most 94
} SKSingleSums;

typedef void (*SKConvFunction)(const SKConvRow *_Nonnull);
typedef void (*SKWeightFunction)(const SKWeightRows *_Nonnull);
typedef void (*SKFlatFunction)(const SKFlat *_Nonnull);
typedef void (*SKPoolFunction)(const SKPoolRow *_Nonnull);
typedef void (*SKWindowFunction)(const SKWindowRow *_Nonnull);
typedef void (*SKDepthwiseFunction)(const SKDepthwiseRow *_Nonnull);
typedef void (*SKTransformFunction)(const SKTransform *_Nonnull);
typedef void (*SKReadTransformFunction)(const SKReadTransform *_Nonnull);
typedef void (*SKProductFunction)(const SKProduct *_Nonnull);
typedef void (*SKSingleTilesFunction)(const SKSingleTiles *_Nonnull);
typedef void (*SKSingleSumsFunction)(const SKSingleSums *_Nonnull);
typedef void (*SKWeightProductFunction)(const SKWeightProduct *_Nonnull);
typedef void (*SKLineFunction)(const SKLine *_Nonnull);

// The transforms of one axis. For F(m, 3): a tile reads n = m + 2 points and gives m outputs. For stride 2: from 4 coarse points to 6 fine outputs
// (up), or from 7 fine points to 3 coarse outputs (down), both with n = 7.
typedef struct {
    SKTransformFunction _Nonnull input;         // points of the input to n
    SKReadTransformFunction _Nonnull read;      // the same, with a pointwise step before; one line
    SKTransformFunction _Nonnull output;        // n products to the outputs
    SKTransformFunction _Nonnull gradient;      // the outputs' gradients to n points
    SKTransformFunction _Nonnull kernel;        // 3 weights to n points
    SKTransformFunction _Nonnull kernelGradient;// n sums to 3 gradients
} SKWinograd;

typedef struct {
    SKConvFunction _Nonnull conv16;
    SKConvFunction _Nonnull conv8;
    SKConvFunction _Nonnull narrow;             // one output channel from blocks of 16: weights [groups][length]
    SKWeightFunction _Nonnull weights16;
    SKWeightFunction _Nonnull weights8;
    SKFlatFunction _Nonnull sums;               // sums of a (row 0) and a * a (row 1)
    SKFlatFunction _Nonnull affine;             // out = a * p0 + p1, flag: relu
    SKFlatFunction _Nonnull normGradientSums;   // g = a, x = b: sums of g and g * (x - p0); flag: g counts where x * p1 + p2 > 0
    SKFlatFunction _Nonnull normGradient;       // out = p0 * (g - p1 - (x - p2) * p3); flag: g counts where x * p4 + p5 > 0
    SKFlatFunction _Nonnull relu;
    SKFlatFunction _Nonnull reluGradient;       // out = a where b > 0
    SKFlatFunction _Nonnull sigmoid;            // out = p0 / (1 + exp(-a))
    SKFlatFunction _Nonnull sigmoidGradient;    // out = a * b * (1 - b)
    SKFlatFunction _Nonnull dropout;            // out = a * p0[0] where kept
    SKFlatFunction _Nonnull add;                // out = a, or out + a
    SKFlatFunction _Nonnull linear;             // out = a * p0[0] + p0[1]
    SKPoolFunction _Nonnull pool;
    SKPoolFunction _Nonnull poolGradient;
    SKWindowFunction _Nonnull windowMax;
    SKWindowFunction _Nonnull windowMaxGradient;
    SKWindowFunction _Nonnull windowMean;
    SKWindowFunction _Nonnull windowMeanGradient;
    SKFlatFunction _Nonnull plus;               // out = a + b, flag: relu
    SKFlatFunction _Nonnull product;            // out = a * b
    SKFlatFunction _Nonnull scaled;             // out = a * p0; like the next three it writes the count exactly
    SKFlatFunction _Nonnull filled;             // out = p0
    SKFlatFunction _Nonnull gated;              // out[v * flag + lane] = a[v * flag + lane] * b[v]; count: of voxels v, flag: width
    SKFlatFunction _Nonnull gateDots;           // out[v] = sum over lanes of a[v * flag + lane] * b[v * flag + lane]
    SKFlatFunction _Nonnull productSums;        // sums of a * b (row 0)
    SKDepthwiseFunction _Nonnull depthwise;
    SKDepthwiseFunction _Nonnull depthwiseWeights;
    SKWinograd winograd2;
    SKWinograd winograd4;
    SKWinograd winogradUp;
    SKWinograd winogradDown;
    SKTransformFunction _Nonnull spread4;       // winograd4.input within lines: [6 points][tiles] of one channel; run: tiles, a multiple of 16
    SKSingleTilesFunction _Nonnull singleTiles;
    SKSingleSumsFunction _Nonnull singleSums;
    SKProductFunction _Nonnull product16;
    SKProductFunction _Nonnull product8;
    SKWeightProductFunction _Nonnull weightProduct16;
    SKWeightProductFunction _Nonnull weightProduct8;
    SKLineFunction _Nonnull loadLine;           // writes up to 15 floats beyond the count
    SKLineFunction _Nonnull storeLine;          // writes the count exactly
    SKLineFunction _Nonnull storeGradient;      // the same, for gradients: dropout, 0 where relu and value * scale + shift <= 0
    SKFlatFunction _Nonnull peak;               // count multiply-adds on each of 12 * 16 lanes of out, times a plus b: for benchmarks
} SKTable;

// 2 for the baseline, 3 for AVX2 and FMA, 4 for AVX-512 (F, BW, CD, DQ, VL).
int sk_processor_level(void);
// Whether it multiplies bfloat16 (AVX512-BF16).
int sk_processor_bf16(void);

#endif
