// What `loopguard-bench replay --simdjson` times beside the guard: simdjson over the payloads of the same streams.
//
//   c++ -O3 -DNDEBUG -shared -fPIC Tools/simdjson/simdjson_parse.cpp -o .build/libsimdjson_parse.so -lsimdjson

#include <cstdint>
#include <simdjson.h>

/// Parses every payload into a document. `ends` holds where each payload ends in `bytes`, `starts` where it begins;
/// behind the last one there must be 64 readable bytes. Returns a number made of what was read, or UINT64_MAX when a
/// payload is no JSON.
extern "C" uint64_t simdjson_parse_payloads(
    const uint8_t *bytes, const int64_t *starts, const int64_t *ends, int64_t count) {
    static thread_local simdjson::dom::parser parser;
    uint64_t sum = 0;
    for (int64_t index = 0; index < count; index++) {
        simdjson::dom::element document;
        auto length = static_cast<size_t>(ends[index] - starts[index]);
        // False: the bytes behind a payload are readable, so that it need not be copied.
        if (parser.parse(bytes + starts[index], length, false).get(document)) return UINT64_MAX;
        sum += static_cast<uint64_t>(document.type()) + length;
    }
    return sum;
}

/// The name of the kernel that simdjson has chosen for this processor, such as "haswell".
extern "C" const char *simdjson_kernel() {
    static std::string name = simdjson::get_active_implementation()->name();
    return name.c_str();
}
