// Kernels of masks: argument blocks and their table.
#ifndef SKMASKS_H
#define SKMASKS_H

#include "sklayers.h"

static inline __attribute__((always_inline)) SKVector16 sk_min16(SKVector16 a, SKVector16 b) { return __builtin_elementwise_min(a, b); }
static inline __attribute__((always_inline)) SKVector16 sk_root16(SKVector16 v) { return __builtin_elementwise_sqrt(v); }

// Squared distances along 16 neighbouring lines at once: out[p] = min over q < sites of in[q] + squares[first + q - p], for p < outputs.
typedef struct {
    const float *_Nonnull in;       // sites vectors of 16; infinity where a line has nothing
    int64_t sites, first;           // position of site 0 on the line of outputs; may be negative
    const float *_Nonnull squares;  // squares[d] = (step * d)^2 for every d between -(outputs - 1 - first) and first + sites - 1
    float *_Nonnull out;            // outputs vectors of 16, `stride` floats apart
    int64_t outputs, stride;
    int32_t *_Nonnull nearest;      // room for 2 * outputs
    int32_t root;                   // write distances, not their squares
} SKDistanceLines;

typedef void (*SKDistanceLinesFunction)(const SKDistanceLines *_Nonnull);

typedef struct {
    SKDistanceLinesFunction _Nonnull distanceLines;
} SKMaskTable;

#endif
