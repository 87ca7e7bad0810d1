// The steps of voxel expressions: what a step does, its argument block, and conversions that Swift has no single instruction for.
#ifndef SKVOXELS_H
#define SKVOXELS_H

#include "ckernels.h"

// What a step does. Numbers are floats, truths bytes of 0 and 1.
typedef enum __attribute__((enum_extensibility(closed))) : int32_t {
    // Two numbers to one.
    SKVoxelOperationAdd,
    SKVoxelOperationSubtract,
    SKVoxelOperationMultiply,
    SKVoxelOperationDivide,
    SKVoxelOperationLeast,              // the lesser; of two that do not compare, b
    SKVoxelOperationGreatest,
    // One number to one.
    SKVoxelOperationSquare,
    SKVoxelOperationNegate,
    SKVoxelOperationAbs,
    SKVoxelOperationSqrt,
    SKVoxelOperationRound,
    SKVoxelOperationFloor,
    SKVoxelOperationCeil,
    // Two numbers to a truth.
    SKVoxelOperationLess,
    SKVoxelOperationLessOrEqual,
    SKVoxelOperationGreater,
    SKVoxelOperationGreaterOrEqual,
    SKVoxelOperationEqual,
    SKVoxelOperationNotEqual,
    // Two truths to one, and one.
    SKVoxelOperationAnd,
    SKVoxelOperationOr,
    SKVoxelOperationExclusiveOr,
    SKVoxelOperationComplement,
    // A truth to 0.0 or 1.0.
    SKVoxelOperationWiden,
} SKVoxelOperation;

// One step over a strip: out[i] = a[i] op b[i] for i < count, a multiple of 16. Operands may lie anywhere, and `out` may be one of them. Where `aStep` or `bStep` is 0 that
// operand is one number for all, and there are 16 of it. A step of one operand does not look at `b`.
typedef struct {
    SKVoxelOperation operation;
    const void *_Nonnull a;
    int64_t aStep;
    const void *_Nonnull b;
    int64_t bStep;
    void *_Nonnull out;
    int64_t count;
    int32_t streams;                // store past the caches; `out` is then a multiple of 64 bytes
} SKVoxelStep;

typedef void (*SKVoxelStepFunction)(const SKVoxelStep *_Nonnull);

typedef uint8_t SKBytes16 __attribute__((ext_vector_type(16)));
typedef int8_t SKSigns16 __attribute__((ext_vector_type(16)));
// A macro, since a function of vectors that calls another is warned of where registers are narrower.
#define SK_BYTES16(truths) ((SKBytes16)__builtin_convertvector(truths, SKSigns16) & (uint8_t)1)

static inline __attribute__((always_inline)) SKBytes16 sk_less16(SKVector16 a, SKVector16 b) { return SK_BYTES16(a < b); }
static inline __attribute__((always_inline)) SKBytes16 sk_less_equal16(SKVector16 a, SKVector16 b) { return SK_BYTES16(a <= b); }
static inline __attribute__((always_inline)) SKBytes16 sk_equal16(SKVector16 a, SKVector16 b) { return SK_BYTES16(a == b); }
static inline __attribute__((always_inline)) SKBytes16 sk_not_equal16(SKVector16 a, SKVector16 b) { return SK_BYTES16(a != b); }
static inline __attribute__((always_inline)) SKVector16 sk_widen16(SKBytes16 b) { return __builtin_convertvector(b, SKVector16); }

static inline __attribute__((always_inline)) void sk_stream_bytes16(void *_Nonnull p, SKBytes16 b) { __builtin_nontemporal_store(b, (SKBytes16 *)p); }

static inline __attribute__((always_inline)) SKVector16 sk_negate16(SKVector16 v) { return -v; }
static inline __attribute__((always_inline)) SKVector16 sk_abs16(SKVector16 v) { return __builtin_elementwise_abs(v); }
static inline __attribute__((always_inline)) SKVector16 sk_rint16(SKVector16 v) { return __builtin_elementwise_rint(v); }
static inline __attribute__((always_inline)) SKVector16 sk_floor16(SKVector16 v) { return __builtin_elementwise_floor(v); }
static inline __attribute__((always_inline)) SKVector16 sk_ceil16(SKVector16 v) { return __builtin_elementwise_ceil(v); }

#endif
