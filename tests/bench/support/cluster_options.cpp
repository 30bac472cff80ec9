#include "bench/support/cluster_options.hpp"

namespace bkp::bench {

test::ClusterOptions cluster_options() {
  test::ClusterOptions options;
  options.settings = {{"shared_buffers", "1GB"},
                      {"max_wal_size", "4GB"},
                      {"maintenance_work_mem", "256MB"},
                      {"autovacuum", "off"}};
  return options;
}

}  // namespace bkp::bench
