// ./dev bench seal: how fast data is sealed and unsealed, beside the cipher alone and beside age.
#include "bench/seal/memory_figures.hpp"
#include "bench/seal/program_figures.hpp"
#include "bench/support/bench.hpp"

int main(int argc, char** argv) {
  bkp::bench::Bench bench{"seal", {"memory", "programs"}};
  bench.add_job("seal-standard-input", bkp::bench::seal_standard_input);
  return bench.run(argc, argv, [&] {
    if (bench.wants("memory")) bkp::bench::memory_figures(bench.bytes(), bench.runs());
    if (bench.wants("programs")) bkp::bench::program_figures(bench);
  });
}
