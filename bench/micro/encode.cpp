#include "sample_frames.hpp"
#include <arbalest/protocol/encode.hpp>

#include <benchmark/benchmark.h>
#include <cstring>
#include <string>

// What encoding into a buffer that has room costs, and looking up a header.
namespace {

void encode(benchmark::State& state, arbalest::Frame const& frame)
{
    std::string out;
    for (auto _ : state) {
        out.clear();
        arbalest::encode(frame, arbalest::StompVersion::v1_2, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
    state.counters["frame_bytes"] = static_cast<double>(out.size());
}

void copy(benchmark::State& state, arbalest::Frame const& frame)
{
    std::string encoded;
    arbalest::encode(frame, arbalest::StompVersion::v1_2, encoded);
    std::string out;
    for (auto _ : state) {
        out.clear();
        out.append(encoded);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

void look_up(benchmark::State& state, arbalest::Frame const& frame, std::string const& name)
{
    for (auto _ : state)
        benchmark::DoNotOptimize(frame.header(name));
}

bool const registered = [] {
    for (std::size_t const body : {0, 100, 1024, 10'240, 1 << 20}) {
        for (std::size_t const headers : {3, 6, 20}) {
            for (bool const escapes : {false, true}) {
                auto const frame = bench::sample_frame(body, headers, escapes);
                auto const name = "/body:" + std::to_string(body) + "/headers:" + std::to_string(headers) +
                                  (escapes ? "/escapes:1" : "/escapes:0");
                benchmark::RegisterBenchmark(("encode" + name).c_str(),
                                             [=](benchmark::State& state) { encode(state, frame); });
                if (!escapes) {
                    benchmark::RegisterBenchmark(("copy" + name).c_str(),
                                                 [=](benchmark::State& state) { copy(state, frame); });
                }
            }
        }
    }
    for (std::size_t const headers : {3, 6, 20}) {
        auto const frame = bench::sample_frame(100, headers, false);
        for (std::string const name : {"subscription", "absent"}) {
            benchmark::RegisterBenchmark(("look_up/headers:" + std::to_string(headers) + "/" + name).c_str(),
                                         [=](benchmark::State& state) { look_up(state, frame, name); });
        }
    }
    return true;
}();

} // namespace
