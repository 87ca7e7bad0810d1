#include "ckernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

int sk_processor_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))) return 2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return 4;
    return 3;
#else
    return 2;
#endif
}

int sk_processor_bf16(void) {
#if defined(__x86_64__)
    unsigned a, b, c, d;
    if (sk_processor_level() < 4 || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return 0;
    return a >> 5 & 1;
#else
    return 0;
#endif
}
