// What small parts cost, by themselves: Google Benchmark's options apply.

#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
