// Kernels of losses and optimisers: argument blocks and their table.
#ifndef SKTRAINING_H
#define SKTRAINING_H

#include "skmasks.h"

typedef int32_t SKWhole16 __attribute__((ext_vector_type(16)));
static inline __attribute__((always_inline)) SKVector16 sk_floats16(SKWhole16 v) { return __builtin_convertvector(v, SKVector16); }

// The gradient by the probabilities; by what a sigmoid made them of; by the probabilities, times them, for a softmax to go on with.
enum { SKByProbabilities = 0, SKBySigmoid = 1, SKBySoftmax = 2 };
enum { SKLossNone = 0, SKLossBinary = 1, SKLossClasses = 2 };

// A stretch of one sample and channel block: probabilities against targets.
typedef struct {
    const float *_Nonnull probabilities;
    const float *_Nonnull targets;
    float *_Nullable out;           // the gradient; exactly `count` are written
    int64_t count;
    const float *_Nullable p;       // of the gradient: rows of 16: factor of targets, constant, factor of the loss of voxels
    double *_Nullable sums;         // rows of 16: p * t, p, t; numbers of p >= 0.5 and t >= 0.5: both, p, t; the loss of voxels
    int32_t kind;                   // the loss of voxels
    int32_t by;                     // what the gradient is by: SKByProbabilities …
    float gamma, positive, negative;// focal exponent; weights of targets and of the rest
} SKLoss;

// A range of weights: one step of an optimiser, and the average of weights that follows it.
typedef struct {
    float *_Nonnull values;
    const float *_Nonnull gradient;
    float *_Nonnull first;
    float *_Nonnull second;         // not used by sgd
    float *_Nullable average;
    int64_t count;
    float scale;                    // of the gradient
    float rate;                     // adam: divided by 1 - beta1^t
    float shrink;                   // adam: weights are multiplied by it first
    float decay;                    // sgd: decay * value is added to the gradient
    float beta1, beta2, epsilon;    // sgd: beta1 is the momentum
    float correction;               // adam: 1 / sqrt(1 - beta2^t)
    float keep;                     // share of the average that stays
    int32_t nesterov;
} SKUpdate;

// Draws of a normal cut at two deviations, at counters that follow each other (see CounterRandom).
typedef struct {
    uint64_t key;
    uint64_t counter;               // of the first
    int64_t count;                  // exactly as many are written
    double scale;
    float *_Nonnull out;
} SKDraws;

typedef int64_t SKLong8 __attribute__((ext_vector_type(8)));
static inline __attribute__((always_inline)) SKDoubles8 sk_doublesOfLong8(SKLong8 v) { return __builtin_convertvector(v, SKDoubles8); }
static inline __attribute__((always_inline)) SKVector8 sk_floatsOfDoubles8(SKDoubles8 v) { return __builtin_convertvector(v, SKVector8); }

typedef void (*SKDrawsFunction)(const SKDraws *_Nonnull);
typedef void (*SKLossFunction)(const SKLoss *_Nonnull);
typedef void (*SKUpdateFunction)(const SKUpdate *_Nonnull);

typedef struct {
    SKLossFunction _Nonnull lossSums;
    SKLossFunction _Nonnull lossGradient;
    SKUpdateFunction _Nonnull adam;
    SKUpdateFunction _Nonnull sgd;
    SKFlatFunction _Nonnull squares;    // sums of a * a (row 0)
    SKDrawsFunction _Nonnull draws;
} SKTrainingTable;

#endif
