#include "sample_frames.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

// What decoding costs, beside what looking at the bytes and copying them costs. Filling the read buffer is not counted:
// there, the system writes into it.
namespace {

using arbalest::Frame;
using arbalest::FrameDecoder;
using arbalest::StompVersion;
using Clock = std::chrono::steady_clock;

constexpr std::size_t warm = std::size_t{64} << 10;  // a read that stays in the cache
constexpr std::size_t cold = std::size_t{128} << 20; // far more than the cache holds

/// As many copies of a frame as fit in `size`, at least one.
struct Stream
{
    Stream(Frame const& frame, std::size_t size)
    {
        arbalest::encode(frame, StompVersion::v1_2, bytes);
        frame_size = bytes.size();
        auto const one = bytes;
        for (count = 1; bytes.size() + one.size() <= size; ++count)
            bytes += one;
    }

    std::string bytes;
    std::size_t frame_size = 0;
    std::size_t count = 0;
};

FrameDecoder make_decoder()
{
    FrameDecoder decoder;
    decoder.set_version(StompVersion::v1_2);
    return decoder;
}

std::size_t take_all(FrameDecoder& decoder)
{
    std::size_t count = 0;
    while (auto frame = decoder.next()) {
        benchmark::DoNotOptimize(frame->body().data());
        ++count;
    }
    return count;
}

void report(benchmark::State& state, Stream const& stream)
{
    auto const frames = static_cast<double>(state.iterations()) * static_cast<double>(stream.count);
    state.SetBytesProcessed(static_cast<std::int64_t>(frames) * static_cast<std::int64_t>(stream.frame_size));
    state.counters["ns_per_frame"] =
        benchmark::Counter(frames * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["frame_bytes"] = static_cast<double>(stream.frame_size);
}

void decode(benchmark::State& state, Stream const& stream)
{
    auto decoder = make_decoder();
    for (auto _ : state) {
        decoder.feed(stream.bytes);
        auto const began = Clock::now();
        auto const count = take_all(decoder);
        state.SetIterationTime(std::chrono::duration<double>(Clock::now() - began).count());
        if (count != stream.count)
            throw std::logic_error("frames are missing");
    }
    report(state, stream);
}

// As it comes over Ethernet. Here the copying is counted: each cut is a call of its own.
void decode_in_cuts(benchmark::State& state, Stream const& stream)
{
    auto decoder = make_decoder();
    for (auto _ : state) {
        std::size_t count = 0;
        auto const began = Clock::now();
        for (std::string_view rest = stream.bytes; !rest.empty();) {
            auto const cut = rest.substr(0, 1400);
            decoder.feed(cut);
            count += take_all(decoder);
            rest.remove_prefix(cut.size());
        }
        state.SetIterationTime(std::chrono::duration<double>(Clock::now() - began).count());
        if (count != stream.count)
            throw std::logic_error("frames are missing");
    }
    report(state, stream);
}

// Looks at every byte once.
void scan(benchmark::State& state, Stream const& stream)
{
    for (auto _ : state) {
        auto const began = Clock::now();
        // The bytes have no such byte.
        benchmark::DoNotOptimize(std::memchr(stream.bytes.data(), '\x7f', stream.bytes.size()));
        state.SetIterationTime(std::chrono::duration<double>(Clock::now() - began).count());
    }
    report(state, stream);
}

// One copy of all.
void copy(benchmark::State& state, Stream const& stream)
{
    std::string out(stream.bytes.size(), '\0');
    for (auto _ : state) {
        auto const began = Clock::now();
        std::memcpy(out.data(), stream.bytes.data(), stream.bytes.size());
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
        state.SetIterationTime(std::chrono::duration<double>(Clock::now() - began).count());
    }
    report(state, stream);
}

// What every owner of the bytes pays: memory of its own for each frame, and the copy.
void allocate_and_copy(benchmark::State& state, Stream const& stream)
{
    for (auto _ : state) {
        auto const began = Clock::now();
        for (std::size_t at = 0; at < stream.bytes.size(); at += stream.frame_size) {
            std::unique_ptr<void, decltype(&std::free)> const copy(std::malloc(stream.frame_size), &std::free);
            std::memcpy(copy.get(), stream.bytes.data() + at, stream.frame_size);
            benchmark::DoNotOptimize(copy.get());
        }
        state.SetIterationTime(std::chrono::duration<double>(Clock::now() - began).count());
    }
    report(state, stream);
}

using Measure = void (*)(benchmark::State&, Stream const&);

void add(std::string const& name, Frame const& frame, std::size_t size, Measure measure)
{
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        measure(state, Stream(frame, size));
    })->UseManualTime();
}

bool const registered = [] {
    for (std::size_t const body : {0, 100, 1024, 10'240, 1 << 20}) {
        for (std::size_t const headers : {3, 6, 20}) {
            for (bool const escapes : {false, true}) {
                auto const frame = bench::sample_frame(body, headers, escapes);
                auto const name = "/body:" + std::to_string(body) + "/headers:" + std::to_string(headers) +
                                  (escapes ? "/escapes:1" : "/escapes:0");
                add("decode" + name, frame, warm, decode);
                add("decode_cuts" + name, frame, warm, decode_in_cuts);
                if (!escapes) {
                    add("memchr" + name, frame, warm, scan);
                    add("memcpy" + name, frame, warm, copy);
                    add("malloc_memcpy" + name, frame, warm, allocate_and_copy);
                }
            }
        }
    }
    auto const small = bench::target_frame(100);
    add("decode/target:241", small, warm, decode);
    add("malloc_memcpy/target:241", small, warm, allocate_and_copy);
    auto const large = bench::target_frame(10'240);
    add("decode/target:cold", large, cold, decode);
    add("malloc_memcpy/target:cold", large, cold, allocate_and_copy);
    return true;
}();

} // namespace
