// XXH3 under names that Swift can see: the library's own names are macros once inlined.
#ifndef LOOPGUARD_CXXHASH_SHIM_H
#define LOOPGUARD_CXXHASH_SHIM_H

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t loopguard_xxh3_64(const void *bytes, size_t count) {
    return XXH3_64bits(bytes, count);
}

static inline uint64_t loopguard_xxh3_64_seeded(const void *bytes, size_t count, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, count, seed);
}

#endif
