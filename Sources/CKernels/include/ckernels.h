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

// One axis of a Winograd transform: `lines` times, points `inStep` apart become points `outStep` apart, each point `run` neighbouring floats.
typedef struct {
    const float *_Nonnull in;
    int64_t inStep;
    float *_Nonnull out;
    int64_t outStep;
    int64_t lines, inLine, outLine; // number of lines, and floats from one to the next
    int64_t run;                    // a multiple of 8
} SKTransform;

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
    double *_Nullable sums;         // two rows of 16, added to: x, x * x of what is stored
} SKLine;

typedef void (*SKConvFunction)(const SKConvRow *_Nonnull);
typedef void (*SKWeightFunction)(const SKWeightRows *_Nonnull);
typedef void (*SKFlatFunction)(const SKFlat *_Nonnull);
typedef void (*SKAdamFunction)(const SKAdam *_Nonnull);
typedef void (*SKPoolFunction)(const SKPoolRow *_Nonnull);
typedef void (*SKTransformFunction)(const SKTransform *_Nonnull);
typedef void (*SKProductFunction)(const SKProduct *_Nonnull);
typedef void (*SKWeightProductFunction)(const SKWeightProduct *_Nonnull);
typedef void (*SKLineFunction)(const SKLine *_Nonnull);

// The five transforms of a one-dimensional F(m, 3), with n = m + 2.
typedef struct {
    SKTransformFunction _Nonnull input;         // n points of the input to n
    SKTransformFunction _Nonnull output;        // n products to m outputs
    SKTransformFunction _Nonnull gradient;      // m gradients to n points
    SKTransformFunction _Nonnull kernel;        // 3 weights to n points
    SKTransformFunction _Nonnull kernelGradient;// n sums to 3 gradients
} SKWinograd;

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
    SKWinograd winograd2;
    SKWinograd winograd4;
    SKProductFunction _Nonnull product16;
    SKProductFunction _Nonnull product8;
    SKWeightProductFunction _Nonnull weightProduct16;
    SKWeightProductFunction _Nonnull weightProduct8;
    SKLineFunction _Nonnull loadLine;           // writes up to 15 floats beyond the count
    SKLineFunction _Nonnull storeLine;          // writes the count exactly
    SKFlatFunction _Nonnull peak;               // count multiply-adds on each of 12 * 16 lanes of out, times a plus b: for benchmarks
} SKTable;

// 2 for the baseline, 3 for AVX2 and FMA, 4 for AVX-512 (F, BW, CD, DQ, VL).
int sk_processor_level(void);

#endif
