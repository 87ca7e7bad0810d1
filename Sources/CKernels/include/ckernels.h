// What the kernels of every instruction set share: argument blocks, the table of functions, and the processor check.
// All sizes and steps are in floats unless said otherwise.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

// One row of convolution outputs: out[v] = start + sum over groups g and j < length of source[offsets[g] + v * step + j] * weights[g][j].
typedef struct {
    const float *_Nonnull source;
    const int64_t *_Nonnull offsets;
    int64_t groups, length, step;
    const float *_Nonnull weights;  // [groups][length][lanes]
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
} SKFlat;

typedef struct {
    float *_Nonnull values;
    const float *_Nonnull gradient;
    float *_Nonnull first;
    float *_Nonnull second;
    int64_t count;
    float rate, beta1, beta2, epsilon, correction;  // correction = 1 / sqrt(1 - beta2^t); rate is divided by 1 - beta1^t
} SKAdam;

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

typedef void (*SKConvFunction)(const SKConvRow *_Nonnull);
typedef void (*SKWeightFunction)(const SKWeightRows *_Nonnull);
typedef void (*SKFlatFunction)(const SKFlat *_Nonnull);
typedef void (*SKAdamFunction)(const SKAdam *_Nonnull);
typedef void (*SKPoolFunction)(const SKPoolRow *_Nonnull);

typedef struct {
    SKConvFunction _Nonnull conv16;
    SKConvFunction _Nonnull conv8;
    SKWeightFunction _Nonnull weights16;
    SKWeightFunction _Nonnull weights8;
    SKFlatFunction _Nonnull sums;               // sums of a (row 0) and a * a (row 1)
    SKFlatFunction _Nonnull affine;             // out = a * p0 + p1, flag: relu
    SKFlatFunction _Nonnull normGradientSums;   // g = a, x = b, y = c: sums of g and g * (x - p0); flag: g counts where y > 0
    SKFlatFunction _Nonnull normGradient;       // out = p0 * (g - p1 - (x - p2) * p3)
    SKFlatFunction _Nonnull relu;
    SKFlatFunction _Nonnull reluGradient;       // out = a where b > 0
    SKFlatFunction _Nonnull sigmoid;            // out = p0 / (1 + exp(-a))
    SKFlatFunction _Nonnull sigmoidGradient;    // out = a * b * (1 - b)
    SKFlatFunction _Nonnull dropout;            // out = a * p0[0] where kept
    SKFlatFunction _Nonnull add;                // out = a, or out + a
    SKFlatFunction _Nonnull linear;             // out = a * p0[0] + p0[1]
    SKFlatFunction _Nonnull overlap;            // sums rows: a*b, a, b; then of a > 0.5 and b > 0.5: both, a, b
    SKAdamFunction _Nonnull adam;
    SKPoolFunction _Nonnull pool;
    SKPoolFunction _Nonnull poolGradient;
} SKTable;

// 2 for the baseline, 3 for AVX2 and FMA, 4 for AVX-512 (F, BW, CD, DQ, VL).
int sk_processor_level(void);

#endif
