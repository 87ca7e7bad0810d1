// Kernels of the layers besides convolutions: argument blocks and their table. All sizes and steps are in floats unless said otherwise.
#ifndef SKLAYERS_H
#define SKLAYERS_H

#include "ckernels.h"

static inline __attribute__((always_inline)) SKVector16 sk_max16(SKVector16 a, SKVector16 b) { return __builtin_elementwise_max(a, b); }

// 0 in the lanes that are one of the first `channels` of `width`, -infinity in the others.
typedef int32_t SKIntegers16 __attribute__((ext_vector_type(16)));
static inline __attribute__((always_inline)) SKVector16 sk_padding16(int32_t width, int32_t channels) {
    SKIntegers16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return (SKVector16)(((lanes & (width - 1)) >= channels) & 0xFF800000);
}

// Lanes exchanged at a distance.
static inline __attribute__((always_inline)) SKVector16 sk_swap8(SKVector16 v) {
    return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
}
static inline __attribute__((always_inline)) SKVector16 sk_swap4(SKVector16 v) {
    return __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
}
static inline __attribute__((always_inline)) SKVector16 sk_swap2(SKVector16 v) {
    return __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}
static inline __attribute__((always_inline)) SKVector16 sk_swap1(SKVector16 v) {
    return __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

// Softmax over the channels of `voxels` voxels, and its gradient. The lanes of a voxel lie in `blocks` blocks; where there are several, each has 16 lanes.
// Whole vectors are written: up to 15 floats beyond the last voxel.
typedef struct {
    const float *_Nonnull a;        // the values; of the gradient, that of the output
    const float *_Nullable b;       // of the gradient: the output
    float *_Nonnull out;
    int64_t voxels, blocks, blockStep;
    int32_t width;                  // lanes of a voxel in a block: 16, 8, 4, 2 or 1
    int32_t last;                   // those of the last block that are channels; the others become 0
    int32_t accumulate;             // add to what is in out
    int32_t products;               // of the gradient: a is times b already
} SKSoftmax;

// out = sum over lines k < count of in[k * step + i] * weights[k], for each of `floats` floats and none beyond.
typedef struct {
    const float *_Nonnull in;
    int64_t step;
    const float *_Nonnull weights;
    int64_t count;
    float *_Nonnull out;
    int64_t floats;
    int32_t accumulate;             // add to what is in out
} SKBlend;

// A line of voxels as sums of neighbouring voxels of another: out[v] = sum over k < counts[v] of in[first[v] + k] * weights[v * most + k].
typedef struct {
    const float *_Nonnull in;
    float *_Nonnull out;
    const int32_t *_Nonnull first;  // in voxels
    const int32_t *_Nonnull counts;
    const float *_Nonnull weights;
    int64_t most;
    int64_t voxels;                 // of the output; none beyond is written
    int32_t width;                  // lanes of a voxel: 16, 8, 4, 2 or 1
} SKResample;

typedef void (*SKSoftmaxFunction)(const SKSoftmax *_Nonnull);
typedef void (*SKBlendFunction)(const SKBlend *_Nonnull);
typedef void (*SKResampleFunction)(const SKResample *_Nonnull);

typedef struct {
    SKFlatFunction _Nonnull leakyRelu;          // out = a, or a * p0 where a <= 0
    SKFlatFunction _Nonnull leakyReluGradient;  // out = a, or a * p0 where b <= 0
    SKFlatFunction _Nonnull elu;                // out = a, or p0 * (exp(a) - 1) where a <= 0
    SKFlatFunction _Nonnull eluGradient;        // out = a, or a * (b + p0) where b <= 0
    SKFlatFunction _Nonnull gelu;               // out = a * Phi(a)
    SKFlatFunction _Nonnull geluGradient;       // out = a * (Phi(b) + b * phi(b))
    SKFlatFunction _Nonnull silu;               // out = a / (1 + exp(-a))
    SKFlatFunction _Nonnull siluGradient;       // out = a * s * (1 + b * (1 - s)), s = 1 / (1 + exp(-b))
    SKFlatFunction _Nonnull sampleAffine;       // out = a * p0 + p1, flag: relu; writes the count exactly
    SKFlatFunction _Nonnull sampleNormGradient; // out = a * p0 + (b - p2) * p1 + p3; flag: a counts where b * p4 + p5 > 0; exactly
    SKSoftmaxFunction _Nonnull softmax;
    SKSoftmaxFunction _Nonnull softmaxGradient;
    SKBlendFunction _Nonnull blend;
    SKResampleFunction _Nonnull resample;
} SKLayerTable;

#endif
