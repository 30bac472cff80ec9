// ./dev bench store: how long objects take to and from an S3 service beside what people copy with,
// and what sealing and a second store add to a full backup.
#include "bench/store/full_figures.hpp"
#include "bench/store/transfer.hpp"
#include "bench/store/transfer_figures.hpp"
#include "bench/support/bench.hpp"

int main(int argc, char** argv) {
  bkp::bench::Bench bench{"store", {"upload", "download", "full"}};
  bench.add_job("upload", bkp::bench::upload);
  bench.add_job("download", bkp::bench::download);
  return bench.run(argc, argv, [&] {
    bkp::bench::transfer_figures(bench);
    bkp::bench::full_figures(bench);
  });
}
